"""/readyz writes, to know whether votes can be stored; so it must cost little when everybody asks."""

import asyncio

import pytest

from plaudit.auth.authenticator import Authenticator, AuthSecrets
from plaudit.auth.jwks import JwksCache
from plaudit.errors import Unavailable
from plaudit.http.health import Access, Health
from plaudit.http.metrics import Metrics
from plaudit.rules import decide
from plaudit.service import Service
from plaudit.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio

NOW = 1_795_334_400_000


@pytest.fixture
def writes():
    """How many there were in each commit."""
    return []


@pytest.fixture
async def store(tmp_path, writes):
    opened = await SqliteStore.open(tmp_path / "plaudit.db", decide, now=lambda: NOW,
                                    when_committed=lambda count, _: writes.append(count))
    yield opened
    await opened.close()


@pytest.fixture
def health(store):
    authenticator = Authenticator([], None, store=store, secrets=AuthSecrets(b"s" * 32, b"p" * 32),
                                  jwks=JwksCache(lambda: NOW), now=lambda: NOW, new_id=str)
    service = Service(store, now=lambda: NOW, new_id=str)
    return Health(service, Metrics(), authenticator, Access.OFF, lambda: False)


async def test_all_who_ask_at_once_share_one_write(health, store, writes):
    answers = await asyncio.gather(*(health.readyz(None) for _ in range(100)))
    await store.close()  # a commit is counted after it was answered
    assert ({answer.status_code for answer in answers}, sum(writes)) == ({200}, 1)


async def test_who_asks_later_has_a_check_of_its_own(health, store, writes):
    """What was so a moment ago is not told again."""
    await health.readyz(None)
    await health.readyz(None)
    await store.close()
    assert sum(writes) == 2
    with pytest.raises(Unavailable):
        await health.readyz(None)


async def test_who_hangs_up_does_not_take_the_outcome_from_others(health):
    first, second = (asyncio.create_task(health.readyz(None)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).status_code == 200
