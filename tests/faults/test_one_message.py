"""Sixty-four clients of one person on one message, as if sixty-four windows were open."""

import asyncio

import pytest
from answers import HANDAUNCLE, Connection, flaw
from databases import opened
from load import settle
from register import contradictions
from serving import until

pytestmark = pytest.mark.anyio

CLIENTS = 64
VOTES_EACH = 5


async def say(server, person, message_id, client):
    """Five votes one after the other: what was said and what was answered."""
    connection, told = await Connection.to(server.port), []
    for number in range(VOTES_EACH):
        said = {"messageId": message_id, "rating": (1, -1)[number % 2], "feedback": f"{client} says {number}"}
        answer = await connection.ask(person.vote(message_id, said["rating"], said["feedback"]))
        assert flaw(HANDAUNCLE, answer) is None
        assert said.items() <= answer.json["data"].items()  # one's own answer, nobody else's
        told.append((said["rating"], said["feedback"]))
    await connection.close()
    return told


async def processes(server, number):
    """Whether so many answer."""
    return number == 1 or await server.metric('plaudit_workers{state="answering"}') == number


@pytest.mark.parametrize(("database", "workers"), [("sqlite", 1), ("postgres", 1), ("postgres", 2)],
                         indirect=["database"])
async def test_each_gets_its_own_answer_and_one_row_remains(plaudit, workers):
    """Revisions rise without a hole, each client's in its order; the last of them is what stands. That holds for two
    processes that overtake each other, too."""
    server = plaudit(environment={"PLAUDIT_WORKERS": str(workers)})
    await server.start()
    await until(lambda: processes(server, workers))
    person, *_ = await settle(server, 1)
    message_id = person.message_ids[0]
    told = await asyncio.gather(*(say(server, person, message_id, client) for client in range(CLIENTS)))
    assert await server.stop() == 0
    with opened(server.database) as reading:
        assert list(contradictions(reading)) == []
        history = reading.rows("SELECT revision, vote, comment FROM history ORDER BY seq")
        standing = reading.rows("SELECT revision, vote, comment FROM feedback")
    said = [(vote, comment) for _, vote, comment in history]
    assert [revision for revision, *_ in history] == list(range(1, CLIENTS * VOTES_EACH + 1))
    assert sorted(said) == sorted(it for of_one in told for it in of_one)
    for of_one in told:
        assert [it for it in said if it in of_one] == of_one
    assert standing == [history[-1]]
