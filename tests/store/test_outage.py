"""What the log says of a database that fails: enough to act on, not a line for each request."""

import pytest
from structlog.testing import capture_logs

from plaudit.store import outage
from plaudit.store.outage import Outage


@pytest.fixture
def seconds(monkeypatch):
    """What the clock says; the test moves it."""
    now = [100.0]
    monkeypatch.setattr(outage.time, "monotonic", lambda: now[0])
    return now


def test_a_failure_is_told_at_once_then_once_a_second_and_its_end_too(seconds):
    """However many there are between."""
    failing = Outage("database failed")
    with capture_logs() as lines:
        failing.over()
        for moment in (100.0, 100.1, 100.9, 101.2, 101.3, 102.5):
            seconds[0] = moment
            failing.failed(error="OSError")
        failing.over()
        failing.over()
    assert [(line["event"], line["failures"], line.get("seconds")) for line in lines] == [
        ("database failed", 1, None), ("database failed", 4, None), ("database failed", 6, None),
        ("database works again", 6, 2.5),
    ]


def test_the_next_outage_is_told_at_once_again(seconds):
    """It is another one."""
    failing = Outage("database failed")
    with capture_logs() as lines:
        failing.failed()
        failing.over()
        seconds[0] += 0.1
        failing.failed()
    assert [line["event"] for line in lines] == ["database failed", "database works again", "database failed"]
