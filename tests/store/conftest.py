"""The stores that every test of `ports.Store` runs on. A further database is a further parameter here."""

import pytest
from examples import NOW, Clock

from plaudit.rules import decide
from plaudit.store.sqlite import SqliteStore


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


@pytest.fixture(params=["sqlite"])
async def store(request, sqlite_path, clock):
    """An empty store on a real disk."""
    opened = await {"sqlite": SqliteStore.open}[request.param](sqlite_path, decide, now=clock)
    yield opened
    await opened.close()
