"""The Authorization header, read once for every contract."""

from starlette.requests import Request

from plaudit.errors import Unauthenticated


def bearer(request: Request) -> str:
    """The one Bearer token of a request. Raises `Unauthenticated` when there is none, or more than one header."""
    values = request.headers.getlist("authorization")
    if not values:
        raise Unauthenticated
    scheme, _, token = values[0].partition(" ")
    if len(values) > 1 or scheme.lower() != "bearer" or not token or " " in token:
        raise Unauthenticated(token_invalid=True)
    return token
