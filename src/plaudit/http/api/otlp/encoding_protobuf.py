"""OTLP in protobuf, read with OpenTelemetry's own definitions: the extra `otel`.

Of the request we have a definition that differs in one thing: a span in it is bytes. On the wire that is the same.
Eight megabytes of empty spans would be 700 MB of objects otherwise.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

from plaudit.errors import Invalid, MalformedBody
from plaudit.http.api.otlp.encodings import Sent, sent
from plaudit.http.api.otlp.spans import ERROR, Attributes, Span, instant, read_attributes


def _request_type() -> Any:
    """`TracesData` is on the wire what `ExportTraceServiceRequest` is."""
    traces = descriptor_pb2.FileDescriptorProto.FromString(trace_pb2.DESCRIPTOR.serialized_pb)
    scope = next(message for message in traces.message_type if message.name == "ScopeSpans")
    spans = next(field for field in scope.field if field.name == "spans")
    spans.type = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
    spans.ClearField("type_name")
    pool = descriptor_pool.DescriptorPool()
    for file in (common_pb2.DESCRIPTOR, resource_pb2.DESCRIPTOR):
        pool.AddSerializedFile(file.serialized_pb)
    pool.AddSerializedFile(traces.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{traces.package}.TracesData"))


_Request = _request_type()


class ProtobufEncoding:
    media_type = "application/x-protobuf"

    def cut(self, body: bytes) -> Sent:
        try:
            request = _Request.FromString(body)
        except DecodeError:
            raise MalformedBody("The body must be an ExportTraceServiceRequest in protobuf") from None
        return sent([(each.resource, [scope.spans for scope in each.scope_spans]) for each in request.resource_spans])

    def resource(self, raw: Any) -> Attributes:
        return _attributes(raw)

    def span(self, raw: bytes, resource: Attributes) -> Span:
        try:
            span = trace_pb2.Span.FromString(raw)
        except DecodeError:
            raise Invalid("span", "cannot be read") from None
        return Span(
            trace_id=span.trace_id.hex(),
            span_id=span.span_id.hex(),
            started_at=instant(span.start_time_unix_nano),
            ended_at=instant(span.end_time_unix_nano),
            failed=span.status.code == ERROR,
            attributes=_attributes(span),
            resource=resource,
        )

    def answer(self, rejected: int, message: str) -> bytes:
        response = ExportTraceServiceResponse()
        if rejected:
            response.partial_success.rejected_spans = rejected
            response.partial_success.error_message = message
        return bytes(response.SerializeToString())


def _attributes(owner: Any) -> Attributes:
    return read_attributes(((pair.key, pair.value) for pair in owner.attributes), _value)


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    if kind == "kvlist_value":
        return {pair.key: _value(pair.value) for pair in value.kvlist_value.values}
    return None if kind is None else getattr(value, kind)
