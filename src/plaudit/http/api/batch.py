"""Many registrations in one request: a JSON array, or NDJSON, which is read as it comes and never held whole.

A line stands or falls by itself, and its result says which. Slices of lines are decoded and stored one after the
other, so that votes are answered in between.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
from starlette.requests import Request

from plaudit.errors import Invalid, MalformedBody
from plaudit.http import body
from plaudit.http.errors import UnsupportedMediaType
from plaudit.http.exchange import exchange
from plaudit.http.registration import MESSAGE_BYTES_MAX

LINES_MAX = 10_000
SLICE_LINES = 250
SLICE_BYTES = 512 * 1024
LINE_BYTES_MAX = MESSAGE_BYTES_MAX  # of NDJSON; an array's lines are held together anyway

Lines = list[bytes | memoryview]

ARRAY_BYTES_MAX = 8 * 1024 * 1024  # an array is held and taken apart as a whole, NDJSON as it comes

_array = msgspec.json.Decoder(list[msgspec.Raw])


class BatchMediaType(UnsupportedMediaType):
    """Send the batch as application/json or application/x-ndjson in UTF-8, without Content-Encoding"""


async def slices(request: Request, bytes_max: int) -> AsyncIterator[tuple[int, Lines]]:
    """The number of the first line, from 1, and some lines.

    Raises `MalformedBody` for what is no array, `BatchMediaType`, `BodyTooLarge`, `RequestTimeout`,
    `Invalid` for too many lines or too long a one.
    """
    try:
        if body.NDJSON.fullmatch(exchange(request.scope).asked.get(b"content-type", b"")):
            async for found in _read_ndjson(request, bytes_max):
                yield found
        else:
            for found in cut(1, await _read_array(request, min(bytes_max, ARRAY_BYTES_MAX))):
                yield found
    except UnsupportedMediaType:
        raise BatchMediaType from None


async def _read_array(request: Request, bytes_max: int) -> Lines:
    try:
        raw = _array.decode(await body.read(request, bytes_max))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise MalformedBody("The body must be a JSON array") from None
    if len(raw) > LINES_MAX:
        raise _too_many()
    return [memoryview(line) for line in raw]


async def _read_ndjson(request: Request, bytes_max: int) -> AsyncIterator[tuple[int, Lines]]:
    """Empty lines are passed over, but counted."""
    number, rest = 1, bytearray()  # appended to in place: a long line may come a byte at a time
    async for chunk in body.stream(request, bytes_max, body.NDJSON):
        rest += chunk
        if b"\n" in chunk:
            *whole, last = bytes(rest).split(b"\n")
            for first, lines in cut(number, whole):
                yield first, lines
            number, rest = number + len(whole), bytearray(last)
        if number > LINES_MAX + 1 or (number > LINES_MAX and rest.strip()):
            raise _too_many()
        if len(rest) > LINE_BYTES_MAX:
            raise Invalid("lines", f"Line {number} is longer than {LINE_BYTES_MAX} bytes")
    if rest.strip():
        yield number, [bytes(rest)]


def cut(first: int, lines: Any) -> Iterator[tuple[int, Lines]]:
    """Slices short enough, in lines and bytes, that decoding one of them keeps nobody waiting."""
    start, size = 0, 0
    for end, line in enumerate(lines):
        size += len(line)
        if end - start >= SLICE_LINES or size > SLICE_BYTES:
            if end > start:
                yield first + start, lines[start:end]
            start, size = end, len(line)
    if lines[start:]:
        yield first + start, lines[start:]


def _too_many() -> Invalid:
    return Invalid("lines", f"A batch has at most {LINES_MAX:,} lines; send the rest in another")
