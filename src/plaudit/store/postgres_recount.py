"""The totals are there and of the right zones before a server takes votes on PostgreSQL.

Servers of a release that keeps no totals, or of another time zone, must have stopped: nobody counts what they store.
While all is counted anew, nobody stores anything.
"""

from collections.abc import Mapping
from functools import partial

import asyncpg

from plaudit.store.postgres_connections import run
from plaudit.store.postgres_migrate import alone
from plaudit.store.recount import is_due, keep

UNHURRIED = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
STILL = """
SET LOCAL lock_timeout = '5s';
LOCK TABLE messages, feedback, totals_changes, review_queue IN SHARE MODE"""  # before anything is read


async def keep_totals(connection: asyncpg.Connection, zones: Mapping[str, str]) -> None:
    """Raises `CannotOpen` when another process takes too long over it."""
    if await run(connection, partial(is_due, zones)):
        async with alone(connection), connection.transaction(isolation="repeatable_read"):
            await connection.execute(UNHURRIED)
            await connection.execute(STILL)
            if await run(connection, partial(is_due, zones)):
                await run(connection, partial(keep, zones))
