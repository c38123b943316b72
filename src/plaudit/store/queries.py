"""The statements of queries.sql, by name; PostgreSQL has a few of its own, in queries_postgres.sql. Those of
exports, imports, and of finding and erasing what is a person's stand apart, in exporting.sql, importing.sql, people.sql
and theirs for PostgreSQL.

What both databases understand is written once, as SQLite takes it. For PostgreSQL its hints to SQLite's planner are
left out, and `:name` becomes `$1`.
"""

import re
from functools import cache, lru_cache
from importlib.resources import files

PARTS = ("queries", "exporting", "importing", "people")
NAME = re.compile(r"^-- (\w+) --$", re.MULTILINE)
INDEX_HINT = re.compile(r" INDEXED BY \w+")
BINDING = re.compile(r"(?<![:\w]):([a-z]\w*)", re.ASCII)  # `::` is a cast
SHAPES_MAX = 1000  # of statements with their gaps filled


@cache
def queries() -> dict[str, str]:
    """Name -> SQL, without its comments, so that a statement cache sees the same short text each time."""
    return _all("")


@cache
def postgres_queries() -> dict[str, str]:
    """The same names for PostgreSQL, bindings still as `:name`."""
    shared = {name: INDEX_HINT.sub("", sql).replace("CROSS JOIN", "JOIN") for name, sql in queries().items()}
    return shared | _all("_postgres")


@lru_cache(maxsize=SHAPES_MAX)
def numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """A statement as PostgreSQL wants it, and the names of `$1`, `$2`, … in order."""
    names = tuple(dict.fromkeys(BINDING.findall(sql)))
    return BINDING.sub(lambda found: f"${names.index(found[1]) + 1}", sql), names


def _all(database: str) -> dict[str, str]:
    return {name: sql for part in PARTS for name, sql in _read(f"{part}{database}.sql").items()}


def _read(file: str) -> dict[str, str]:
    _, *parts = NAME.split(files(__package__).joinpath(file).read_text("utf-8"))
    return {name: _bare(text) for name, text in zip(parts[::2], parts[1::2], strict=True)}


def _bare(text: str) -> str:
    return "\n".join(line for line in text.strip().splitlines() if not line.startswith("--"))
