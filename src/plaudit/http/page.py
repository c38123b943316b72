"""Which page a request came from, as far as the browser says so: for people who look for a mistake in it."""

import re
from urllib.parse import urlsplit

from starlette.requests import Request

LENGTH_MAX = 200
PLAIN = re.compile(r"[!-~]+", re.ASCII)


def page_of(request: Request) -> str:
    """Without query and fragment, where personal data may be; empty where nothing is said, or nothing plain."""
    said = request.headers.get("referer") or request.headers.get("origin") or ""
    if len(said) > LENGTH_MAX or not PLAIN.fullmatch(said):
        return ""
    try:
        url = urlsplit(said)
        port = f":{url.port}" if url.port else ""
    except ValueError:
        return ""
    return f"{url.scheme}://{url.hostname}{port}{url.path}" if url.scheme in {"http", "https"} else ""
