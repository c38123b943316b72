"""Spans as they come in: real edge, keys and store; only the socket is left out."""

import gzip
import json
import sys
import zlib

import httpx2
import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from otlp_spans import CHAT, SPAN_ID, TRACE_ID, export, protobuf, span

from plaudit.analytics import Analytics
from plaudit.http.api.otlp.encodings import SPANS_MAX
from plaudit.http.api.otlp.reading import BYTES_MAX
from plaudit.http.app import Application, EdgeSettings
from plaudit.http.metrics import Metrics
from plaudit.service import Service

pytestmark = pytest.mark.anyio

PATH = "/v1/otlp/v1/traces"
JSON, PROTOBUF = "application/json", "application/x-protobuf"
MESSAGE = {"gen_ai.response.id": "resp-1", "gen_ai.conversation.id": "c-1", "gen_ai.response.model": "gpt-x"}
DEVICE_ID = "must be 16 to 128 of A-Z a-z 0-9 . _ : - and not an id that many devices share"
QUESTION = [{"role": "user", "parts": [{"type": "text", "content": "Why?"}]}]
TWO_GUESTS = [{"plaudit.owner.guest.device_id": device, "plaudit.owner.guest.user_id": "U-1", **CHAT}
              for device in ("0123456789abcdef", "short")]


@pytest.fixture
async def client(store, clock, authenticator, server_key):
    key, project = server_key
    app = Application(Service(store, now=clock, new_id=lambda: "unused"), Analytics(store, now=clock),
                      authenticator(project), Metrics(), EdgeSettings())
    headers = {"authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://plaudit", headers=headers
                                  ) as client:
        yield client


@pytest.fixture(params=[JSON, PROTOBUF])
def send(client, request):
    """Export some spans; the answer, and how many were rejected and why."""

    async def send(*spans, resource=None):
        exported = export(*spans, resource=resource)
        content = json.dumps(exported).encode() if request.param == JSON else protobuf(exported)
        answer = await client.post(PATH, content=content, headers={"content-type": request.param})
        assert (answer.status_code, answer.headers["content-type"]) == (200, request.param)
        if request.param == JSON:
            partial = answer.json().get("partialSuccess", {"rejectedSpans": "0", "errorMessage": ""})
            return int(partial["rejectedSpans"]), partial["errorMessage"]
        partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
        return partial.rejected_spans, partial.error_message

    return send


async def test_an_answer_is_registered(client, send):
    """As it would be by the own API; the span that was no answer is taken and says nothing."""
    other = span({"http.request.method": "GET"}, span_id="1" * 16)
    assert await send(span({**CHAT, **MESSAGE}), other, resource={"plaudit.prompt_version": "v7"}) == (0, "")
    message = (await client.get("/v1/messages/resp-1")).json()
    assert message == {
        "id": "resp-1", "conversation_id": "c-1", "role": "assistant", "owner": {"visitor": {"id": "ann"}},
        "created_at": "2026-11-22T08:00:00.250Z", "model": "gpt-x", "prompt_version": "v7", "arms": {}, "content": None,
        "in_reply_to": None, "locale": None, "platform": None, "trace_id": TRACE_ID, "span_id": SPAN_ID, "metadata": {}}


async def test_an_export_that_is_sent_again_changes_nothing(client, send):
    """An exporter that has heard nothing tries again; and questions come with their answers."""
    asked = {**CHAT, **MESSAGE, "gen_ai.input.messages": json.dumps(QUESTION)}
    for _ in range(2):
        assert await send(span(asked)) == (0, "")
    conversation = (await client.get("/v1/conversations/c-1")).json()
    assert [(each["role"], each["content"]) for each in conversation["messages"]] == [
        ("user", "Why?"), ("assistant", None)]


async def test_spans_stand_or_fall_by_themselves(client, send):
    """Those that cannot be registered are counted, and the first five are named with the reason."""
    spans = [span({**CHAT, **MESSAGE}),
             span({**CHAT, **MESSAGE, "user.id": "bob"}, span_id="2" * 16),
             span({"gen_ai.operation.name": "chat"}, span_id="3" * 16),
             *(span(each, span_id=f"{n}" * 16) for n, each in enumerate(TWO_GUESTS, 4)),
             span({**CHAT, "gen_ai.response.model": "x" * 257}, span_id="6" * 16),
             span(CHAT, span_id=""),
             span(CHAT, trace_id="0" * 32, span_id="8" * 16)]
    rejected, why = await send(*spans)
    assert rejected == 6
    assert why.split("; ") == [
        "span 2222222222222222: the message is registered with another owner",
        "span 3333333333333333: owner: nobody is named: set user.id, or an attribute plaudit.owner.…",
        f"span 5555555555555555: owner.guest.device_id: {DEVICE_ID}",
        "span 6666666666666666: model: Expected `str` of length <= 256",
        "span 7: trace_id: and span_id must be 16 and 8 bytes, not all of them 0",
        "and 1 more"]
    assert (await client.get("/v1/messages/resp-1")).json()["owner"] == {"visitor": {"id": "ann"}}
    assert (await client.get(f"/v1/messages/{'4' * 16}")).status_code == 200


async def test_a_guests_question_and_answer_fall_together(client, send):
    """Neither is registered where the guest can be nobody."""
    asked = {**TWO_GUESTS[1], "gen_ai.input.messages": QUESTION}
    assert (await send(span(asked)))[0] == 1
    assert (await client.get(f"/v1/conversations/{TRACE_ID}")).status_code == 404


async def test_what_cannot_be_read_harms_no_other(client):
    """A span, or a resource, that is none of OTLP's."""
    spans = ['{"spans":[7]}', '{"spans":[{"attributes":[{"key":"user.id","value":{"intValue":"1x"}}]}]}',
             f'{{"spans":[{json.dumps(span(CHAT))}]}}']
    content = f'{{"resourceSpans":[{{"scopeSpans":[{",".join(spans)}]}},{{"resource":7,"scopeSpans":[{spans[2]}]}}]}}'
    answer = await client.post(PATH, content=content, headers={"content-type": JSON})
    assert answer.json() == {"partialSuccess": {"rejectedSpans": "3", "errorMessage": (
        "span 1: span: cannot be read; span 2: span: cannot be read; span 4: resource: cannot be read")}}
    assert (await client.get(f"/v1/messages/{SPAN_ID}")).status_code == 200


@pytest.mark.parametrize(("changes", "why"), [
    ({"endTimeUnixNano": "9" * 40}, "time: must be nanoseconds since 1970 in 64 bits"),
    ({"endTimeUnixNano": -5}, "time: must be nanoseconds since 1970 in 64 bits"),
    ({"endTimeUnixNano": "9" * 5000}, "span: cannot be read"),
])
async def test_a_time_that_protobuf_could_not_hold(client, changes, why):
    """JSON can: the span falls by itself, and is no bug of the server's."""
    answer = await client.post(PATH, json=export(span(CHAT, **changes)))
    assert answer.status_code == 200
    assert answer.json()["partialSuccess"]["errorMessage"].endswith(why)


@pytest.mark.parametrize("depth", [60, 400, 20_000])
async def test_what_is_nested_deeply_is_no_text(client, depth):
    """However deep: it is taken as an answer without content, or not at all."""
    value = '{"arrayValue":{"values":[' * depth + "{}" + "]}}" * depth
    flat = json.dumps(export(span({**CHAT, "gen_ai.output.messages": "DEEP"})))
    deep = flat.replace('{"stringValue": "DEEP"}', value)
    answer = await client.post(PATH, content=deep, headers={"content-type": JSON})
    assert answer.status_code in {200, 400}


@pytest.mark.parametrize("content", [
    {}, {"resourceSpans": None}, {"resourceSpans": [{}]}, {"resourceSpans": [{"scopeSpans": [{"unknown": 1}]}]},
])
async def test_nothing_is_nothing(client, content):
    """As the protocol asks; unknown fields are passed over."""
    answer = await client.post(PATH, json=content)
    assert (answer.status_code, answer.json()) == (200, {})


@pytest.mark.parametrize(("name", "pack"), [
    ("gzip", gzip.compress), ("GZIP", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)])
async def test_a_body_may_be_packed(client, name, pack):
    """As exporters do where they are told to."""
    content = pack(protobuf(export(span(CHAT))))
    answer = await client.post(PATH, content=content, headers={"content-type": PROTOBUF, "content-encoding": name})
    assert answer.status_code == 200
    assert (await client.get(f"/v1/messages/{SPAN_ID}")).status_code == 200


TOO_MANY = json.dumps(export(*([{}] * SPANS_MAX))).encode()
SMALL = json.dumps(export(span(CHAT))).encode()


@pytest.mark.parametrize(("content", "headers", "status", "message"), [
    (b"[]", {}, 400, "The body must be an ExportTraceServiceRequest in JSON"),
    (b"\x07", {"content-type": PROTOBUF}, 400, "The body must be an ExportTraceServiceRequest in protobuf"),
    (TOO_MANY, {}, 400, "spans: are too many: a request has 10,000 at most, with resources and scopes"),
    (SMALL, {"content-type": "text/plain"}, 415,
     "Send spans as application/x-protobuf or application/json, as they are or with gzip or deflate"),
    (SMALL, {"content-encoding": "br"}, 415,
     "Send spans as application/x-protobuf or application/json, as they are or with gzip or deflate"),
    (SMALL, {"content-encoding": "gzip"}, 400, "The body cannot be unpacked"),
    (gzip.compress(SMALL)[:-1], {"content-encoding": "gzip"}, 400, "The body cannot be unpacked"),
    (gzip.compress(SMALL) + b"more", {"content-encoding": "gzip"}, 400, "The body cannot be unpacked"),
    (gzip.compress(bytes(BYTES_MAX + 1)), {"content-encoding": "gzip"}, 413, "The body is larger than 8388608 bytes"),
    (bytes(BYTES_MAX + 1), {}, 413, "The body is larger than 8388608 bytes"),
    (SMALL, {"authorization": "Bearer no"}, 401, "Authentication required"),
    (SMALL, {"authorization": "Bearer no", "content-type": PROTOBUF}, 401, "Authentication required"),
])
async def test_what_is_refused_as_a_whole(client, content, headers, status, message):
    """With a `google.rpc.Status` in the encoding of the request."""
    answer = await client.post(PATH, content=content, headers={"content-type": JSON, **headers})
    assert answer.status_code == status
    if headers.get("content-type") == PROTOBUF:
        assert (Status.FromString(answer.content), answer.headers["content-type"]) == (
            Status(message=message), PROTOBUF)
    else:
        assert answer.json() == {"message": message}


async def test_without_the_extra_protobuf_is_refused_with_what_to_install(client, monkeypatch):
    """In protobuf, and longer than a length of seven bits; JSON goes on."""
    monkeypatch.setitem(sys.modules, "plaudit.http.api.otlp.encoding_protobuf", None)
    answer = await client.post(PATH, content=protobuf(export(span(CHAT))), headers={"content-type": PROTOBUF})
    assert answer.status_code == 415
    assert Status.FromString(answer.content).message == (
        "This server reads protobuf only with the extra otel, pip install 'plaudit[otel]'; or send application/json "
        "(OTEL_EXPORTER_OTLP_PROTOCOL=http/json)")
    assert (await client.post(PATH, content=SMALL, headers={"content-type": JSON})).status_code == 200


async def test_many_spans_of_one_export(client, send):
    """More than are stored at once."""
    spans = [span({**CHAT, "gen_ai.conversation.id": "c-1"}, span_id=f"{n:016x}") for n in range(1, 602)]
    assert await send(*spans) == (0, "")
    assert (await client.get("/v1/conversations/c-1?limit=1")).json()["total"] == 601


