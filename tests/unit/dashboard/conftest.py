"""Projects, for what knows no more of them than an id."""

import identity_provider
import pytest


@pytest.fixture
def make_project():
    return identity_provider.project
