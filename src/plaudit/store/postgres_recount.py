"""The totals are there and of the right zones before a server takes votes on PostgreSQL.

Servers of a build that keeps no totals must have stopped: nobody counts what they store.
"""

from collections.abc import Mapping
from functools import partial

import asyncpg

from plaudit.store.postgres_connections import run
from plaudit.store.postgres_migrate import alone
from plaudit.store.recount import is_due, recount

UNHURRIED = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"


async def keep_totals(connection: asyncpg.Connection, zones: Mapping[str, str]) -> None:
    """Raises `CannotOpen` when another process takes too long over it."""
    if await run(connection, partial(is_due, zones)):
        async with alone(connection), connection.transaction(isolation="repeatable_read"):
            await connection.execute(UNHURRIED)
            if await run(connection, partial(is_due, zones)):
                await run(connection, partial(recount, zones))
