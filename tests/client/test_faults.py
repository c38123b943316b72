"""A server that is killed, stands still, is full, limits, or is cut off: nothing that was acknowledged is lost, nothing
is there twice, and what was dropped is known to the last message."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from databases import opened
from gateway import Hold, Lose, Refuse
from loopback import wait_until
from running import MAIN, fresh, plaudit, project, server_key
from test_outages import held

from plaudit.client import Batching, Counts, Message, Plaudit, RateLimited, Unavailable, Visitor

BURST = 3000
EAGER = {"timeout_seconds": 2.0}
TOO_MANY = b'{"error": {"code": "rate_limited", "message": "Later", "request_id": "r"}}'


def answers(number, conversation=None):
    conversation = conversation or fresh("chat")
    return [Message(id=f"{conversation}-{index}", conversation_id=conversation, owner=Visitor("v"))
            for index in range(number)]


def stored(server):
    """The ids of all messages in the database of a server that is not running."""
    with opened(server.database) as reading:
        assert reading.damage() == []
        return [row[0] for row in reading.rows("SELECT message_id FROM messages")]


def ids(messages):
    return {message.id for message in messages}


@pytest.fixture
def dropped():
    return []


# ---------------------------------------------------------------- killed


def test_a_burst_outlives_a_server_that_is_killed_and_started_again(connect, restartable, dropped):
    """Twice, in the middle of it."""
    client, messages = connect(restartable.port, on_dropped=dropped.append, **EAGER), answers(BURST)
    for part in range(3):
        for message in messages[part::3]:
            assert client.register(message)
        wait_until(lambda part=part: client.counts.stored > part * BURST // 3)
        if part < 2:
            restartable.kill()
            asyncio.run(restartable.start())
    assert client.flush()
    assert (client.counts, dropped) == (Counts(stored=BURST), [])
    restartable.kill()
    assert sorted(stored(restartable)) == sorted(ids(messages))


def test_what_was_acknowledged_before_the_server_died_for_good_is_there_and_the_rest_is_named(
        connect, restartable, dropped):
    """Closing takes no longer than it may. What was given up may be there all the same; nothing else is missing."""
    client = connect(restartable.port, on_dropped=dropped.append, close_seconds=0.5,
                     batching=Batching(lines_max=50), **EAGER)
    messages = answers(BURST)
    for message in messages:
        client.register(message)
    wait_until(lambda: client.counts.stored)
    restartable.kill()
    began = time.monotonic()
    client.close()
    assert time.monotonic() - began < 5
    counts = client.counts
    assert counts.stored + counts.given_up == BURST
    assert [one.reason for one in dropped] == ["given_up"] * counts.given_up
    given_up = ids(one.message for one in dropped)
    assert ids(messages) - given_up <= set(stored(restartable)) <= ids(messages)
    assert len(given_up) == counts.given_up


def test_a_vote_is_cast_once_though_the_server_is_killed_before_it_answers(kind, between, server):
    """Cut off with and without having been heard: the vote is repeated and stands once."""
    person = server.visitor()
    token = person.headers["authorization"].removeprefix("Bearer ")
    message_id = fresh("answer")
    server.register(message_id, person)
    between.next.extend([Lose(passed_on=True), Lose(passed_on=False), Lose(passed_on=True)])
    with kind(f"http://127.0.0.1:{between.port}", server_key(), trust_env=False) as client:
        assert client.submit(message_id, "dislike", comment="It is 43.", token=token).vote == "dislike"
    assert [(vote["vote"], vote["comment"]) for vote in server.standing(message_id)] == [("dislike", "It is 43.")]
    assert len(between.heard) == 4


def test_a_batch_whose_answer_is_lost_is_stored_once_and_not_dropped(connect, between):
    """The second time the server says that it has it."""
    client, messages = connect(between.port, server_key()), answers(10)
    between.next.append(Lose(passed_on=True))
    for message in messages:
        client.register(message)
    assert client.flush()
    assert client.counts == Counts(stored=10)
    assert all(client.message(message.id).conversation_id == message.conversation_id for message in messages)


# ---------------------------------------------------------------- slow


def test_a_server_that_stands_still_holds_up_nobody_who_registers(connect, restartable):
    """The buffer fills instead; when the server goes on, so does everything."""
    client, messages = connect(restartable.port, timeout_seconds=0.3), answers(BURST)
    asyncio.run(restartable.pause())
    for message in messages:
        client.register(message)
    assert not client.flush(0.5)
    assert client.counts == Counts(waiting=BURST)
    restartable.resume()
    assert client.flush()
    assert client.counts == Counts(stored=BURST)
    restartable.kill()
    assert sorted(stored(restartable)) == sorted(ids(messages))


def test_an_answer_that_does_not_come_is_waited_for_no_longer_than_was_said(connect, between):
    """And asked for anew."""
    between.next.extend([hold := Hold(), Hold(hold.released)])
    client, [message] = connect(between.port, server_key(), timeout_seconds=1.0), answers(1)
    try:
        assert client.register_now(message).created
    finally:
        hold.released.set()
    assert len(between.heard) == 3


# ---------------------------------------------------------------- full


def test_whoever_is_told_that_the_server_is_full_comes_back(tmp_path_factory, kind):
    """503 with Retry-After, by a queue that is full because nothing gets onto the disk."""
    folder, messages = tmp_path_factory.mktemp("full"), answers(12)
    with plaudit(folder, [project(MAIN)], queue_max=1) as server, ThreadPoolExecutor(len(messages)) as several, \
            kind(f"http://127.0.0.1:{server.port}", server_key(), trust_env=False) as client:
        with held(server.database):
            registered = [several.submit(client.register_now, message) for message in messages]
            wait_until(lambda: '"status": 503' in server.log or '"status":503' in server.log)
        assert [answer.result().created for answer in registered] == [True] * len(messages)
        assert client.counts == Counts()


def test_a_full_buffer_drops_what_comes_then_and_tells_which(connect, restartable, dropped):
    """To the last message; those that wait are sent."""
    asyncio.run(restartable.pause())
    client = connect(restartable.port, on_dropped=dropped.append, timeout_seconds=0.3,
                     batching=Batching(waiting_max=100))
    messages = answers(250)
    assert [client.register(message) for message in messages] == [True] * 100 + [False] * 150
    assert [(one.message, one.reason) for one in dropped] == [(message, "buffer_full") for message in messages[100:]]
    assert client.counts == Counts(waiting=100, buffer_full=150)
    restartable.resume()
    assert client.flush()
    assert (client.counts, client.dropped) == (Counts(stored=100, buffer_full=150), 150)
    restartable.kill()
    assert sorted(stored(restartable)) == sorted(ids(messages[:100]))


# ---------------------------------------------------------------- limited


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    """A server that lets an address ask three times a minute."""
    with plaudit(tmp_path_factory.mktemp("limited"), [project(MAIN)], per_address_per_minute=3) as running:
        yield running


def test_a_limit_that_is_longer_than_all_patience_is_said_at_once(limited, kind):
    with kind(f"http://127.0.0.1:{limited.port}", server_key(), trust_env=False, total_seconds=1.0) as client:
        with pytest.raises(RateLimited) as refused:
            list(map(client.register_now, answers(4)))
        assert (refused.value.status, refused.value.code) == (429, "rate_limited")
        assert 1 < refused.value.retry_after_seconds <= 60


def test_a_limit_is_waited_for_and_nothing_is_lost(connect, between):
    """As long as the server said, and then all of it is stored."""
    between.next.extend([Refuse(429, {"retry-after": "1"}, TOO_MANY), Refuse(503, {"retry-after": "1"})])
    client, messages = connect(between.port, server_key()), answers(500)
    began = time.monotonic()
    for message in messages:
        client.register(message)
    assert client.flush()
    assert time.monotonic() - began >= 2
    assert client.counts == Counts(stored=500)
    assert len(between.heard) == 3  # twice in vain, then with all that came meanwhile


def test_closing_does_not_come_back_before_the_server_wants_it(connect, between, dropped):
    """What is not sent in time is given up."""
    between.next.append(Refuse(429, {"retry-after": "60"}, TOO_MANY))
    client = connect(between.port, server_key(), close_seconds=0.2, on_dropped=dropped.append)
    [message] = answers(1)
    client.register(message)
    wait_until(lambda: between.heard)
    client.close()
    assert [(one.message, one.reason) for one in dropped] == [(message, "given_up")]
    assert len(between.heard) == 1


def test_closing_does_not_wait_for_pauses_of_its_own(connect, restartable):
    """The server is back, and the client was about to wait for seconds before it looks."""
    client = connect(restartable.port, timeout_seconds=0.5)
    restartable.kill()
    for message in answers(10):
        client.register(message)
    assert not client.flush(2.0)
    asyncio.run(restartable.start())
    client.close()
    assert client.counts == Counts(stored=10)


# ---------------------------------------------------------------- refused


def test_what_the_server_refuses_is_named_with_its_reason_and_the_rest_is_stored(connect, server, dropped):
    client = connect(server.port, server_key(), on_dropped=dropped.append)
    messages = answers(100)
    others = [Message(id=f"{message.id}-not", conversation_id=message.conversation_id, owner=Visitor("somebody else"))
              for message in messages[:2]]
    for message in [*messages[:50], *others, *messages[50:]]:
        client.register(message)
    assert client.flush()
    assert client.counts == Counts(stored=100, refused=2)
    assert [(one.message, one.reason, one.error.code, dict(one.error.details)) for one in dropped] == [
        (message, "refused", "conflict", {"resource": "conversation", "field": "owner"}) for message in others]


def test_a_key_that_is_not_believed_is_said_with_each_message(connect, server, dropped):
    client = connect(server.port, "sk_nobody", on_dropped=dropped.append)
    for message in answers(3):
        client.register(message)
    assert client.flush()
    assert client.counts == Counts(refused=3)
    assert [one.error.status for one in dropped] == [401] * 3


def test_a_proxy_that_takes_only_small_bodies_costs_only_what_is_larger_itself(connect, between, dropped):
    """Batches get as small as it wants them."""
    between.limit = Refuse(413, over_bytes=2000)
    client = connect(between.port, server_key(), on_dropped=dropped.append)
    conversation = fresh("chat")
    large = Message(id=f"{conversation}-large", conversation_id=conversation, owner=Visitor("v"), content="x" * 3000)
    messages = answers(100, conversation)
    for message in [*messages[:40], large, *messages[40:]]:
        client.register(message)
    assert client.flush()
    assert client.counts == Counts(stored=100, refused=1)
    assert [(one.message, one.error.status) for one in dropped] == [(large, 413)]


def test_a_page_of_maintenance_is_no_acknowledgement(connect, between):
    """Not even with status 200."""
    between.next.extend([Refuse(200), Refuse(302, {"location": "/maintenance"}), Refuse(200, body=b'{"results": []}')])
    client, messages = connect(between.port, server_key()), answers(5)
    for message in messages:
        client.register(message)
    assert client.flush()
    assert client.counts == Counts(stored=5)
    assert {client.message(message.id).id for message in messages} == ids(messages)


# ---------------------------------------------------------------- control


def test_control_without_a_second_attempt_the_same_faults_lose(between):
    """So it is the repeating that keeps everything above."""
    between.next.extend([Lose(passed_on=False), Refuse(503)])
    with Plaudit(f"http://127.0.0.1:{between.port}", server_key(), trust_env=False, total_seconds=0.01) as client:
        for message in answers(2):
            with pytest.raises(Unavailable):
                client.register_now(message)


def test_many_threads_may_register_at_once(server):
    """Every one of their messages is counted."""
    threads = 8
    with Plaudit(f"http://127.0.0.1:{server.port}", server_key(), trust_env=False) as client:
        start = threading.Barrier(threads)

        def register(messages):
            start.wait()
            return [client.register(message) for message in messages]

        with ThreadPoolExecutor(threads) as several:
            taken = list(several.map(register, [answers(200) for _ in range(threads)]))
        assert client.flush()
        assert (taken, client.counts) == ([[True] * 200] * threads, Counts(stored=200 * threads))
