"""Forms that a page has sent: read with a cap, and only from this server's own pages."""

import re
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request

from plaudit.errors import Forbidden, Invalid
from plaudit.http import body
from plaudit.http.exchange import exchange

FORM = re.compile(rb'application/x-www-form-urlencoded(?:\s*;\s*charset="?utf-?8"?)?\s*', re.ASCII | re.IGNORECASE)
BYTES_MAX = 16 * 1024
FIELDS_MAX = 20


async def read_form(request: Request) -> dict[str, str]:
    """The fields, each once. Raises `Forbidden` for one that another site has sent, `Invalid`, `BodyTooLarge`."""
    check_own(request)
    content = await body.read(request, BYTES_MAX, FORM)
    try:
        pairs = parse_qsl(content.decode(), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)
    except (ValueError, UnicodeDecodeError):
        raise Invalid("form", "cannot be read") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Invalid("form", "has a field twice")
    return {name: value.replace("\r\n", "\n") for name, value in fields.items()}


def check_own(request: Request) -> None:
    """Beside the cookie's SameSite=Strict, for browsers and days on which that fails. Raises `Forbidden`.

    Sec-Fetch-Site says it outright, where pages come over TLS; elsewhere the origin's host must be the one asked.
    """
    asked = exchange(request.scope).asked
    site = asked.get(b"sec-fetch-site")
    if site is not None:
        own = site == b"same-origin"
    else:
        own = _host(asked.get(b"origin", b"")) == asked.get(b"host", b"").lower() != b""
    if not own:
        raise Forbidden("This form was not sent by a page of this server")


def _host(origin: bytes) -> bytes:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return b""
