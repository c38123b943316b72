"""An index that is built while votes flow, on a table with partitions or without, as often as it takes.

An attempt that failed leaves an invalid index. It is dropped and built again; a unique one would go on refusing rows.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import asyncpg

CREATE = re.compile(r"CREATE (UNIQUE )?INDEX CONCURRENTLY (\w+) ON (\w+) (.+?);?", re.DOTALL)
WAIT_SECONDS = 600  # for transactions that are older than the index; votes do not wait behind it meanwhile

LEAVES = """
SELECT relid::regclass::text FROM pg_partition_tree($1::regclass) WHERE isleaf AND parentrelid IS NOT NULL ORDER BY 1"""
VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)"  # NULL: there is none

Briefly = Callable[[asyncpg.Connection, Callable[[], Awaitable[Any]]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Index:
    unique: str
    name: str
    table: str
    rest: str

    @classmethod
    def read(cls, sql: str) -> "Index":
        found = CREATE.fullmatch(sql)
        if found is None:
            raise ValueError(f"Not one CREATE INDEX CONCURRENTLY name ON table: {sql}")
        return cls(found[1] or "", found[2], found[3], found[4])

    def create(self, how: str, name: str, table: str) -> str:
        return f"CREATE {self.unique}INDEX {how} {name} ON {table} {self.rest}"


async def build(connection: asyncpg.Connection, sql: str, briefly: Briefly) -> None:
    """Return when the index is there and valid. `briefly` runs work in a transaction that does not hold up votes."""
    index = Index.read(sql)
    if await connection.fetchval(VALID, index.name):
        return
    leaves = [row[0] for row in await connection.fetch(LEAVES, index.table)]
    if not leaves:
        await _build_one(connection, index, index.name, index.table)
        return
    if await connection.fetchval(VALID, index.name) is None:  # PostgreSQL builds none concurrently over partitions:
        parent = index.create("", index.name, f"ONLY {index.table}")  # an empty one takes in those of the partitions
        await briefly(connection, partial(connection.execute, parent))
    for leaf in leaves:
        name = f"{index.name}_{leaf.rpartition('_')[2]}"
        await _build_one(connection, index, name, leaf)
        await briefly(connection, partial(connection.execute, f"ALTER INDEX {index.name} ATTACH PARTITION {name}"))


async def _build_one(connection: asyncpg.Connection, index: Index, name: str, table: str) -> None:
    valid = await connection.fetchval(VALID, name)
    if valid:
        return
    await connection.execute(f"SET lock_timeout = '{WAIT_SECONDS}s'; SET statement_timeout = 0")
    try:
        if valid is False:
            await _drop(connection, name)
        await connection.execute(index.create("CONCURRENTLY", name, table))
    except asyncpg.PostgresError:
        await _drop(connection, name)
        raise
    finally:
        if not connection.is_closed():
            await connection.execute("RESET lock_timeout; RESET statement_timeout")


async def _drop(connection: asyncpg.Connection, name: str) -> None:
    await connection.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
