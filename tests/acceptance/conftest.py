"""The server that a newcomer starts, for the tests of what a newcomer reads."""

import pytest
from command_line import started


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory):
    """A folder where nothing was but a server that has just been started for the first time, and its greeting."""
    folder = tmp_path_factory.mktemp("newcomer")
    with started(folder, "serve", "--port", "0", "--development") as (_, lines):
        yield folder, lines
