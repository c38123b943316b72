"""Votes on messages that nobody registered are counted for each project, by all workers together."""

from plaudit.http.exchange import Exchange
from plaudit.http.metrics import Metrics
from plaudit.http.worker_metrics import Board


def answered(metrics, project, operation="siteassist.vote", error="not_found"):
    notes = Exchange("POST", [])
    notes.operation, notes.error, notes.status, notes.project = operation, error, 404, project
    metrics.answered(notes, 0.001)


def test_a_project_has_its_own_count(make_project):
    metrics, acme, other = Metrics(), make_project("acme"), make_project("other")
    for _ in range(3):
        answered(metrics, acme)
    answered(metrics, acme, operation="handauncle.vote")
    answered(metrics, other)
    answered(metrics, acme, error="forbidden")
    answered(metrics, acme, operation="plaudit.message")
    assert [metrics.unknown_messages(name) for name in ("acme", "other", "third")] == [4, 1, 0]


def test_workers_add_up(make_project):
    board, workers = Board(2), [Metrics(), Metrics()]
    shares = [worker.share(board, place) for place, worker in enumerate(workers)]
    for worker in workers:
        answered(worker, make_project("acme"))
    for share in shares:
        share.tell()
    assert [worker.unknown_messages("acme") for worker in workers] == [2, 2]
