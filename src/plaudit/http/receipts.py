"""The receipt that may come with a vote, whichever contract it comes by."""

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request

from plaudit.errors import Invalid, Unauthenticated
from plaudit.http import registration
from plaudit.http.identifiers import read_id
from plaudit.http.registration import Id, Shown
from plaudit.model import AuthLevel, Project, Receipt, Role, Subject, Voter
from plaudit.ports import Authenticator

HEADER = b"x-message-receipt"
SECONDS_MAX = 253_402_300_799  # the last second of the year 9999

Seconds = Annotated[int, Meta(ge=0, le=SECONDS_MAX)]
Sha256 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class Claims(Shown, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """As a registration has them, but for content, metadata and time."""

    project: str
    message_id: Id
    role: Role = Role.ASSISTANT
    iat: Seconds
    exp: Seconds
    content_sha256: Sha256 | None = None
    bearer: bool = False


async def receipt(request: Request, authenticator: Authenticator) -> Receipt | None:
    """None when there is none. Raises `Invalid`."""
    text = _header(request)
    return None if text is None else (await read_receipt(text, authenticator))[1]


async def holder(request: Request, authenticator: Authenticator, *, votes: bool = True) -> tuple[Voter, Receipt]:
    """Who votes, or only looks, by a bearer receipt alone. Raises `Unauthenticated` for anything less, `Invalid`."""
    text = _header(request)
    if text is None:
        raise Unauthenticated
    return await held(text, authenticator, votes=votes)


async def held(text: str, authenticator: Authenticator, *, votes: bool = True) -> tuple[Voter, Receipt]:
    """As `holder`, whatever the receipt came in."""
    project, found = await read_receipt(text, authenticator, votes=votes)
    if not found.bearer:
        raise Unauthenticated
    return Voter(project, found.message.owner, AuthLevel.RECEIPT), found


async def read_receipt(text: str, authenticator: Authenticator, *, votes: bool = True) -> tuple[Project, Receipt]:
    """Raises `Invalid`. Who does not vote leaves nothing behind."""
    project, claims = authenticator.by_receipt(text)
    said = _decoded(claims)
    if said.project != project.id:
        raise Invalid("receipt", "is of another project than its key")
    return project, _receipt(said, await _owner(project, said, authenticator, binds=votes))


def _header(request: Request) -> str | None:
    given = [value for name, value in request.scope["headers"] if name == HEADER]
    if not given:
        return None
    if len(given) > 1 or not given[0].isascii():
        raise Invalid("receipt", "must be given once, in one header")
    return str(given[0], "ascii")


def _receipt(said: Claims, owner: Subject) -> Receipt:
    issued_at = said.iat * 1000
    message = registration.message_of(said, said.project, read_id(said.message_id, "receipt"), owner, issued_at)
    return Receipt(message, issued_at, said.exp * 1000, said.content_sha256, said.bearer)


async def _owner(project: Project, said: Claims, authenticator: Authenticator, *, binds: bool) -> Subject:
    """The back end vouches for a guest as it does when it registers."""
    try:
        registration.check_owner(said.owner)
        if said.owner.guest is None:
            return registration.known_owner(said.owner)
        device = said.owner.guest
        return await authenticator.guest_subject(project, device.device_id, device.user_id, binds=binds)
    except Invalid as error:
        raise Invalid("receipt", f"{error.field} {error.reason}") from None


def _decoded(claims: bytes) -> Claims:
    try:
        return _decode(claims)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid("receipt", f"is signed, and not as receipts are written: {error}") from None


_decode = msgspec.json.Decoder(Claims).decode
