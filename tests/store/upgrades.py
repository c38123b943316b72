"""Releases before and after this one: the databases of those before, and what one after would change."""

from contextlib import closing
from pathlib import Path

import apsw

from plaudit.store import migration

HERE = Path(__file__).parent
NEXT_RELEASE = HERE / "next_release"
PAST_RELEASES = sorted((HERE / "releases").glob("*.sql"))


def become_the_next_release():
    """This process knows its migrations from now on."""
    migration.FOLDERS = [*migration.FOLDERS, NEXT_RELEASE]


def restore(dump, path):
    """A database as a past release left it."""
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute(dump.read_text("utf-8"))
