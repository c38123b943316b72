"""The process that watches over workers, whatever these do. Each case runs a script of its own, for it forks."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

SCRIPT = """
import os, select, signal, sys
from plaudit.cli import logs
from plaudit.workers import supervise

def stay(worker):
    print("here", worker.number, worker.is_last, flush=True)
    worker.say_ready()
    select.select([worker.parent_pipe], [], [])

def stay_well(worker):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    stay(worker)

{work}

logs.configure("json")
try:
    sys.exit(supervise({workers}, work, stop_seconds={stop_seconds}))
finally:
    print("over", flush=True)
"""

ENDS_WELL = """
def work(worker):
    try:
        stay_well(worker)
    except SystemExit:
        return 0
"""
HEARS_NOTHING = """
def work(worker):
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    stay(worker)
"""
CANNOT_START = """
def work(worker):
    print("tries", flush=True)
    return 3
"""
RAISES = """
def work(worker):
    raise ValueError("no idea")
"""
FAILS_LATER = """
def work(worker):
    worker.say_ready()
    return 4 if worker.number else stay(worker)
"""


@pytest.fixture
def supervised():
    """Starts such a script; whatever still runs in the end is killed."""
    made = []

    def start(work, workers=2, stop_seconds=10.0):
        script = SCRIPT.format(work=work, workers=workers, stop_seconds=stop_seconds)
        made.append(subprocess.Popen([sys.executable, "-c", script], text=True, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE))
        return made[-1]

    yield start
    for process in made:
        process.kill()
        process.communicate()


def heard(process, lines):
    return [process.stdout.readline() for _ in range(lines)]


def test_they_start_one_after_the_other_and_the_last_knows(supervised):
    process = supervised(ENDS_WELL, workers=3)
    assert heard(process, 3) == ["here 0 False\n", "here 1 False\n", "here 2 True\n"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_passed_on_and_the_end_is_a_good_one(supervised, number):
    process = supervised(ENDS_WELL)
    heard(process, 2)
    process.send_signal(number)
    assert (process.communicate(timeout=20), process.returncode) == (("over\n", ""), 0)


def test_who_does_not_stop_in_time_is_killed(supervised):
    """Which is no good end."""
    process = supervised(HEARS_NOTHING, stop_seconds=0.2)
    heard(process, 2)
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=20)
    assert (process.returncode, log.count("worker did not stop in time")) == (128 + signal.SIGKILL, 2)


@pytest.mark.parametrize(("work", "code", "said", "log"), [
    pytest.param(CANNOT_START, 3, "tries\nover\n", r"", id="it says why itself"),
    pytest.param(RAISES, 1, "over\n", r'.*"exception": "Traceback.*no idea.*\n', id="a bug"),
])
def test_what_keeps_the_first_from_starting_ends_all_at_once(supervised, work, code, said, log):
    """The exit code is its own; no other is started, and nobody tries again."""
    process = supervised(work)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, bool(re.fullmatch(log, err))) == (code, said, True)


def test_one_that_is_killed_is_replaced_by_one_that_is_not_the_last(supervised):
    """Before, it was said who was the last; now nobody waits for that."""
    process = supervised(ENDS_WELL + "\nprint('parent', os.getpid(), flush=True)")
    heard(process, 3)
    os.kill(newest_child(process.pid), signal.SIGKILL)
    assert heard(process, 1) == ["here 1 False\n"]


def newest_child(pid):
    found = subprocess.run(["ps", "--ppid", str(pid), "-o", "pid="], capture_output=True, text=True, check=True)
    return max(map(int, found.stdout.split()))


def test_one_that_fails_again_and_again_is_replaced_later_and_later(supervised):
    """The others are left alone."""
    process = supervised(FAILS_LATER)
    events = [json.loads(process.stderr.readline()) for _ in range(4)]
    assert [(event["worker"], event["exit_code"], event["pause_seconds"]) for event in events] == [
        (1, 4, 0.1), (1, 4, 0.2), (1, 4, 0.4), (1, 4, 0.8)]
    assert process.poll() is None
