"""A contract's OpenAPI document: written by hand as YAML beside the contract, served as JSON."""

from collections.abc import Awaitable, Callable
from functools import cache
from importlib.resources import files

import yaml
from starlette.requests import Request
from starlette.responses import Response

from plaudit.http.body import to_json
from plaudit.http.resource import Resource, resource


@cache
def document(package: str) -> bytes:
    """The JSON of `openapi.yaml` in `package`. Parsed at the first request, not at the start: that takes a while."""
    text = (files(package) / "openapi.yaml").read_text(encoding="utf-8")
    return to_json(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506  # both are safe


def document_route(path: str, contract: str, package: str, knock: Callable[[Request], Awaitable[None]]) -> Resource:
    """Anyone may read it; `knock` is the door's limit by address."""

    async def openapi(request: Request) -> Response:
        await knock(request)
        return Response(document(package), media_type="application/json")

    return resource(path, contract, GET=openapi)
