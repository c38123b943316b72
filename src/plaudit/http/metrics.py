"""What operators watch, in Prometheus's words. One registry an application, so that tests can have several."""

from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from plaudit.http.exchange import Exchange

VOTE_SUFFIX = ".vote"  # the operation that each contract's vote is called
LATENCY_BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


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

    def text(self) -> bytes:
        return generate_latest(self.registry)
