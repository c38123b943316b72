"""Releases before and after this one: the databases of those before, and what one after would change."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw

from plaudit.store import migration
from plaudit.store.sqlite_migrate import newest_version

HERE = Path(__file__).parent
PAST_RELEASES = sorted((HERE / "releases").glob("*.sql"))

THIS = newest_version()  # the last migration of this release; the next one's have the numbers after it
RELEASED = list(range(1, THIS + 1))
ADDED = [THIS + 1, THIS + 2, THIS + 3]
TAKEN_AWAY = THIS + 4


@dataclass(frozen=True, slots=True)
class Numbered:
    """A file of next_release, under the number that it would have."""

    name: str
    path: Path

    def read_text(self, encoding: str) -> str:
        return self.path.read_text(encoding)


class NextRelease:
    """A folder of migrations. Its files are numbered from 1, so that they stay as they are when this release grows."""

    def iterdir(self) -> Iterator[Numbered]:
        for path in (HERE / "next_release").iterdir():
            number, _, rest = path.name.partition("_")
            yield Numbered(f"{THIS + int(number):04}_{rest}", path)


def become_the_next_release():
    """This process knows its migrations from now on."""
    migration.FOLDERS = [*migration.FOLDERS, NextRelease()]


def restore(dump, path):
    """A database as a past release left it."""
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute(dump.read_text("utf-8"))
