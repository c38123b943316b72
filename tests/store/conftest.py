"""The stores that every test of `ports.Store` runs on. A further database is a further parameter here."""

import pytest
from examples import NOW, Clock
from opening import open_store
from upgrades import become_the_next_release

from plaudit.rules import decide
from plaudit.store import migration


@pytest.fixture
def anyio_backend() -> str:
    """Coroutines run on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def sqlite_path(tmp_path):
    return tmp_path / "plaudit.db"


@pytest.fixture
def next_release(monkeypatch):
    """Makes this release the next one, until the test ends or says `monkeypatch.undo()`."""
    monkeypatch.setattr(migration, "FOLDERS", migration.FOLDERS)
    return become_the_next_release


@pytest.fixture(params=["sqlite", "postgres"])
def database(request):
    """An empty one of each kind in turn: a path or a URL."""
    return request.getfixturevalue({"sqlite": "sqlite_path", "postgres": "postgres_url"}[request.param])


@pytest.fixture
async def store(database, clock):
    """An empty store on a real disk."""
    opened = await open_store(database, decide, now=clock)
    yield opened
    await opened.close()
