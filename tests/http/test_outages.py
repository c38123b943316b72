"""A server in trouble says so in each contract's own words, tells when to come back, and gives nothing away."""

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager

import apsw
import identity_provider
import pytest
from running import MAIN, plaudit, project, user
from wires import WIRES, Refusal

QUEUE_MAX = 2
AT_ONCE = 16
COMMENT = "a comment that no log may hold"


def check_unavailable(wire, answer) -> None:
    """503, and the time to wait is the same in header and body."""
    refusal = wire.refusal(answer)
    retry_after = refusal.details["retryAfter"]
    assert refusal == Refusal(503, "SERVICE_UNAVAILABLE", {"retryAfter": retry_after})
    assert (answer.headers["retry-after"], retry_after >= 1) == (str(retry_after), True)


@pytest.fixture(scope="module")
def small_queue(tmp_path_factory, jwks_url):
    folder = tmp_path_factory.mktemp("small-queue")
    with plaudit(folder, [project(MAIN, jwks_url)], queue_max=QUEUE_MAX) as running:
        yield running


@contextmanager
def held(database):
    """Nobody else writes while the block runs."""
    connection = apsw.Connection(str(database))
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def test_a_full_queue_answers_at_once_and_takes_votes_again_when_it_is_not(small_queue, wire):
    """Whoever was let in waits for the disk and is answered when it is back; the others are told to come back."""
    ann = user()
    message_id = wire.registered(small_queue, ann)
    with ThreadPoolExecutor(AT_ONCE) as voters:
        with held(small_queue.database):
            votes = [voters.submit(wire.vote, small_queue, message_id, ann.headers) for _ in range(AT_ONCE)]
            done, waiting = wait(votes, return_when=FIRST_COMPLETED)
            for vote in done:
                check_unavailable(wire, vote.result())
            assert waiting
        accepted = [vote for vote in votes if vote.result().status_code == 200]
    assert accepted
    assert len(small_queue.history(message_id)) == len(accepted)
    assert wire.vote(small_queue, message_id, ann.headers).status_code == 200


def test_a_damaged_database_takes_no_votes_and_says_how_to_restore(damaged, wire):
    server, messages = damaged
    check_unavailable(wire, wire.vote(server, messages[wire.name], user().headers))
    assert "plaudit restore BACKUP" in server.log


@pytest.fixture(scope="module")
def lost_table(tmp_path_factory, jwks_url):
    """A server whose table was renamed behind its back: whatever it does next with votes is a bug."""
    with plaudit(tmp_path_factory.mktemp("lost-table"), [project(MAIN, jwks_url)]) as running:
        messages = {wire.name: wire.registered(running, user()) for wire in WIRES}
        connection = apsw.Connection(str(running.database))
        connection.execute("ALTER TABLE feedback RENAME TO elsewhere")
        connection.close()
        yield running, messages


def test_a_bug_is_500_without_detail_and_its_request_id_finds_it_in_the_log(lost_table, wire):
    """The log has the trace, with neither the comment nor the token in it."""
    server, messages = lost_table
    ann = user()
    answer = wire.vote(server, messages[wire.name], ann.headers, {"rating": 1, "feedback": COMMENT}
                       if wire.name == "handauncle" else None)
    assert wire.refusal(answer) == Refusal(500, "INTERNAL_SERVER_ERROR", {})
    assert answer.json()["error"]["message"] == "An internal server error occurred"
    assert "sql" not in answer.text.lower()
    about_it = [line for line in server.log.splitlines() if answer.headers["x-request-id"] in line]
    [logged] = [line for line in about_it if "no such table" in line]
    assert "Traceback" in logged
    assert COMMENT not in server.log
    assert ann.headers["authorization"].split()[1] not in server.log


def test_a_known_issuer_that_fails_keeps_its_users(tmp_path, wire):
    """Its keys serve on while it is down: nobody who is signed in notices."""
    with (identity_provider.running() as provider,
          plaudit(tmp_path, [project(MAIN, provider.url)]) as server):
        warm = wire.registered(server, user())
        assert wire.vote(server, warm, user().headers).status_code == 200
        provider.fail()
        assert wire.vote(server, warm, user(azp="another token").headers).status_code == 200
