"""Hundreds of clients that never finish what they ask are hung up on, and those who ask properly notice nothing."""

import itertools
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from raw import PATIENCE_SECONDS, Line, head, post
from running import MAIN, Plaudit, plaudit, project, user
from wires import SITEASSIST

CONNECTIONS = 170
TIMEOUT_SECONDS = 1.0
VOTES_AT_LEAST = 20
ENDLESS = 5_000
ANSWER_MESSAGES, CONTENT_CHARACTERS = 50, 250_000  # an answer larger than the system's buffers


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


def is_sent(line: Line, data: bytes) -> bool:
    try:
        line.send(data)
    except (ConnectionResetError, BrokenPipeError):
        return False
    return True


@pytest.mark.parametrize("drop", [
    pytest.param(b"x: y\r\n", id="trailers"),
    pytest.param(b"x" * 6, id="one trailer"),
])
def test_trailers_without_end_are_cut_off(server, drop):
    """Nobody can fill the memory with what comes behind a body."""
    chunked = {"content-type": "application/json", "transfer-encoding": "chunked"}
    with Line(server.port) as line:
        line.send(head("POST", "/v2/identity/init", chunked) + b"0\r\nx: y")
        sent = itertools.takewhile(lambda _: is_sent(line, drop * 1000), range(ENDLESS))
        assert len(list(sent)) < ENDLESS


def test_an_empty_line_does_not_keep_a_connection_for_ever(impatient):
    """It begins no request, so there is nothing else that would end the wait."""
    with Line(impatient.port) as line:
        assert line.ask(head("GET", "/livez")).status == 200
        line.send(b"\r\n")
        assert line.is_closed()


def test_an_answer_that_nobody_takes_is_given_up(impatient):
    """Its memory is wanted for others. Whoever takes the same answer gets all of it."""
    visitor, conversation_id = impatient.visitor(), str(uuid.uuid4())
    for _ in range(ANSWER_MESSAGES):
        impatient.register(str(uuid.uuid4()), visitor, conversation_id, content="x" * CONTENT_CHARACTERS)
    request = head("GET", f"/v2/conversations/{conversation_id}", visitor.headers)
    with Line(impatient.port) as reader, Line(impatient.port) as idle:
        assert len(reader.ask(request).body) > ANSWER_MESSAGES * CONTENT_CHARACTERS
        idle.send(request)
        idle.answer(bodyless=True)
        before, deadline = files_open(impatient), time.monotonic() + PATIENCE_SECONDS
        while files_open(impatient) >= before:
            assert time.monotonic() < deadline, "the answer is still held"


def files_open(server: Plaudit) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


@pytest.mark.parametrize("ending", [b"", b"GARBAGE\r\n\r\n"], ids=["hang up", "garbage"])
def test_who_leaves_before_the_answers_leaves_no_error_in_the_log(impatient, ending):
    """Several questions at once, and nobody there when they are answered: nothing that an operator need know."""
    ann = user()
    path = SITEASSIST.url(SITEASSIST.registered(impatient, ann))
    for _ in range(50):
        with Line(impatient.port) as line:
            line.send(post(path, ann.headers, b'{"feedback":"like"}') * 5 + ending)
    assert SITEASSIST.vote(impatient, SITEASSIST.registered(impatient, ann), ann.headers).status_code == 200
    assert '"level": "error"' not in impatient.log
