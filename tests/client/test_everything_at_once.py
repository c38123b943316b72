"""Killed, slow, full and rate-limiting, all in one story: what the client says of each message is compared with what is
in the database."""

import asyncio
import random

import pytest
from gateway import Hold, Lose, Refuse, gateway
from loopback import wait_until
from running import fresh
from serving import SERVER_KEY
from test_faults import ids, stored

from plaudit.client import Batching, Message, Visitor

TROUBLES = [
    lambda: Refuse(503, {"retry-after": "0"}), lambda: Refuse(429, {"retry-after": "0"}), lambda: Refuse(502),
    lambda: Refuse(500), lambda: Refuse(404), lambda: Refuse(200), lambda: Refuse(521),
    lambda: Lose(passed_on=True), lambda: Lose(passed_on=False), Hold,
]
BATCHING = Batching(waiting_max=100, lines_max=20)
ROUNDS = len(TROUBLES) // 2


def answers():
    """More than the buffer holds."""
    conversation = fresh("chat")
    return [Message(id=f"{conversation}-{number}", conversation_id=conversation, owner=Visitor("v"))
            for number in range(BATCHING.waiting_max + 50)]


@pytest.mark.parametrize("seed", [1])
def test_what_the_client_says_of_each_message_is_so(kind, restartable, seed):
    """Acknowledged: it is there. Dropped unsent: it is not. Each is counted once, and nothing is there twice."""
    dropped, messages = [], []
    troubles = [make() for make in random.Random(seed).sample(TROUBLES, 2 * ROUNDS)]
    with gateway(restartable.port) as between:
        client = kind(f"http://127.0.0.1:{between.port}", SERVER_KEY, trust_env=False, timeout_seconds=1.0,
                      close_seconds=0.1, on_dropped=dropped.append, batching=BATCHING)
        try:
            for number in range(ROUNDS):
                between.next.extend(troubles[2 * number:2 * number + 2])
                settled = client.counts.stored
                for message in (shown := answers()):
                    client.register(message)
                messages += shown
                wait_until(lambda settled=settled: client.counts.stored > settled)
                if number % 3 == 1:
                    restartable.kill()
                    asyncio.run(restartable.start())
        finally:
            client.close()
            for trouble in troubles:
                if isinstance(trouble, Hold):
                    trouble.released.set()
    restartable.kill()
    there, told = stored(restartable), {one.message.id: one.reason for one in dropped}
    assert client.counts.stored + client.dropped == len(messages)
    assert len(dropped) == len(told) == client.dropped
    assert ids(messages) - set(told) <= set(there) <= ids(messages)
    assert not {name for name, reason in told.items() if reason == "buffer_full"} & set(there)
    assert client.counts.stored
    assert client.counts.buffer_full
