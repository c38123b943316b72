"""The migrations that this release knows: numbered files, the same for both databases where they can be.

`NNNN_name.sql` is for both, `NNNN_name.sqlite.sql` and `NNNN_name.postgres.sql` for one. A released file is never
changed. What is out of the ordinary stands in lines of its own:

    -- phase: contract     drops what only older releases use; without it, a migration is one that they can live with
    -- run: concurrently   one CREATE INDEX CONCURRENTLY, outside a transaction
    -- run: batches        one statement that changes a few rows, run until there are none left
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from operator import attrgetter

FOLDERS: list[Traversable] = [files(__package__).joinpath("migrations")]
NAME = re.compile(r"(?P<number>\d{4})_(?P<name>\w+?)(\.(?P<database>sqlite|postgres))?\.sql", re.ASCII)
MARKER = re.compile(r"^-- (phase|run): (\w+)$", re.MULTILINE)


class Phase(StrEnum):
    EXPAND = "expand"  # servers of the release before go on working
    CONTRACT = "contract"  # they do not


class Run(StrEnum):
    TRANSACTION = "transaction"
    CONCURRENTLY = "concurrently"
    BATCHES = "batches"


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    phase: Phase
    run: Run
    sql: str


def known(database: str) -> list[Migration]:
    """Those for `sqlite` or `postgres`, ascending."""
    entries = (entry for folder in FOLDERS for entry in folder.iterdir())
    return sorted(_read(entries, database), key=attrgetter("number"))


def _read(entries: Iterable[Traversable], database: str) -> Iterable[Migration]:
    for entry in entries:
        found = NAME.fullmatch(entry.name)
        if found and found["database"] in {None, database}:
            sql = entry.read_text("utf-8")
            markers = dict(MARKER.findall(sql))
            yield Migration(int(found["number"]), found["name"], Phase(markers.get("phase", Phase.EXPAND)),
                            Run(markers.get("run", Run.TRANSACTION)), sql)


def bare(sql: str) -> str:
    """Without the lines that are comments."""
    return "\n".join(line for line in sql.splitlines() if not line.startswith("--")).strip()
