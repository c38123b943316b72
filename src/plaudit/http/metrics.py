"""What operators watch, in Prometheus's words. One registry an application, so that tests can have several."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Protocol

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client import Counter as Count
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from plaudit.http.exchange import Exchange
from plaudit.http.worker_metrics import Board, Sum
from plaudit.model import Missed

UNKNOWN_TOTAL = "plaudit_unknown_message_total"
VOTE_SUFFIX = ".vote"  # the operation that each contract's vote is called
LATENCY_BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
Tally = Counter[tuple[str, ...]]
BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class IssuerFacts(Protocol):
    """How one identity provider's keys are."""

    @property
    def issuer(self) -> str: ...

    @property
    def age_seconds(self) -> float | None:
        """Since the last fetch that succeeded; None before the first."""

    @property
    def keys(self) -> int: ...

    @property
    def fetches(self) -> int: ...

    @property
    def failures(self) -> int: ...


class WebhookFacts(Protocol):
    """How an endpoint is told: counted by this process, and the last three of all processes."""

    @property
    def endpoint_id(self) -> str: ...

    @property
    def project_id(self) -> str: ...

    @property
    def delivered(self) -> int: ...

    @property
    def failed(self) -> int:
        """Attempts."""

    @property
    def waiting(self) -> int: ...

    @property
    def oldest_seconds(self) -> float: ...

    @property
    def dead(self) -> int: ...


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._answers = _Answers()
        self.registry.register(self._answers)
        self.answered = self._answers.count
        self.batch_size = Histogram("plaudit_commit_batch_size", "Writes committed together",
                                    buckets=BATCH_BUCKETS, registry=self.registry)
        self.commit_seconds = Histogram("plaudit_commit_seconds", "Time of one commit, in seconds",
                                        buckets=LATENCY_BUCKETS_SECONDS, registry=self.registry)
        self._page: Collector = self.registry
        self.queue_depth = Gauge("plaudit_write_queue_depth", "Writes waiting for the next commit",
                                 registry=self.registry)

    def committed(self, writes: int, seconds: float) -> None:
        """Safe from the thread that writes."""
        self.batch_size.observe(writes)
        self.commit_seconds.observe(seconds)

    def watch_issuers(self, facts: Callable[[], Iterable[IssuerFacts]]) -> None:
        """Say with every reading how the identity providers' keys are."""
        self.registry.register(_Issuers(facts))

    def share(self, board: Board, place: int) -> Sum:
        """From now on what all workers counted is shown; `tell` them once a second what this one did."""
        Count("plaudit_worker_starts", "Starts of worker processes", registry=self.registry).inc()
        self._page = together = Sum(board, place, self.registry)
        return together

    def watch_missed(self, missed: Callable[[], Mapping[Missed, int]]) -> None:
        """Say with every reading what became of messages that votes were refused for."""
        self.registry.register(_MissedMessages(missed))

    def watch_webhooks(self, facts: Callable[[], Iterable[WebhookFacts]]) -> None:
        """Say with every reading how endpoints are told."""
        self.registry.register(_Webhooks(facts))

    def watch_shared_limits(self, are_up: Callable[[], bool]) -> None:
        """Say with every reading whether this process counts together with others."""
        Gauge("plaudit_shared_limits_up", "Processes that count limits in the shared store now",
              registry=self.registry).set_function(are_up)

    def unknown_messages(self, project_id: str) -> int:
        """Votes on messages that are not registered, since the server started, in all of its workers."""
        return int(sum(
            sample.value for family in self._page.collect() for sample in family.samples
            if sample.name == UNKNOWN_TOTAL and sample.labels.get("project") == project_id))

    def text(self) -> bytes:
        return generate_latest(self._page)


@dataclass(slots=True)
class _Latency:
    """A histogram's raw counts; the last bucket is for everything slower."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BUCKETS_SECONDS) + 1))
    sum_seconds: float = 0.0


class _Answers(Collector):
    """Counts an answer once, under all its labels, and splits the counts up when they are read: an answer is counted
    thousands of times a second and read every few seconds. Counted on the event loop only."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, int, str | None, str], int] = {}  # operation, status, error, project
        self._latencies: dict[str, _Latency] = {}

    def count(self, exchange: Exchange, seconds: float) -> None:
        project = exchange.project.id if exchange.project else ""
        key = (exchange.operation, exchange.status, exchange.error, project)
        self._counts[key] = self._counts.get(key, 0) + 1
        latency = self._latencies.get(exchange.operation)
        if latency is None:
            latency = self._latencies[exchange.operation] = _Latency()
        latency.buckets[bisect_left(LATENCY_BUCKETS_SECONDS, seconds)] += 1
        latency.sum_seconds += seconds

    def collect(self) -> Iterable[Metric]:
        requests, votes, unknown = Tally(), Tally(), Tally()
        for (operation, status, error, project), count in self._counts.items():
            requests[operation, str(status)] += count
            if operation.endswith(VOTE_SUFFIX):
                contract = operation.removesuffix(VOTE_SUFFIX)
                votes[contract, error or "stored", project] += count
                if error == "not_found":
                    unknown[contract, project] += count
        yield _counter("plaudit_requests", "Requests answered", ["operation", "status"], requests)
        yield _counter("plaudit_votes", "Votes asked for, by what became of them",
                       ["contract", "outcome", "project"], votes)
        yield _counter("plaudit_unknown_message", "Votes on a message that is not registered",
                       ["contract", "project"], unknown)
        yield self._latency()

    def _latency(self) -> Metric:
        family = HistogramMetricFamily("plaudit_request_seconds", "Time to answer, in seconds", labels=["operation"])
        bounds = [*map(str, LATENCY_BUCKETS_SECONDS), "+Inf"]
        for operation, latency in self._latencies.items():
            buckets = list(zip(bounds, accumulate(latency.buckets), strict=True))
            family.add_metric([operation], buckets, latency.sum_seconds)
        return family


def _counter(name: str, documentation: str, labels: list[str], tally: Tally) -> Metric:
    family = CounterMetricFamily(name, documentation, labels=labels)
    for values, count in tally.items():
        family.add_metric(values, count)
    return family


class _MissedMessages(Collector):
    def __init__(self, missed: Callable[[], Mapping[Missed, int]]) -> None:
        self._missed = missed

    def collect(self) -> Iterable[Metric]:
        tally = Tally()
        for missed, count in self._missed().items():
            tally[missed.project_id, missed.reason.value, missed.page] += count
        yield _counter("plaudit_missed_message", "Votes refused for an unknown message, by what became of it, and by "
                                                 "page", ["project", "reason", "page"], tally)


class _Webhooks(Collector):
    def __init__(self, facts: Callable[[], Iterable[WebhookFacts]]) -> None:
        self._facts = facts

    def collect(self) -> Iterable[Metric]:
        labels = ["endpoint", "project"]
        delivered = CounterMetricFamily("plaudit_webhook_delivered", "Events delivered", labels=labels)
        failed = CounterMetricFamily("plaudit_webhook_failed", "Attempts to deliver that failed", labels=labels)
        waiting = GaugeMetricFamily("plaudit_webhook_waiting", "Events not delivered yet", labels=labels)
        oldest = GaugeMetricFamily("plaudit_webhook_oldest_seconds", "Age of the oldest of those", labels=labels)
        dead = GaugeMetricFamily("plaudit_webhook_dead", "Events that were given up", labels=labels)
        for facts in self._facts():
            values = [facts.endpoint_id, facts.project_id]
            delivered.add_metric(values, facts.delivered)
            failed.add_metric(values, facts.failed)
            waiting.add_metric(values, facts.waiting)
            oldest.add_metric(values, facts.oldest_seconds)
            dead.add_metric(values, facts.dead)
        return [delivered, failed, waiting, oldest, dead]


class _Issuers(Collector):
    def __init__(self, facts: Callable[[], Iterable[IssuerFacts]]) -> None:
        self._facts = facts

    def collect(self) -> Iterable[Metric]:
        age = GaugeMetricFamily("plaudit_jwks_age_seconds", "Since an issuer's keys were last had", labels=["issuer"])
        keys = GaugeMetricFamily("plaudit_jwks_keys", "Usable keys of an issuer", labels=["issuer"])
        fetches = CounterMetricFamily("plaudit_jwks_fetches", "Attempts to fetch an issuer's keys", labels=["issuer"])
        failures = CounterMetricFamily("plaudit_jwks_failures", "Attempts that failed", labels=["issuer"])
        for facts in self._facts():
            if facts.age_seconds is not None:
                age.add_metric([facts.issuer], facts.age_seconds)
            keys.add_metric([facts.issuer], facts.keys)
            fetches.add_metric([facts.issuer], facts.fetches)
            failures.add_metric([facts.issuer], facts.failures)
        return [age, keys, fetches, failures]
