"""One server for each worker and database, with every kind of project. A test that must break or strain one starts its
own."""

import identity_provider
import pytest
from damage import wreck
from raw import Line
from running import MAIN, every_kind_of_project, plaudit, project, user
from wires import WIRES


@pytest.fixture(scope="session")
def jwks_url():
    """An identity provider whose keys are there."""
    with identity_provider.running() as provider:
        yield provider.url


@pytest.fixture(scope="session")
def server(tmp_path_factory, jwks_url, database):
    folder = tmp_path_factory.mktemp("plaudit")
    with plaudit(folder, every_kind_of_project(jwks_url), log_requests="all", **database) as running:
        yield running


@pytest.fixture(params=WIRES, ids=lambda wire: wire.name)
def wire(request):
    """Each of the two contracts in turn."""
    return request.param


@pytest.fixture
def line(server):
    """A connection to write bytes on."""
    with Line(server.port) as connection:
        yield connection


@pytest.fixture(scope="session")
def damaged(tmp_path_factory, jwks_url):
    """A server that was started on a database with wrecked pages, and the id of a message there for each contract."""
    folder, projects = tmp_path_factory.mktemp("damaged"), [project(MAIN, jwks_url)]
    with plaudit(folder, projects) as sound:
        messages = {wire.name: wire.registered(sound, user()) for wire in WIRES}
    wreck(sound.database)
    with plaudit(folder, projects) as running:
        yield running, messages
