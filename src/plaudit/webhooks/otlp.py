"""A vote as OpenTelemetry has it: a `gen_ai.evaluation.result` event on a span of its own, pure.

The span is a child of the answer's span, as the conventions ask of the event, and linked to it. Its ids follow from the
event's, so that a vote that is sent twice is one span.
"""

import base64
import hashlib
import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

import msgspec

from plaudit.events import Body, Endpoint, Event
from plaudit.model import Vote

Json = dict[str, Any]
JSON, PROTOBUF = "application/json", "application/x-protobuf"
TRACE_ID, SPAN_ID = re.compile("(?!0{32})[0-9a-f]{32}"), re.compile("(?!0{16})[0-9a-f]{16}")
DEFINITIONS = "opentelemetry.proto.collector.trace.v1.trace_service_pb2"
NAME = "user_feedback"  # of what is measured
EVENT = "gen_ai.evaluation.result"
LABELS = {Vote.LIKE: "like", Vote.DISLIKE: "dislike", None: "removed"}
SCORES = {Vote.LIKE: 1.0, Vote.DISLIKE: 0.0, None: None}
INTERNAL = 1  # as a span's kind
NANOSECONDS = 1_000_000  # in a millisecond


def written(event: Event, endpoint: Endpoint) -> tuple[str, bytes]:
    """A media type, and an `ExportTraceServiceRequest`. In JSON ids are hexadecimal, by OTLP's own rule."""
    if endpoint.body is Body.OTLP_JSON:
        return JSON, msgspec.json.encode(_request(event, endpoint, bytes.hex))
    from google.protobuf.json_format import ParseDict  # noqa: PLC0415  of the extra otel

    made = import_module(DEFINITIONS).ExportTraceServiceRequest()
    ParseDict(_request(event, endpoint, _base64), made)
    return PROTOBUF, bytes(made.SerializeToString())


def has_protobuf() -> bool:
    """Is the extra there that the body `otlp` needs?"""
    try:
        import_module(DEFINITIONS)
    except ImportError:
        return False
    return True


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _request(event: Event, endpoint: Endpoint, written_id: Callable[[bytes], str]) -> Json:
    project = event.feedback.project_id
    return {"resourceSpans": [{
        "resource": {"attributes": _attributes({"service.name": "plaudit", "plaudit.project": project})},
        "scopeSpans": [{"scope": {"name": "plaudit"}, "spans": [_span(event, endpoint, written_id)]}],
    }]}


def _span(event: Event, endpoint: Endpoint, written_id: Callable[[bytes], str]) -> Json:
    digest = hashlib.sha256(f"{event.feedback.project_id} {event.id}".encode()).digest()
    at = str(event.feedback.updated_at * NANOSECONDS)
    trace_id, parent = _of_answer(event)
    span: Json = {
        "traceId": written_id(trace_id or digest[:16]), "spanId": written_id(digest[16:24]),
        "name": f"{EVENT} {NAME}", "kind": INTERNAL, "startTimeUnixNano": at, "endTimeUnixNano": at,
        "attributes": _attributes(_about(event)),
        "events": [{"name": EVENT, "timeUnixNano": at, "attributes": _attributes(_evaluation(event, endpoint))}],
    }
    if trace_id and parent:
        span["parentSpanId"] = written_id(parent)
        span["links"] = [{"traceId": written_id(trace_id), "spanId": written_id(parent)}]
    return span


def _of_answer(event: Event) -> tuple[bytes | None, bytes | None]:
    """The ids of its trace and its span, where it was registered with some that are OpenTelemetry's."""
    trace_id, span_id = (event.message.trace_id or "").lower(), (event.message.span_id or "").lower()
    return (bytes.fromhex(trace_id) if TRACE_ID.fullmatch(trace_id) else None,
            bytes.fromhex(span_id) if SPAN_ID.fullmatch(span_id) else None)


def _evaluation(event: Event, endpoint: Endpoint) -> Json:
    """A vote that was taken back has no score. The id of a message that is its span's is no response's."""
    vote, shown = event.feedback, event.message
    return {
        "gen_ai.evaluation.name": NAME,
        "gen_ai.evaluation.score.value": SCORES[vote.vote],
        "gen_ai.evaluation.score.label": LABELS[vote.vote],
        "gen_ai.evaluation.explanation": vote.comment if endpoint.comments else None,
        "gen_ai.response.id": None if shown.id == shown.span_id else shown.id,
    }


def _about(event: Event) -> Json:
    """What tells one vote's spans apart, and which of them is the last."""
    vote, shown = event.feedback, event.message
    return {
        "plaudit.event.id": event.id, "plaudit.event.kind": event.kind.value, "plaudit.vote.revision": vote.revision,
        "plaudit.vote.reasons": list(vote.reasons) or None, "plaudit.message_id": shown.id,
        "gen_ai.conversation.id": shown.conversation_id,
    }


def _attributes(said: Json) -> list[Json]:
    return [{"key": key, "value": _value(value)} for key, value in said.items() if value is not None]


def _value(value: Any) -> Json:
    match value:
        case float():
            return {"doubleValue": value}
        case int():
            return {"intValue": str(value)}
        case list():
            return {"arrayValue": {"values": [_value(each) for each in value]}}
    return {"stringValue": value}
