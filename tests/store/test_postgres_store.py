"""What only the store on PostgreSQL has to take care of."""

from dataclasses import replace

import pytest
from examples import NOW, a_message, a_vote

from plaudit.rules import decide
from plaudit.store.postgres import PostgresStore

pytestmark = pytest.mark.anyio

SECRET = "nobody but me knows"


def decide_wrongly(message, existing, submission):
    """A vote that changes before it is made, which the table refuses."""
    return replace(decide(message, existing, submission), created_at=NOW + 1, updated_at=NOW)


@pytest.mark.parametrize(("wrongly", "comment", "words"), [
    (decide_wrongly, SECRET, 'CheckViolationError: new row for relation "feedback" violates check constraint'),
    (decide, SECRET + "\ud800", "DataError: a value that cannot be sent"),
    (decide, SECRET + "\x00", 'CharacterNotInRepertoireError: invalid byte sequence for encoding "UTF8": 0x00'),
])
async def test_a_bug_is_told_without_what_was_sent(postgres_url, clock, wrongly, comment, words):
    """The server's and the driver's own words would show the comment in the log."""
    store = await PostgresStore.open(postgres_url, wrongly, now=clock)
    await store.register([a_message()])
    with pytest.raises(RuntimeError, match=words) as bug:
        await store.submit(a_vote(comment=comment))
    assert SECRET not in str(bug.getrepr(chain=True))
    await store.close()
