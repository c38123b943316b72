"""How OTLP is written: in JSON or in protobuf. Both are cut into spans first, which are read one by one later, so that
many small things in a body are not as many objects at once, and a span that cannot be read harms no other."""

import re
from dataclasses import dataclass
from typing import Any, Protocol

from plaudit.errors import Invalid
from plaudit.http.api.otlp.spans import Attributes, Span
from plaudit.http.body import JSON
from plaudit.http.errors import UnsupportedMediaType

SPANS_MAX = 10_000  # of one request; resources and scopes count too
PROTOBUF = re.compile(rb"application/x-protobuf\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sent:
    """Spans as they came, and beside each the resource that it is of."""

    spans: list[Any]
    resources: list[Any]


class Encoding(Protocol):
    media_type: str

    def cut(self, body: bytes) -> Sent:
        """Raises `MalformedBody`, `Invalid` for too many."""

    def resource(self, raw: Any) -> Attributes:
        """Raises `Invalid` for what cannot be read."""

    def span(self, raw: Any, resource: Attributes) -> Span:
        """Raises `Invalid` for what cannot be read."""

    def answer(self, rejected: int, message: str) -> bytes:
        """That all was taken, or how many spans were not, and why."""


class OtlpMediaType(UnsupportedMediaType):
    """Send spans as application/x-protobuf or application/json, as they are or with gzip or deflate"""


class NoProtobuf(UnsupportedMediaType):
    """It is not installed"""

    def __init__(self) -> None:
        super().__init__("This server reads protobuf only with the extra otel, pip install 'plaudit[otel]'; or send "
                         "application/json (OTEL_EXPORTER_OTLP_PROTOCOL=http/json)")


def encoding_of(media_type: bytes) -> Encoding:
    """Raises `OtlpMediaType`, `NoProtobuf`."""
    if JSON.fullmatch(media_type):
        from plaudit.http.api.otlp.encoding_json import JsonEncoding  # noqa: PLC0415  as the one below

        return JsonEncoding()
    if not PROTOBUF.fullmatch(media_type):
        raise OtlpMediaType
    try:
        from plaudit.http.api.otlp.encoding_protobuf import ProtobufEncoding  # noqa: PLC0415  it is an extra's
    except ImportError:
        raise NoProtobuf from None
    return ProtobufEncoding()


def sent(found: list[tuple[Any, list[list[Any]]]]) -> Sent:
    """Of resources with the spans of each of their scopes. Raises `Invalid`."""
    count = sum(1 + sum(1 + len(spans) for spans in scopes) for _, scopes in found)
    if count > SPANS_MAX:
        raise Invalid("spans", f"are too many: a request has {SPANS_MAX:,} at most, with resources and scopes")
    whole = Sent([], [])
    for resource, scopes in found:
        for spans in scopes:
            whole.spans.extend(spans)
            whole.resources.extend([resource] * len(spans))
    return whole
