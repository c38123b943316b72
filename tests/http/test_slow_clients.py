"""Hundreds of clients that never finish what they ask are hung up on, and those who ask properly notice nothing."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from raw import PATIENCE_SECONDS, Line, head, post
from running import MAIN, plaudit, project, user
from wires import SITEASSIST

CONNECTIONS = 170
TIMEOUT_SECONDS = 1.0
VOTES_AT_LEAST = 20


@pytest.fixture(scope="module")
def impatient(tmp_path_factory, jwks_url):
    folder = tmp_path_factory.mktemp("impatient")
    with plaudit(folder, [project(MAIN, jwks_url)], request_timeout_seconds=TIMEOUT_SECONDS) as running:
        yield running


@contextmanager
def crowd(port: int, greeting: bytes) -> Iterator[list[socket.socket]]:
    """So many connections, each with the same beginning."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(CONNECTIONS)]
        for each in sockets:
            each.settimeout(0)
            each.sendall(greeting)
        yield sockets


def is_open(connection: socket.socket, drop: bytes) -> bool:
    """Let one more drop fall, and see whether anybody is still there."""
    try:
        connection.send(drop)
        return connection.recv(4096) != b""
    except BlockingIOError:
        return True  # open, and nothing said
    except (ConnectionResetError, BrokenPipeError):
        return False


@pytest.mark.parametrize(("greeting", "drop"), [
    pytest.param(b"", b"", id="silent"),
    pytest.param(b"POST /v2/messages/x/feedback HTTP/1.1\r\nhost: x\r\nx-drip: ", b"x", id="head drip"),
    pytest.param(head("POST", "/v2/messages/x/feedback", {"content-type": "application/json",
                                                          "content-length": "16000"}), b" ", id="body drip"),
])
def test_drippers_are_closed_and_votes_go_on(impatient, greeting, drop):
    """Every vote in the meantime succeeds; each slow connection is closed without another byte being awaited."""
    ann = user()
    message_id = SITEASSIST.registered(impatient, ann)
    answers = []
    with crowd(impatient.port, greeting) as connections:
        waiting = connections
        deadline = time.monotonic() + PATIENCE_SECONDS
        while waiting or len(answers) < VOTES_AT_LEAST:
            answers.append(SITEASSIST.vote(impatient, message_id, ann.headers).status_code)
            waiting = [connection for connection in waiting if is_open(connection, drop)]
            assert time.monotonic() < deadline, f"{len(waiting)} are still connected"
    assert set(answers) == {200}


def test_a_request_that_takes_its_time_within_the_limit_is_answered(impatient):
    """In two pieces, on a connection that was used before: the time counts from a request's own first byte."""
    ann = user()
    request = post(SITEASSIST.url(SITEASSIST.registered(impatient, ann)), ann.headers, b'{"feedback":"like"}')
    with Line(impatient.port) as line:
        for _ in range(3):
            line.send(request[:40])
            SITEASSIST.vote(impatient, SITEASSIST.new_id(), ann.headers)
            assert line.ask(request[40:]).status == 200
