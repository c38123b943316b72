"""Votes of several transactions at once: what one process answered, another process's answers can rely on."""

import asyncio

import pytest
from examples import a_vote

from plaudit.errors import Unavailable
from plaudit.store.parallel_commit import ParallelCommit

pytestmark = pytest.mark.anyio


class Database:
    """It hangs until the test lets it go, and remembers what it was given."""

    def __init__(self):
        self.go = asyncio.Event()
        self.comments = []

    async def commit(self, submissions):
        self.comments += [submission.comment for submission in submissions]
        await self.go.wait()
        return [None for _ in submissions]


@pytest.fixture
async def database():
    return Database()


@pytest.fixture
async def commits(database, monkeypatch):
    """A queue of four in front of a database for which nobody waits long."""
    monkeypatch.setattr("plaudit.store.waiting.SWEEP_SECONDS", 0.01)
    opened = ParallelCommit(database.commit, writers=2, waiting_max=4, wait_seconds_max=0.05)
    yield opened
    database.go.set()
    await opened.close()


async def test_a_vote_that_was_given_up_is_not_taken_up(commits, database):
    """Its voter may have voted through another process since. The first was under way when it was given up: that one
    cannot be taken back. Those behind it, on the same message, leave their places to others."""
    for comments in (["first"], ["second", "third"], ["fourth", "fifth", "sixth", "seventh"]):
        refused = [commits.write(a_vote(comment=comment)) for comment in comments]
        for vote in refused:
            with pytest.raises(Unavailable, match="did not answer in time"):
                await vote
        assert commits.depth == 0
    database.go.set()
    last = commits.write(a_vote(comment="last"))
    assert await last is None
    assert database.comments == ["first", "last"]
