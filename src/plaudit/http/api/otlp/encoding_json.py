"""OTLP in JSON, by protobuf's mapping with ids in hexadecimal. Unknown fields are passed over, as the protocol asks."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from plaudit.errors import Invalid, MalformedBody
from plaudit.http.api.otlp.encodings import Sent, sent
from plaudit.http.api.otlp.spans import ERROR, Attributes, Span, instant, read_attributes

Number = int | str  # 64 bits are a text in protobuf's JSON


class Array(Struct):
    values: "list[Value] | None" = None


class Pairs(Struct):
    values: "list[Pair] | None" = None


class Value(Struct, rename="camel"):
    """Bytes are passed over: nothing that is read is any."""

    string_value: str | None = None
    bool_value: bool | None = None
    int_value: Number | None = None
    double_value: float | str | None = None
    array_value: Array | None = None
    kvlist_value: Pairs | None = None


class Pair(Struct):
    key: str = ""
    value: Value | None = None


class Status(Struct):
    code: int | str | None = None


class JsonSpan(Struct, rename="camel"):
    trace_id: str | None = None
    span_id: str | None = None
    start_time_unix_nano: Number | None = None
    end_time_unix_nano: Number | None = None
    attributes: list[Pair] | None = None
    status: Status | None = None


class Resource(Struct):
    attributes: list[Pair] | None = None


class ScopeSpans(Struct):
    spans: list[Raw] | None = None


class ResourceSpans(Struct, rename="camel"):
    resource: Raw = Raw(b"null")
    scope_spans: list[ScopeSpans] | None = None


class Request(Struct, rename="camel"):
    resource_spans: list[ResourceSpans] | None = None


_request = msgspec.json.Decoder(Request)
_resource = msgspec.json.Decoder(Resource | None)
_span = msgspec.json.Decoder(JsonSpan)
UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeDecodeError, ValueError, OverflowError)


class JsonEncoding:
    media_type = "application/json"

    def cut(self, body: bytes) -> Sent:
        try:
            request = _request.decode(body)
        except UNREADABLE:
            raise MalformedBody("The body must be an ExportTraceServiceRequest in JSON") from None
        return sent([(each.resource, [scope.spans or [] for scope in each.scope_spans or []])
                     for each in request.resource_spans or []])

    def resource(self, raw: Raw) -> Attributes:
        try:
            found = _resource.decode(raw)
            return _attributes(found.attributes if found else None)
        except UNREADABLE:
            raise Invalid("resource", "cannot be read") from None

    def span(self, raw: Raw, resource: Attributes) -> Span:
        try:
            span = _span.decode(raw)
            return Span(
                trace_id=(span.trace_id or "").lower(),
                span_id=(span.span_id or "").lower(),
                started_at=instant(int(span.start_time_unix_nano or 0)),
                ended_at=instant(int(span.end_time_unix_nano or 0)),
                failed=span.status is not None and span.status.code in {ERROR, "STATUS_CODE_ERROR"},
                attributes=_attributes(span.attributes),
                resource=resource,
            )
        except UNREADABLE:
            raise Invalid("span", "cannot be read") from None

    def answer(self, rejected: int, message: str) -> bytes:
        partial = {"partialSuccess": {"rejectedSpans": str(rejected), "errorMessage": message}} if rejected else {}
        return msgspec.json.encode(partial)


def _attributes(pairs: list[Pair] | None) -> Attributes:
    return read_attributes(((pair.key, pair.value) for pair in pairs or ()), _value)


def _value(value: Value | None) -> Any:
    if value is None:
        return None
    if value.int_value is not None:
        return int(value.int_value)
    if value.array_value is not None:
        return [_value(each) for each in value.array_value.values or ()]
    if value.kvlist_value is not None:
        return {pair.key: _value(pair.value) for pair in value.kvlist_value.values or ()}
    return next((said for said in (value.string_value, value.bool_value, value.double_value) if said is not None), None)
