"""The OpenTelemetry SDK, told by nothing but its own variables, registers answers that can be voted on; and the votes
come to a collector."""

import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import identity_provider
import pytest
from identity_provider import ISSUER
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import StatusCode
from running import MAIN, plaudit, project, server_key, user

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-x",
        "gen_ai.response.model": "gpt-x-2026", "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 100, "gen_ai.request.temperature": 0.2, "user.id": "auth0|ann"}
LLM = {"openinference.span.kind": "LLM", "llm.model_name": "claude-x", "session.id": "s-1", "user.id": "auth0|ann",
       "llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "Why?",
       "llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": "It is 42."}


@pytest.fixture
def server(tmp_path, collector):
    """What is voted on is told to the collector."""
    key = tmp_path / "collectors-key"
    key.write_text("x-team: shop\n")
    key.chmod(0o600)
    webhook = {"id": "traces", "url": f"http://127.0.0.1:{collector.server_port}/v1/traces", "body": "otlp",
               "headers_file": str(key), "allow_private": True}
    with (identity_provider.running() as provider,
          plaudit(tmp_path, [project(MAIN, provider.url, webhooks=[webhook])]) as running):
        yield running


class Collector(BaseHTTPRequestHandler):
    """Takes spans, as OpenTelemetry's collectors do."""

    def do_POST(self):
        self.server.got.put((self.path, dict(self.headers), self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def collector():
    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as listening:
        listening.got = queue.Queue()
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield listening
        listening.shutdown()
        thread.join()


@pytest.fixture
def traced(server, monkeypatch):
    """A tracer whose spans go to Plaudit when it is flushed."""
    for name, said in {
        "TRACES_ENDPOINT": f"http://127.0.0.1:{server.port}/v1/otlp/v1/traces",
        "TRACES_HEADERS": f"authorization=Bearer%20{server_key(scope='messages:write')}",
        "TRACES_COMPRESSION": "gzip",
    }.items():
        monkeypatch.setenv(f"OTEL_EXPORTER_OTLP_{name}", said)
    resource = Resource.create({"plaudit.owner.user.issuer": ISSUER, "plaudit.prompt_version": "v7"})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    yield provider
    provider.shutdown()


def test_spans_of_both_conventions_become_answers(server, traced):
    """With what they say of them; the spans around them become none. A user of the application votes on each."""
    tracer = traced.get_tracer("an.application")
    with tracer.start_as_current_span("POST /chat") as request:
        with tracer.start_as_current_span("chat gpt-x", attributes={**CHAT, "gen_ai.response.id": "resp-1"}):
            pass
        with tracer.start_as_current_span("claude", attributes=LLM) as llm:
            pass
        with tracer.start_as_current_span("chat gpt-x", attributes=CHAT) as failed:
            failed.set_status(StatusCode.ERROR)
    traced.force_flush()
    trace_id, llm_id = f"{request.get_span_context().trace_id:032x}", f"{llm.get_span_context().span_id:016x}"
    [first, second] = [server.message(message_id).json() for message_id in ("resp-1", llm_id)]
    assert (first["model"], first["prompt_version"], first["conversation_id"], first["content"]) == (
        "gpt-x-2026", "v7", trace_id, None)
    assert (second["model"], second["conversation_id"], second["content"]) == ("claude-x", "s-1", "It is 42.")
    assert server.message(second["in_reply_to"]).json()["content"] == "Why?"
    assert {each["trace_id"] for each in (first, second)} == {trace_id}
    assert server.message(f"{failed.get_span_context().span_id:016x}").status_code == 404
    for each in (first, second):
        path = f"/v1/messages/{each['id']}/feedback"
        assert server.http.post(path, json={"vote": "like"}, headers=user("ann").headers).status_code == 200


def test_a_vote_is_a_span_in_the_answers_trace(server, traced, collector):
    """There and back: what the application traced is voted on, and the vote is beside what it was said of."""
    with traced.get_tracer("an.application").start_as_current_span("chat gpt-x", attributes=CHAT) as answer:
        pass
    traced.force_flush()
    trace_id, span_id = answer.get_span_context().trace_id, answer.get_span_context().span_id
    vote = {"vote": "dislike", "comment": "It is not."}
    path = f"/v1/messages/{span_id:016x}/feedback"
    assert server.http.post(path, json=vote, headers=user("ann").headers).status_code == 200
    path, headers, body = collector.got.get(timeout=20)
    assert (path, headers["content-type"], headers["x-team"]) == ("/v1/traces", "application/x-protobuf", "shop")
    span = ExportTraceServiceRequest.FromString(body).resource_spans[0].scope_spans[0].spans[0]
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (f"{trace_id:032x}", f"{span_id:016x}")
    [evaluation] = span.events
    assert evaluation.name == "gen_ai.evaluation.result"
    assert {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in evaluation.attributes} == {
        "gen_ai.evaluation.name": "user_feedback", "gen_ai.evaluation.score.value": 0.0,
        "gen_ai.evaluation.score.label": "dislike", "gen_ai.evaluation.explanation": "It is not."}


def test_what_was_not_registered_is_in_the_servers_log(server, traced):
    """For not every SDK says what it is answered. The rest of the export is registered."""
    tracer = traced.get_tracer("an.application")
    with tracer.start_as_current_span("chat", attributes={"gen_ai.operation.name": "chat"}):
        pass
    with tracer.start_as_current_span("chat", attributes={**CHAT, "gen_ai.response.id": "resp-2"}):
        pass
    assert traced.force_flush()
    assert server.message("resp-2").status_code == 200
    [line] = [line for line in server.log.splitlines() if "spans rejected" in line]
    assert "nobody is named" in line


def test_a_key_of_another_scope_is_told(server, caplog):
    """The exporter drops what it has, and says so in its log."""
    headers = {"authorization": f"Bearer {server_key(scope='feedback:read')}"}
    provider = TracerProvider(shutdown_on_exit=False)
    endpoint = f"http://127.0.0.1:{server.port}/v1/otlp/v1/traces"
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint, headers=headers)))
    with provider.get_tracer("an.application").start_as_current_span("chat", attributes=CHAT):
        pass
    provider.shutdown()
    assert "403" in caplog.text
