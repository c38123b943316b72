"""How OTLP says no: a `google.rpc.Status` with a message, in the request's own encoding."""

from starlette.responses import Response

from plaudit.errors import Invalid, PlauditError
from plaudit.http.api.otlp.encodings import PROTOBUF
from plaudit.http.api.refusals import described, status_of
from plaudit.http.body import json_response
from plaudit.http.exchange import Exchange

BAD_REQUEST = 400
MESSAGE = b"\x12"  # the tag of field 2, a text
SEVEN_BITS, MORE = 0x7F, 0x80


class OtlpDialect:
    prefix = "/v1/otlp/"

    def answer(self, error: PlauditError, notes: Exchange) -> Response:
        """OTLP knows 400 alone for what will never be taken as it is."""
        status = BAD_REQUEST if isinstance(error, Invalid) else status_of(error)
        message = described(error)["message"]
        if PROTOBUF.fullmatch(notes.asked.get(b"content-type", b"")):
            return Response(_status(message), status, media_type="application/x-protobuf")
        return json_response({"message": message}, status)


DIALECT = OtlpDialect()


def _status(message: str) -> bytes:
    """By hand: it must be there also where protobuf is not."""
    text = message.encode()
    return MESSAGE + _varint(len(text)) + text


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > SEVEN_BITS:
        found.append(number & SEVEN_BITS | MORE)
        number >>= 7
    return bytes([*found, number])
