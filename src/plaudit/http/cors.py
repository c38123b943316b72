"""Browsers of exactly the configured origins may read an answer. No wildcard, no credentials: nothing here reads a
cookie.

A preflight cannot say whose it is, so any project's origin passes it; the answer itself is readable only for an origin
of the project that the request turned out to belong to.
"""

from plaudit.http.exchange import Exchange, Headers

ALLOW_HEADERS = (b"authorization, content-type, x-device-id, x-device-token, x-message-receipt, x-platform, x-user-id, "
                 b"x-request-id, aui-sdk, x-langfuse-public-key, x-langfuse-sdk-integration, x-langfuse-sdk-name, "
                 b"x-langfuse-sdk-variant, x-langfuse-sdk-version")
EXPOSE_HEADERS = b"retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset, x-device-token, x-request-id"
MAX_AGE_SECONDS = b"600"
VARY = (b"vary", b"Origin")


def is_preflight(notes: Exchange) -> bool:
    return notes.method == "OPTIONS" and b"origin" in notes.asked and b"access-control-request-method" in notes.asked


def preflight_headers(notes: Exchange, origins: frozenset[str]) -> Headers:
    """`origins`: every project's."""
    origin = notes.asked[b"origin"]
    if origin.decode("latin-1") not in origins:
        return [VARY]
    return [
        VARY,
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-methods", b"GET, POST, PUT"),
        (b"access-control-allow-headers", ALLOW_HEADERS),
        (b"access-control-max-age", MAX_AGE_SECONDS),
    ]


def answer_headers(notes: Exchange, origins: frozenset[str]) -> Headers:
    """What an answer to a page carries, once it is known whose request it was."""
    origin = notes.asked[b"origin"]
    if origin.decode("latin-1") not in (notes.project.origins if notes.project else origins):
        return [VARY]
    return [VARY, (b"access-control-allow-origin", origin), (b"access-control-expose-headers", EXPOSE_HEADERS)]
