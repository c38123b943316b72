"""Metrics of several processes as one page."""

import time

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from structlog.testing import capture_logs

from plaudit.http.metrics import Metrics
from plaudit.http.worker_metrics import HALF_BYTES, Board, Family, Sample, Sum, added_up


def page(metrics):
    """The lines that say something, without the times of making."""
    return {line for line in metrics.text().decode().splitlines() if line[0] != "#" and "_created" not in line}


@pytest.fixture
def board():
    return Board(2)


def started(board, place, commits):
    """A worker that has committed so often, and told of it."""
    metrics = Metrics()
    together = metrics.share(board, place)
    for _ in range(commits):
        metrics.committed(2, 0.01)
    together.tell()
    return metrics


def test_whoever_is_asked_shows_the_sum(board):
    workers = [started(board, 0, 1), started(board, 1, 3)]
    expected = {"plaudit_commit_batch_size_count 4.0", "plaudit_commit_batch_size_sum 8.0",
                'plaudit_commit_batch_size_bucket{le="1.0"} 0.0', 'plaudit_commit_batch_size_bucket{le="2.0"} 4.0',
                "plaudit_worker_starts_total 2.0", 'plaudit_workers{state="answering"} 2.0',
                'plaudit_workers{state="silent"} 0.0'}
    assert [expected - page(worker) for worker in workers] == [set(), set()]


def test_what_it_knows_itself_is_as_of_now(board):
    worker = started(board, 0, 1)
    worker.committed(1, 0.01)
    assert "plaudit_commit_batch_size_count 2.0" in page(worker)


def test_what_was_shown_is_still_counted_when_it_is_killed_at_once(board):
    """A sum that falls is taken for a restart."""
    killed, other = started(board, 0, 1), started(board, 1, 1)
    killed.committed(1, 0.01)
    assert "plaudit_commit_batch_size_count 3.0" in page(killed)
    assert "plaudit_commit_batch_size_count 3.0" in page(other)


def test_who_takes_a_place_goes_on_from_what_was_counted_there(board):
    """Gauges it begins anew: what waited has gone with the one that died."""
    gone = Metrics()
    gone.queue_depth.set(7)
    gone.share(board, 0).tell()
    started(board, 0, 1)
    last = started(board, 0, 1)
    assert {"plaudit_commit_batch_size_count 2.0", "plaudit_worker_starts_total 3.0", "plaudit_write_queue_depth 0.0",
            'plaudit_workers{state="silent"} 1.0'} - page(last) == set()


def test_who_says_nothing_is_called_silent_and_still_counted(board, monkeypatch):
    started(board, 1, 3)
    later_seconds = time.monotonic() + 4
    monkeypatch.setattr(time, "monotonic", lambda: later_seconds)
    assert {"plaudit_commit_batch_size_count 4.0", 'plaudit_workers{state="answering"} 1.0',
            'plaudit_workers{state="silent"} 1.0'} - page(started(board, 0, 1)) == set()


FIRST, SECOND, THIRD = (
    [Family("a", "about", "counter", [Sample("a_total", {}, value)])] for value in (1.0, 2.0, 3.0))


@pytest.mark.parametrize("arrived", range(0, 40, 3))
def test_what_was_half_written_is_read_as_it_was_before(board, arrived):
    """However many bytes of it have arrived."""
    board.write(0, 1, FIRST)
    start = board._start(0, 3)
    before = board._memory[start:start + 100]
    board.write(0, 2, SECOND)
    board.write(0, 3, THIRD)
    assert board.read(0).families == THIRD
    board._memory[start + arrived:start + 100] = before[arrived:]
    assert (board.read(0).turn, board.read(0).families) == (2, SECOND)


def test_more_than_there_is_room_for_leaves_what_was_there(board):
    board.write(0, 1, FIRST)
    with capture_logs() as lines:
        board.write(0, 2, [Family("a", "x" * HALF_BYTES, "counter", [])])
    assert board.read(0).families == FIRST
    assert [line["event"] for line in lines] == ["metrics are too many to be added up"]


def test_of_what_means_the_same_everywhere_the_greatest_is_shown():
    """An issuer's keys are not more because two processes have them."""
    pages = [[Family("plaudit_jwks_keys", "", "gauge", [Sample("plaudit_jwks_keys", {"issuer": "i"}, value)])]
             for value in (2.0, 3.0)]
    assert added_up(pages)[0].samples == [Sample("plaudit_jwks_keys", {"issuer": "i"}, 3.0)]


def test_every_kind_of_metric_survives(board):
    """A label that only one of them has, too."""
    registry = CollectorRegistry()
    Counter("c", "about", ["x"], registry=registry).labels("1").inc(5)
    Gauge("g", "about", registry=registry).set(2)
    Histogram("h", "about", registry=registry, buckets=[1, 2]).observe(1.5)
    board.write(1, 1, [Family("c", "about", "counter", [Sample("c_total", {"x": "2"}, 1.0)])])
    samples = {(sample.name, *sample.labels.values()): sample.value
               for metric in Sum(board, 0, registry).collect() for sample in metric.samples}
    assert {("c_total", "1"): 5, ("c_total", "2"): 1, ("g",): 2, ("h_bucket", "1.0"): 0, ("h_bucket", "2.0"): 1,
            ("h_count",): 1, ("h_sum",): 1.5}.items() <= samples.items()
