"""Templates and files of the pages, and the headers that every page has."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    import jinja2

PATH = "/dashboard"
MEDIA_TYPES = {"style.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8",
               "icon.svg": "image/svg+xml"}
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                               "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "referrer-policy": "same-origin",  # with none at all a browser would not say where a form comes from
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}


def page(template: str, status: int, /, **values: object) -> Response:
    html = _environment().get_template(template).render(values)
    return Response(html, status, media_type="text/html; charset=utf-8", headers=HEADERS)


@cache
def static(name: str) -> bytes:
    return files(__package__).joinpath("static", name).read_bytes()


def static_address(name: str) -> str:
    """With a part that changes when the file does, so that a browser may keep it."""
    return f"{PATH}/static/{name}?v={hashlib.sha256(static(name)).hexdigest()[:12]}"


@cache
def _environment() -> "jinja2.Environment":
    import jinja2  # noqa: PLC0415 -- a server whose pages nobody looks at need not carry it

    environment = jinja2.Environment(
        autoescape=True, loader=jinja2.PackageLoader(__package__), lstrip_blocks=True, trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals.update(path=PATH, static=cache(static_address))
    return environment
