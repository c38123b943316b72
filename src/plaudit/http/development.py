"""The keys of the issuer that development mode has, served as any identity provider serves its own."""

from starlette.requests import Request
from starlette.responses import Response

from plaudit.http.resource import Resource, resource

PATH = "/development/"


def routes(jwks: bytes) -> list[Resource]:
    async def keys(_request: Request) -> Response:
        return Response(jwks, media_type="application/json")

    return [resource(f"{PATH}.well-known/jwks.json", "development", GET=keys)]
