"""What operators watch, in Prometheus's words. One registry an application, so that tests can have several."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from plaudit.http.exchange import Exchange

VOTE_SUFFIX = ".vote"  # the operation that each contract's vote is called
LATENCY_BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
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


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter("plaudit_requests", "Requests answered", ["operation", "status"],
                                 registry=self.registry)
        self._latency = Histogram("plaudit_request_seconds", "Time to answer, in seconds", ["operation"],
                                  buckets=LATENCY_BUCKETS_SECONDS, registry=self.registry)
        self._votes = Counter("plaudit_votes", "Votes asked for, by what became of them",
                              ["contract", "outcome", "project"], registry=self.registry)
        self._unknown = Counter("plaudit_unknown_message", "Votes on a message that is not registered",
                                ["contract", "project"], registry=self.registry)
        self.batch_size = Histogram("plaudit_commit_batch_size", "Writes committed together",
                                    buckets=BATCH_BUCKETS, registry=self.registry)
        self.commit_seconds = Histogram("plaudit_commit_seconds", "Time of one commit, in seconds",
                                        buckets=LATENCY_BUCKETS_SECONDS, registry=self.registry)
        self.queue_depth = Gauge("plaudit_write_queue_depth", "Writes waiting for the next commit",
                                 registry=self.registry)
        # Looking a child up by its labels costs more than counting it.
        self._request_child = lru_cache(1024)(self._requests.labels)
        self._latency_child = lru_cache(256)(self._latency.labels)
        self._vote_child = lru_cache(4096)(self._votes.labels)

    def answered(self, exchange: Exchange, seconds: float) -> None:
        operation = exchange.operation
        self._request_child(operation, str(exchange.status)).inc()
        self._latency_child(operation).observe(seconds)
        if operation.endswith(VOTE_SUFFIX):
            contract = operation.removesuffix(VOTE_SUFFIX)
            project = exchange.project.id if exchange.project else ""
            self._vote_child(contract, exchange.error or "stored", project).inc()
            if exchange.error == "not_found":
                self._unknown.labels(contract, project).inc()

    def committed(self, writes: int, seconds: float) -> None:
        """Safe from the thread that writes."""
        self.batch_size.observe(writes)
        self.commit_seconds.observe(seconds)

    def watch_issuers(self, facts: Callable[[], Iterable[IssuerFacts]]) -> None:
        """Say with every reading how the identity providers' keys are."""
        self.registry.register(_Issuers(facts))

    def text(self) -> bytes:
        return generate_latest(self.registry)


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
