"""Spans as OTLP writes them in JSON, and the same in protobuf."""

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

TRACE_ID, SPAN_ID = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
ENDED_AT = 1_795_334_400_250  # 2026-11-22T08:00:00.250Z
CHAT = {"gen_ai.operation.name": "chat", "user.id": "ann"}


def value(said):
    match said:
        case bool():
            return {"boolValue": said}
        case int():
            return {"intValue": str(said)}
        case float():
            return {"doubleValue": said}
        case str():
            return {"stringValue": said}
        case list():
            return {"arrayValue": {"values": [value(each) for each in said]}}
        case dict():
            return {"kvlistValue": {"values": pairs(said)}}


def pairs(attributes):
    return [{"key": key, "value": value(said)} for key, said in attributes.items()]


def span(attributes, span_id=SPAN_ID, trace_id=TRACE_ID, **fields):
    return {"traceId": trace_id, "spanId": span_id, "name": "chat", "kind": 3,
            "startTimeUnixNano": str((ENDED_AT - 250) * 1_000_000), "endTimeUnixNano": str(ENDED_AT * 1_000_000),
            "attributes": pairs(attributes), **fields}


def export(*spans, resource=None):
    return {"resourceSpans": [{"resource": {"attributes": pairs(resource or {})},
                               "scopeSpans": [{"scope": {"name": "an.instrumentation"}, "spans": list(spans)}]}]}


def protobuf(exported):
    """Ids are hexadecimal in OTLP's JSON, where protobuf's own mapping has base64."""
    request = ExportTraceServiceRequest()
    ParseDict({"resourceSpans": [
        {**each, "scopeSpans": [{**scope, "spans": [without_ids(span) for span in scope["spans"]]}
                                for scope in each["scopeSpans"]]}
        for each in exported["resourceSpans"]]}, request)
    for each, resource in zip(exported["resourceSpans"], request.resource_spans, strict=True):
        for scope, made in zip(each["scopeSpans"], resource.scope_spans, strict=True):
            for given, whole in zip(scope["spans"], made.spans, strict=True):
                whole.trace_id, whole.span_id = bytes.fromhex(given["traceId"]), bytes.fromhex(given["spanId"])
    return request.SerializeToString()


def without_ids(given):
    return {name: said for name, said in given.items() if name not in ("traceId", "spanId")}
