"""The race between a fresh answer's registration and the first vote on it: on one process, and on two."""

import asyncio
import random
from contextlib import contextmanager

import httpx2
import identity_provider
import pytest
from running import MAIN, bearer, fresh, plaudit, project, receipt, server_key, user
from wires import HANDAUNCLE, PLAUDIT

VOTES = 1000
AT_ONCE = 100
DELAY_SECONDS_MAX = 0.9  # of a registration behind its vote
PAGE = "https://shop.example/help"


@contextmanager
def serving(folder, **settings):
    with identity_provider.running() as provider:
        yield from _served(folder, provider.url, settings)


def _served(folder, jwks_url, settings):
    with plaudit(folder, [project(MAIN, jwks_url)], **settings) as server:
        yield server


@pytest.fixture
def patient(tmp_path):
    with serving(tmp_path, late_message_seconds=10) as server:  # a busy machine registers later than it means to
        yield server


class Race:
    """So many votes, a hundred at once, each with its registration a while behind; pages and back end apart."""

    def __init__(self, server, ann, *, with_receipts=False):
        self.url, self.ann, self.with_receipts = str(server.http.base_url), ann, with_receipts
        self.chance, self.turns = random.Random(20261125), asyncio.Semaphore(AT_ONCE)

    async def run(self):
        """What each vote was answered with."""
        limits = httpx2.Limits(max_connections=AT_ONCE)
        async with (httpx2.AsyncClient(base_url=self.url, timeout=30, limits=limits) as self.pages,
                    httpx2.AsyncClient(base_url=self.url, timeout=30, limits=limits) as self.back_end):
            return await asyncio.gather(*(self._take_turns(f"m-{number}") for number in range(VOTES)))

    async def _take_turns(self, message_id):
        async with self.turns:
            answer, _ = await asyncio.gather(self._vote(message_id), self._register(message_id))
            return answer.status_code

    async def _vote(self, message_id):
        signed = receipt(message_id, self.ann, f"c-{message_id}") if self.with_receipts else {}
        return await self.pages.post(PLAUDIT.url(message_id), json=PLAUDIT.like, headers={**self.ann.headers, **signed})

    async def _register(self, message_id):
        await asyncio.sleep(self.chance.uniform(0, DELAY_SECONDS_MAX))
        body = {"conversation_id": f"c-{message_id}", "role": "assistant", "owner": self.ann.owner}
        await self.back_end.put(f"/v1/messages/{message_id}", json=body, headers=bearer(server_key()))


def stored(server):
    """How many votes stand."""
    found, cursor = 0, None
    while True:
        query = {"limit": "1000", **({"cursor": cursor} if cursor else {})}
        page = server.http.get("/v1/feedback", params=query, headers=bearer(server_key())).json()
        found, cursor = found + len(page["items"]), page["cursor"]
        if cursor is None:
            return found


def test_no_vote_on_a_fresh_answer_is_lost(patient):
    """None is doubled either: each is the only one on its message."""
    answers = asyncio.run(Race(patient, user(fresh("ann"))).run())
    assert answers == [200] * VOTES
    assert stored(patient) == VOTES


def test_without_waiting_they_are(tmp_path):
    """The control."""
    with serving(tmp_path, late_message_seconds=0) as server:
        answers = asyncio.run(Race(server, user(fresh("ann"))).run())
        assert answers.count(404) > VOTES / 2
        assert stored(server) == answers.count(200)


def test_with_receipts_nobody_has_to_wait(tmp_path):
    with serving(tmp_path, late_message_seconds=0) as server:
        answers = asyncio.run(Race(server, user(fresh("ann")), with_receipts=True).run())
        assert answers == [200] * VOTES
        assert stored(server) == VOTES


def test_what_another_process_registers_is_seen_too(tmp_path, postgres_url):
    """Vote on one server, register on another."""
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
    with (serving(folders[0], database_url=postgres_url, late_message_seconds=5) as one,
          serving(folders[1], database_url=postgres_url) as other):
        ann, message_id = user(fresh("ann")), PLAUDIT.new_id()

        async def vote_here_and_register_there():
            vote = asyncio.create_task(asyncio.to_thread(PLAUDIT.vote, one, message_id, ann.headers))
            await asyncio.to_thread(other.register, message_id, ann)
            return await vote

        assert asyncio.run(vote_here_and_register_there()).status_code == 200


# ---------------------------------------------------------------- what was waited for in vain


def test_whoever_looks_after_the_server_sees_what_became_of_them(tmp_path):
    """By page, and whether the message came at all."""
    with serving(tmp_path, late_message_seconds=0.05) as server:
        ann, message_id = user(fresh("ann")), HANDAUNCLE.new_id()
        headers = {**ann.headers, "referer": f"{PAGE}?token=secret"}
        assert HANDAUNCLE.vote(server, message_id, headers).status_code == 404
        assert server.register(message_id, ann).status_code == 201
        metrics = server.http.get("/metrics", headers=bearer(server_key())).text
        assert f'plaudit_missed_message_total{{page="{PAGE}",project="main",reason="late"}} 1.0' in metrics
        assert "secret" not in metrics
