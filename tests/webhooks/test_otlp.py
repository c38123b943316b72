"""A vote as a span, in both encodings; what is sent is read with OpenTelemetry's own definitions."""

import json
from dataclasses import replace

import pytest
from examples import ANNA, DISLIKE, LIKE, NOW, a_message
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from plaudit.events import Body, Endpoint, Event, Kind
from plaudit.model import AuthLevel, Contract, Feedback
from plaudit.webhooks.otlp import written

TRACE_ID, SPAN_ID = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
MESSAGE = a_message(trace_id=TRACE_ID, span_id=SPAN_ID)
FEEDBACK = Feedback("acme", "m-1", ANNA, AuthLevel.JWT, Contract.HANDAUNCLE, DISLIKE, "It is not.", 2, NOW, NOW + 1500,
                    ("old",))
EVENT = Event(4711, Kind.DISLIKE, FEEDBACK, MESSAGE, LIKE, None)


def said(attributes):
    found = {}
    for pair in attributes:
        kind = pair.value.WhichOneof("value")
        array = kind == "array_value"
        found[pair.key] = [each.string_value for each in pair.value.array_value.values] if array else getattr(
            pair.value, kind)
    return found


def span_of(event, **changes):
    media_type, body = written(event, Endpoint("o", "acme", "", body=Body.OTLP, **changes))
    assert media_type == "application/x-protobuf"
    [resource] = ExportTraceServiceRequest.FromString(body).resource_spans
    assert said(resource.resource.attributes) == {"service.name": "plaudit", "plaudit.project": "acme"}
    [scope] = resource.scope_spans
    [span] = scope.spans
    return span


def evaluation(event, **changes):
    [evaluated] = span_of(event, **changes).events
    assert (evaluated.name, evaluated.time_unix_nano) == ("gen_ai.evaluation.result", (NOW + 1500) * 1_000_000)
    return said(evaluated.attributes)


def test_a_span_beside_the_answers_own():
    """In the answer's trace, under its span, and linked to it; as long as a moment."""
    span = span_of(EVENT)
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE_ID, SPAN_ID)
    assert [(link.trace_id.hex(), link.span_id.hex()) for link in span.links] == [(TRACE_ID, SPAN_ID)]
    assert span.start_time_unix_nano == span.end_time_unix_nano == (NOW + 1500) * 1_000_000
    assert said(span.attributes) == {
        "plaudit.event.id": EVENT.id, "plaudit.event.kind": "dislike", "plaudit.vote.revision": 2,
        "plaudit.vote.reasons": ["old"], "plaudit.message_id": "m-1", "gen_ai.conversation.id": "c-1"}


def test_the_evaluation_is_what_the_conventions_ask_for():
    assert evaluation(EVENT) == {
        "gen_ai.evaluation.name": "user_feedback", "gen_ai.evaluation.score.value": 0.0,
        "gen_ai.evaluation.score.label": "dislike", "gen_ai.evaluation.explanation": "It is not.",
        "gen_ai.response.id": "m-1"}


@pytest.mark.parametrize(("kind", "vote", "score", "label"), [
    (Kind.LIKE, LIKE, 1.0, "like"), (Kind.REMOVED, None, None, "removed"), (Kind.LINKED, DISLIKE, 0.0, "dislike")])
def test_what_other_votes_are(kind, vote, score, label):
    """One that was taken back has no score."""
    found = evaluation(replace(EVENT, kind=kind, feedback=replace(FEEDBACK, vote=vote, comment=None)))
    assert found.get("gen_ai.evaluation.score.value") == score
    assert found["gen_ai.evaluation.score.label"] == label
    assert "gen_ai.evaluation.explanation" not in found


def test_the_same_vote_is_the_same_span_however_often_it_is_sent():
    """And another vote another one."""
    first, again, other = span_of(EVENT), span_of(EVENT), span_of(replace(EVENT, seq=4712))
    assert first.span_id == again.span_id != other.span_id
    assert len(first.span_id) == 8


@pytest.mark.parametrize("ids", [
    {}, {"trace_id": "t-1", "span_id": SPAN_ID}, {"trace_id": "0" * 32, "span_id": SPAN_ID}])
def test_an_answer_that_was_not_traced(ids):
    """Its vote has a trace of its own, and the response's id."""
    span = span_of(replace(EVENT, message=a_message(**ids)))
    assert (len(span.trace_id), span.trace_id.hex() in {TRACE_ID, "0" * 32}) == (16, False)
    assert (span.parent_span_id, list(span.links)) == (b"", [])
    assert said(span.events[0].attributes)["gen_ai.response.id"] == "m-1"


def test_an_answer_of_which_only_the_trace_is_known():
    """The vote is in the trace, under nothing."""
    span = span_of(replace(EVENT, message=a_message(trace_id=TRACE_ID.upper())))
    assert (span.trace_id.hex(), span.parent_span_id, list(span.links)) == (TRACE_ID, b"", [])


def test_a_message_that_has_its_spans_id_is_no_responses():
    assert "gen_ai.response.id" not in evaluation(replace(EVENT, message=replace(MESSAGE, id=SPAN_ID)))


def test_json_says_the_same():
    """With ids in hexadecimal, by OTLP's own rule."""
    media_type, body = written(EVENT, Endpoint("o", "acme", "", body=Body.OTLP_JSON))
    assert media_type == "application/json"
    [resource] = json.loads(body)["resourceSpans"]
    [span] = resource["scopeSpans"][0]["spans"]
    assert (span["traceId"], span["parentSpanId"], span["spanId"]) == (
        TRACE_ID, SPAN_ID, span_of(EVENT).span_id.hex())
    assert span["startTimeUnixNano"] == str((NOW + 1500) * 1_000_000)
    assert {"key": "gen_ai.evaluation.score.value", "value": {"doubleValue": 0.0}} in span["events"][0]["attributes"]
