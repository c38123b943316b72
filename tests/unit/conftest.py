"""What the unit tests share: a clock, identity providers, and an authenticator on a real store."""

import itertools

import identity_provider
import pytest

from plaudit import rules
from plaudit.auth.authenticator import Authenticator, AuthSecrets
from plaudit.auth.jwks import JwksCache
from plaudit.auth.keys import new_server_key
from plaudit.model import Scope, ServerKey
from plaudit.store.sqlite import SqliteStore


@pytest.fixture
def anyio_backend() -> str:
    """Coroutines run on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture
def clock() -> identity_provider.Clock:
    return identity_provider.Clock()


@pytest.fixture
def provider():
    with identity_provider.running() as server:
        yield server


@pytest.fixture
def other_provider():
    with identity_provider.running() as server:
        yield server


@pytest.fixture
async def store(tmp_path, clock):
    store = await SqliteStore.open(tmp_path / "plaudit.db", rules.decide, now=clock)
    yield store
    await store.close()


@pytest.fixture
async def authenticator(store, clock):
    """Makes authenticators of some projects, as many as are asked for; the first project is the default one."""
    caches = []

    def make(*projects, **changes) -> Authenticator:
        caches.append(JwksCache(clock, timeout_seconds=0.3))
        numbers = itertools.count(1)
        arguments = {
            "default_project_id": projects[0].id,
            "store": store,
            "secrets": AuthSecrets(b"s" * 32, b"p" * 32),
            "jwks": caches[-1],
            "now": clock,
            "new_id": lambda: f"00000000-0000-4000-8000-{next(numbers):012}",
        }
        return Authenticator(projects, **{**arguments, **changes})

    yield make
    for cache in caches:
        await cache.aclose()


@pytest.fixture
def server_key():
    """A server key, and the project that has it."""
    key, sha256 = new_server_key()
    return key, identity_provider.project(server_keys=(ServerKey("main", sha256, frozenset(Scope)),))
