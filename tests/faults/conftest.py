"""Real servers, real files, real faults. What every test here needs."""

import pytest
from serving import Plaudit
from shims import preload


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def database(request):
    """Where a test's servers keep their votes: each in a file of its own, unless the test is one for `EITHER`."""
    return request.getfixturevalue("postgres_url") if getattr(request, "param", "sqlite") == "postgres" else None


@pytest.fixture
async def plaudit(tmp_path, database):
    """Makes servers on this test's folder, not yet started; whatever still runs in the end is killed. No log of
    theirs shows a secret or a comment."""
    made = []

    def make(**options):
        made.append(Plaudit(tmp_path / f"server-{len(made)}", **{"database": database, **options}))
        return made[-1]

    yield make
    for server in made:
        server.kill()
    assert [told for server in made for told in server.told_secrets] == []


@pytest.fixture(scope="session")
def preloaded(tmp_path_factory):
    """The environment that puts shims between a server and its C library; the first is asked first."""
    folder = tmp_path_factory.mktemp("shims")
    return lambda *names, **variables: {**preload(folder, *names), **variables}
