"""Spans registered by one server on its core: exports as the SDK sends them, 512 at once, in protobuf and gzip."""

import gzip
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import figures
import httpx2
import machine
import population
import server
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

EXPORT_SPANS = 512  # what OpenTelemetry's batch processor sends at once
EXPORTS = 100
SENDERS = 4
HEADERS = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
STARTED_AT = 1_795_334_400_000_000_000  # nanoseconds
USUAL: dict[str, str | int] = {
    "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-x",
    "gen_ai.response.model": "gpt-x-2026-11-22", "gen_ai.output.type": "text", "gen_ai.request.max_tokens": 1024,
    "gen_ai.usage.input_tokens": 812, "gen_ai.usage.output_tokens": 210, "server.address": "api.example.com",
    "server.port": 443,
}


def registered(setting: figures.Setting) -> figures.Row:
    """Raises SystemExit when one span was not taken."""
    setting.say("making spans")
    exports = [gzip.compress(_export(number)) for number in range(EXPORTS)]
    with server.running(setting.place) as running, population.client(running) as http:
        setting.say("registering spans")
        before, cpu_seconds = time.perf_counter(), machine.cpu_seconds(running.pid)
        with ThreadPoolExecutor(SENDERS) as senders:
            answers = list(senders.map(lambda export: _send(http, export), exports))
        seconds = time.perf_counter() - before
        cpu_seconds = machine.cpu_seconds(running.pid) - cpu_seconds
    if any(answer.status_code != httpx2.codes.OK or answer.content for answer in answers):
        raise SystemExit(f"Spans were not registered: {answers[0].status_code} {answers[0].content[:500]!r}")
    count = EXPORTS * EXPORT_SPANS
    return figures.Row("otlp_spans_registered_per_s", count / seconds, 3000, at_least=True,
                       note=f"exports of {EXPORT_SPANS}, in gzip; {cpu_seconds / count * 1e6:.0f} µs of CPU a span")


def _send(http: httpx2.Client, export: bytes) -> httpx2.Response:
    return http.post("/v1/otlp/v1/traces", content=export, headers=HEADERS)


def _export(number: int) -> bytes:
    spans = [_span(number * EXPORT_SPANS + n) for n in range(EXPORT_SPANS)]
    request = ExportTraceServiceRequest(resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=spans)])])
    return bytes(request.SerializeToString())


def _span(number: int) -> Span:
    return Span(trace_id=number.to_bytes(15) + b"t", span_id=number.to_bytes(7) + b"s", name="chat gpt-x",
                start_time_unix_nano=STARTED_AT, end_time_unix_nano=STARTED_AT + 10**9, attributes=_attributes(number))


def _attributes(number: int) -> Iterator[KeyValue]:
    said = {**USUAL, "gen_ai.response.id": f"resp_{number:032x}", "user.id": population.subject(number),
            "gen_ai.conversation.id": f"spans-{population.conversation_id(number)}"}
    for key, value in said.items():
        yield KeyValue(key=key, value=AnyValue(string_value=value) if isinstance(value, str)
                       else AnyValue(int_value=value))
    reasons = ArrayValue(values=[AnyValue(string_value="stop")])
    yield KeyValue(key="gen_ai.response.finish_reasons", value=AnyValue(array_value=reasons))
