"""The Authorization header, read once for every contract."""

from starlette.requests import Request

from plaudit.errors import Unauthenticated
from plaudit.http.exchange import exchange


def bearer(request: Request) -> str:
    """The one Bearer token of a request. Raises as `authorization` does, and for another scheme."""
    scheme, token = authorization(request)
    if scheme != "bearer":
        raise Unauthenticated(token_invalid=True)
    return token


def authorization(request: Request) -> tuple[str, str]:
    """The scheme, in lower case, and what comes with it. Raises `Unauthenticated` when there is no such header, or more
    than one."""
    notes = exchange(request.scope)
    value = notes.asked.get(b"authorization")
    if value is None:
        raise Unauthenticated
    scheme, _, given = value.decode("latin-1").partition(" ")
    repeated = notes.repeated and len(request.headers.getlist("authorization")) > 1
    if repeated or not given or " " in given:
        raise Unauthenticated(token_invalid=True)
    return scheme.lower(), given
