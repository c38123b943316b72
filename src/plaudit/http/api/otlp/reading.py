"""The body of an export: capped as it comes, and capped as it is unpacked."""

import zlib

from starlette.requests import Request

from plaudit.errors import MalformedBody
from plaudit.http import body
from plaudit.http.api.otlp.encodings import OtlpMediaType
from plaudit.http.errors import BodyTooLarge
from plaudit.http.exchange import exchange

BYTES_MAX = 8 * 1024 * 1024  # as sent, and unpacked
WINDOW_BITS = {b"gzip": 31, b"deflate": 15}  # by zlib: with gzip's head, and with its own


async def read(request: Request) -> bytes:
    """Raises `OtlpMediaType`, `BodyTooLarge`, `RequestTimeout`, `MalformedBody`."""
    asked = exchange(request.scope).asked
    packed_by = asked.get(b"content-encoding", b"identity").lower()
    if packed_by not in {*WINDOW_BITS, b"identity"}:
        raise OtlpMediaType
    if int(asked.get(b"content-length", 0)) > BYTES_MAX:
        raise BodyTooLarge(BYTES_MAX)
    sent = await body.received(request, BYTES_MAX)
    return _unpacked(sent, WINDOW_BITS[packed_by]) if packed_by in WINDOW_BITS else sent


def _unpacked(packed: bytes, window_bits: int) -> bytes:
    unpacking = zlib.decompressobj(window_bits)
    try:
        found = unpacking.decompress(packed, BYTES_MAX + 1)
    except zlib.error:
        found = b""
    if len(found) > BYTES_MAX:
        raise BodyTooLarge(BYTES_MAX)
    if not unpacking.eof or unpacking.unused_data:
        raise MalformedBody("The body cannot be unpacked")
    return found
