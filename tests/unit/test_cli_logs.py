"""The log: one line an event whatever it holds, and the same for what libraries say."""

import json
import logging

import pytest
import structlog

from plaudit.cli import logs

HOSTILE = 'a\nb\r\u2028"{}\x1b[31m'


def test_an_event_is_one_line_of_json(capsys):
    logs.configure("json")
    structlog.get_logger("plaudit.test").info("vote", text=HOSTILE)
    line, = capsys.readouterr().err.splitlines()
    event = json.loads(line)
    assert (event["event"], event["text"], event["level"], event["logger"]) == ("vote", HOSTILE, "info", "plaudit.test")
    assert event["timestamp"].endswith("Z")


def test_a_bug_is_one_line_of_json(capsys):
    logs.configure("json")
    try:
        {}[HOSTILE]
    except KeyError:
        structlog.get_logger("plaudit.test").exception("bug")
    line, = capsys.readouterr().err.splitlines()
    assert json.loads(line)["exception"].startswith("Traceback")


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_what_a_library_says_is_one_line_too(log_format, capsys):
    """Below a warning, libraries are quiet."""
    logs.configure(log_format)
    logging.getLogger("uvicorn.error").info("started")
    logging.getLogger("uvicorn.error").warning("odd: %s", "thing")
    line, = capsys.readouterr().err.splitlines()
    assert "odd: thing" in line


def test_text_for_people_keeps_values_on_their_line(capsys):
    logs.configure("text")
    structlog.get_logger("plaudit.test").info("vote", text=HOSTILE)
    assert len(capsys.readouterr().err.splitlines()) == 1
