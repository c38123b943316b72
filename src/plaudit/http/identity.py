"""The headers by which a guest says who it is, and how a request that may be a user's or a guest's finds its voter."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping

from starlette.requests import Request

from plaudit.errors import Unauthenticated
from plaudit.http.bearer import bearer
from plaudit.http.door import Door
from plaudit.http.exchange import exchange
from plaudit.model import Contract, Voter
from plaudit.ports import Authenticator, DeviceClaim

VISIBLE = re.compile(rb"[\x20-\x7e]*")
PROOFS = frozenset((b"authorization", b"x-device-id", b"x-user-id"))
HEADERS = frozenset((b"authorization", b"x-device-id", b"x-user-id", b"x-platform", b"x-device-token"))

ByToken = Callable[[str], Awaitable[Voter]]


async def voter(request: Request, by_token: ByToken, authenticator: Authenticator, door: Door, contract: Contract, *,
                missing: str | None = None) -> Voter:
    """A user or a guest who is let in. If there is an Authorization it alone decides: a bad token never falls back to a
    device. `missing`: the contract's words where there is neither."""
    await door.knock(request)
    headers = identity(request.scope["headers"])
    if b"authorization" not in headers:
        return await guest(request, device_claim(headers, missing), authenticator, door, contract)
    found = await by_token(bearer(request))
    await door.admit(request, found, contract)
    return found


async def token_voter(request: Request, authenticator: Authenticator, door: Door, contract: Contract) -> Voter:
    """A user or a visitor, by their token, who is let in. Where there are no guests."""
    await door.knock(request)
    found = await authenticator.by_bearer(bearer(request))
    await door.admit(request, found, contract)
    return found


def identity(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, str]:
    """The headers that say who is asking. Raises `Unauthenticated` for one given twice or not in visible ASCII."""
    found: dict[bytes, str] = {}
    for name, value in headers:
        if name in HEADERS:
            if name in found or not VISIBLE.fullmatch(value):
                raise Unauthenticated(token_invalid=name == b"authorization")
            found[name] = value.decode("ascii")
    return found


def device_claim(headers: Mapping[bytes, str], missing: str | None = None) -> DeviceClaim:
    """Raises `Unauthenticated`, in the contract's words for that, when there is no device either."""
    if b"x-device-id" not in headers:
        raise Unauthenticated(missing)
    return DeviceClaim(
        device_id=headers[b"x-device-id"],
        user_id=headers.get(b"x-user-id"),
        platform=headers.get(b"x-platform"),
        token=headers.get(b"x-device-token"),
    )


async def guest(request: Request, claim: DeviceClaim, authenticator: Authenticator, door: Door, contract: Contract
                ) -> Voter:
    """A guest who is let in; in guest mode `signed` the answer carries its token."""
    found = await authenticator.by_device(claim, request.headers.get("host", ""))
    if found.device_token:
        exchange(request.scope).headers.append((b"x-device-token", found.device_token.encode("ascii")))
    await door.admit_guest(request, found, contract)
    return found.voter
