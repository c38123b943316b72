"""Hash partitions of the votes and of their history, for very large single nodes.

They are made with the tables. Their number cannot be changed afterwards: every row would have to move.
"""

import asyncpg

# What stands after a table's columns where it has no partitions, and after each partition's bounds where it has some:
# a partitioned table itself stores nothing and may not say how.
STORAGE = {"feedback": "WITH (fillfactor = 90)", "history": ""}


def with_partitions(sql: str, partitions: int) -> str:
    """A migration's text with its `{feedback_partitions}` and the like filled in."""
    for table, storage in STORAGE.items():
        sql = sql.replace(_place(table), "PARTITION BY HASH (message_id)" if partitions else storage)
    return sql


async def create_partitions(connection: asyncpg.Connection, sql: str, partitions: int) -> None:
    """Of the tables that this migration has made."""
    for table, storage in STORAGE.items():
        if _place(table) in sql:
            for number in range(partitions):
                await connection.execute(
                    f"CREATE TABLE {table}_p{number:04} PARTITION OF {table} "
                    f"FOR VALUES WITH (MODULUS {partitions}, REMAINDER {number}) {storage}")


async def count_partitions(connection: asyncpg.Connection) -> int:
    count: int = await connection.fetchval("SELECT count(*) FROM pg_inherits WHERE inhparent = 'feedback'::regclass")
    return count


def _place(table: str) -> str:
    return f"{{{table}_partitions}}"
