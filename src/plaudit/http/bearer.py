"""The Authorization header, read once for every contract."""

from starlette.requests import Request

from plaudit.errors import Unauthenticated
from plaudit.http.exchange import exchange


def bearer(request: Request) -> str:
    """The one Bearer token of a request. Raises `Unauthenticated` when there is none, or more than one header."""
    notes = exchange(request.scope)
    value = notes.asked.get(b"authorization")
    if value is None:
        raise Unauthenticated
    scheme, _, token = value.decode("latin-1").partition(" ")
    repeated = notes.repeated and len(request.headers.getlist("authorization")) > 1
    if repeated or scheme.lower() != "bearer" or not token or " " in token:
        raise Unauthenticated(token_invalid=True)
    return token
