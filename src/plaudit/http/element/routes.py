"""/element.js, whatever is current, and the same under a name that will never mean anything else.

A module script from another origin is always a CORS request, and integrity can be checked of those only. Anybody may
read it: there is nobody's in it.
"""

from starlette.requests import Request
from starlette.responses import Response

from plaudit.http.element.served import module
from plaudit.http.errors import RouteNotFound
from plaudit.http.resource import Resource, resource

NAME = "element"
PUBLIC = {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "vary": "Accept-Encoding",
}
CURRENT = "public, max-age=300"
FOREVER = "public, max-age=31536000, immutable"


def routes() -> list[Resource]:
    return [
        resource("/element.js", NAME, GET=current),
        resource("/element/{name}", NAME, GET=pinned),
    ]


async def current(request: Request) -> Response:
    return _answer(request, CURRENT)


async def pinned(request: Request) -> Response:
    """Raises `RouteNotFound` for any other version."""
    if request.url.path != module().path:
        raise RouteNotFound
    return _answer(request, FOREVER)


def _answer(request: Request, cache_control: str) -> Response:
    found, is_gzipped = module(), "gzip" in request.headers.get("accept-encoding", "")
    etag = f'"{found.integrity}{"-gzip" if is_gzipped else ""}"'
    headers = {**PUBLIC, "cache-control": cache_control, "etag": etag}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    if is_gzipped:
        headers["content-encoding"] = "gzip"
    content = found.gzipped if is_gzipped else found.content
    return Response(content, media_type="text/javascript", headers=headers)
