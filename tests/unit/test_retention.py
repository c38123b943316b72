"""A server forgets what its projects keep for a while only, and goes on where a database was away."""

import asyncio

import pytest

from plaudit import background
from plaudit.errors import Unavailable
from plaudit.model import Plan, Project, Retention
from plaudit.people import Kept

NOW, DAY = 1_795_345_200_000, 24 * 3_600_000
PLAN = Plan("all", frozenset({"feedback"}))


class Remembering:
    """A store that has three parts of everything, and is away once."""

    def __init__(self):
        self.asked = []

    async def forget_old(self, project_id, what, before, after=None):
        self.asked.append((project_id, what, (NOW - before) // DAY, after))
        if self.asked.count(self.asked[-1]) == 1 and what is Kept.CONTENTS:
            raise Unavailable
        return {None: "a", "a": "b", "b": None}[after]


def project(name, **days):
    return Project(name, name, PLAN, "all", retention=Retention(**days))


async def asked_of(store, *projects, passes=1):
    async def at_an_end(_seconds):
        nonlocal passes
        if _seconds >= background.FORGET_SECONDS / 2:
            passes -= 1
        if not passes:
            raise asyncio.CancelledError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(background.asyncio, "sleep", at_an_end)
        with pytest.raises(asyncio.CancelledError):
            await background.forget_old(store, projects, lambda: NOW)
    return store.asked


@pytest.mark.anyio
async def test_each_project_by_its_own_days():
    """Part after part; what is kept for ever is not asked for."""
    asked = await asked_of(Remembering(), project("a", comments_days=7, votes_days=400), project("b"))
    assert asked == [("a", what, days, after) for what, days in ((Kept.COMMENTS, 7), (Kept.VOTES, 400))
                     for after in (None, "a", "b")]


@pytest.mark.anyio
async def test_what_could_not_be_done_is_done_by_the_next_pass():
    asked = await asked_of(Remembering(), project("a", contents_days=1), passes=2)
    assert [after for *_, after in asked] == [None, None, "a"]
