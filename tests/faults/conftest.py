"""Real servers, real files, real faults. What every test here needs."""

import subprocess
from pathlib import Path

import pytest
from serving import Plaudit

HERE = Path(__file__).parent
SHIMS = {
    "slow_fsync": HERE.parents[1] / "benchmarks" / "slow_fsync.c",  # slow or failing
    "shifted_clock": HERE / "shifted_clock.c",
}


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

    def compiled(name):
        library = folder / f"{name}.so"
        if not library.exists():
            subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, SHIMS[name], "-ldl"], check=True)
        return str(library)

    return lambda *names, **variables: {"LD_PRELOAD": ":".join(map(compiled, names)), **variables}
