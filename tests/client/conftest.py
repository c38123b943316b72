"""Both clients against real servers. Whatever is said of one holds of the other."""

import asyncio

import pytest
from both import Awaited
from gateway import gateway
from running import MAIN, plaudit, project, server_key
from serving import SERVER_KEY
from serving import Plaudit as Restartable

from plaudit.client import Plaudit


@pytest.fixture(params=[Plaudit, Awaited], ids=["blocking", "awaited"])
def kind(request):
    """Each of the two clients in turn."""
    return request.param


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with plaudit(tmp_path_factory.mktemp("plaudit"), [project(MAIN), project("other")]) as running:
        yield running


@pytest.fixture
def client(kind, server):
    with kind(f"http://127.0.0.1:{server.port}", server_key(), trust_env=False) as made:
        yield made


@pytest.fixture
def between(server):
    """Something that stands before the server, and can be told to misbehave."""
    with gateway(server.port) as standing:
        yield standing


@pytest.fixture
def restartable(tmp_path):
    """A server that can be killed and started again on the same port."""
    made = Restartable(tmp_path / "server")
    asyncio.run(made.start())
    yield made
    made.kill()


@pytest.fixture
def connect(kind):
    """Makes clients, which are closed in the end."""
    made = []

    def to(port, key=SERVER_KEY, **options):
        made.append(kind(f"http://127.0.0.1:{port}", key, trust_env=False, **options))
        return made[-1]

    yield to
    for client in made:
        client.close()
