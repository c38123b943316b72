"""Request bodies: capped, of the one media type we read, and given back as bytes. How long one may take to arrive is
watched over by `server`, for all connections at once."""

import re
from collections.abc import AsyncIterator
from itertools import accumulate
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from plaudit.errors import MalformedBody
from plaudit.http.errors import BodyTooLarge, RequestTimeout, UnsupportedMediaType
from plaudit.http.exchange import exchange

JSON = re.compile(rb'application/json(?:\s*;\s*charset="?utf-?8"?)?\s*', re.ASCII | re.IGNORECASE)
NDJSON = re.compile(rb'application/(?:x-)?ndjson(?:\s*;\s*charset="?utf-?8"?)?\s*', re.ASCII | re.IGNORECASE)

DEPTH_MAX = 64
STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
BRACKET = re.compile(rb"[\[\]{}]")

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


async def read(request: Request, bytes_max: int, media_type: re.Pattern[bytes] = JSON) -> bytes:
    """The whole body. Raises `UnsupportedMediaType`, `BodyTooLarge` as soon as it is, `RequestTimeout` if it stops."""
    check_head(request, bytes_max, media_type)
    return await received(request, bytes_max)


async def received(request: Request, bytes_max: int) -> bytes:
    """The whole body, whatever it is. Raises `BodyTooLarge`, `RequestTimeout`."""
    chunks, size, more = [], 0, True
    while more:
        chunk, more = await receive(request, size, bytes_max)
        size += len(chunk)
        chunks.append(chunk)
    return b"".join(chunks)


async def stream(request: Request, bytes_max: int, media_type: re.Pattern[bytes]) -> AsyncIterator[bytes]:
    """The body as it arrives, for what is too large to be held. Raises as `read` does."""
    check_head(request, bytes_max, media_type)
    size, more = 0, True
    while more:
        chunk, more = await receive(request, size, bytes_max)
        size += len(chunk)
        yield chunk


def check_head(request: Request, bytes_max: int, media_type: re.Pattern[bytes]) -> None:
    """What can be told before the body comes. Raises `UnsupportedMediaType`, `BodyTooLarge`."""
    asked = exchange(request.scope).asked
    if not media_type.fullmatch(asked.get(b"content-type", b"")) or asked.get(b"content-encoding"):
        raise UnsupportedMediaType
    if int(asked.get(b"content-length", 0)) > bytes_max:
        raise BodyTooLarge(bytes_max)


async def receive(request: Request, size: int, bytes_max: int) -> tuple[bytes, bool]:
    """What comes after the first `size` bytes, and whether there is more. Raises `BodyTooLarge`, `RequestTimeout`."""
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise RequestTimeout
    if size + len(message["body"]) > bytes_max:
        raise BodyTooLarge(bytes_max)
    return message["body"], message["more_body"]


def json_object(body: bytes) -> dict[str, Any]:
    """Raises `MalformedBody` for anything but one JSON object in UTF-8, not too deep."""
    value = json_value(body)
    if not isinstance(value, dict):
        raise MalformedBody
    return value


def json_value(body: bytes) -> Any:
    """Raises `MalformedBody` for anything but JSON in UTF-8, not too deep."""
    try:
        value = _decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise MalformedBody from None
    if is_too_deep(body):
        raise MalformedBody
    return value


def is_too_deep(valid_json: bytes) -> bool:
    """Deeper than anything worth reading. Left to Python, the limit would be another one in each of its versions."""
    if valid_json.count(b"[") + valid_json.count(b"{") <= DEPTH_MAX:
        return False
    brackets = BRACKET.findall(STRING.sub(b"", valid_json))
    return any(depth > DEPTH_MAX for depth in accumulate(1 if it in b"[{" else -1 for it in brackets))


def to_json(value: Any) -> bytes:
    return _encode(value)


def json_response(value: Any, status: int = 200) -> Response:
    return Response(_encode(value), status, media_type="application/json")
