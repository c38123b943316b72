"""`plaudit copy`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from plaudit.cli import Misused
from plaudit.cli.options import Config, read
from plaudit.settings.table import POSTGRES

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from plaudit.store.copy import Compared, Progress, Source, Target

SQLITE = "sqlite:"
HASH_DIGITS = 12  # enough to compare by eye, and the line fits


def copy(source: Annotated[str, typer.Option("--from", metavar="URL", help="The database to read; its server is "
                                             "stopped.")],
         target: Annotated[str, typer.Option("--to", metavar="URL", help="An empty database, or an unfinished copy.")],
         restart: Annotated[bool, typer.Option("--restart", help="Throw an unfinished copy away and begin anew.")
                            ] = False,
         verify: Annotated[bool, typer.Option("--verify", help="Only compare the two; change nothing.")] = False,
         config: Config = None) -> None:
    """Copy everything into another database.

    All votes, messages and their history, compared row by row at the end. From SQLite to PostgreSQL or back. Both
    addresses are as in setting database_url. The servers of both are stopped meanwhile. A copy that was interrupted
    goes on where it stopped when the same command is run again; until it is verified, no server uses it. A password
    is better in PGPASSWORD or ~/.pgpass than in an address.

    Examples:

      plaudit copy --from sqlite:plaudit-data/plaudit.db --to postgresql://plaudit@db.example/votes

      plaudit copy --from postgresql://plaudit@db.example/votes --to sqlite:votes.db
    """
    import uvloop

    from plaudit.cli import logs
    from plaudit.cli.copy_progress import followed
    from plaudit.store.counted import counted

    if source == target:
        raise Misused("--from and --to name the same database")
    if verify and restart:
        raise Misused("--verify changes nothing and --restart throws a copy away; choose one of them")
    settings = read(config).settings
    logs.configure(settings.log_format, events=False)
    ends = _source(source), _target(target, settings.database_partitions, verify=verify)
    with followed() as progress:
        compared = uvloop.run(_run(*ends, progress, restart=restart, verify=verify))
    for table in compared:
        print(f"{table.table}: {counted(table.rows, 'row')}, the same on both sides (SHA-256 "
              f"{table.sha256[:HASH_DIGITS]}…)")
    if not verify:
        print("Copied and verified. Name the new database in database_url.\nThe old one is as it was.")


async def _run(source: AbstractAsyncContextManager[Source], target: AbstractAsyncContextManager[Target],
               progress: Progress, *, restart: bool, verify: bool) -> list[Compared]:
    from plaudit.store import copy as engine

    async with source as ours, target as theirs:
        if verify:
            return await engine.compare(ours, theirs, progress)
        return await engine.copy(ours, theirs, progress, restart=restart)


def _source(url: str) -> AbstractAsyncContextManager[Source]:
    from pathlib import Path

    from plaudit.store import copy_postgres, copy_sqlite

    if url.startswith(POSTGRES):
        return copy_postgres.open_source(url)
    return copy_sqlite.open_source(Path(_sqlite_path(url)))


def _target(url: str, partitions: int, *, verify: bool) -> AbstractAsyncContextManager[Target]:
    """To compare, the target is opened as a source is: nothing is made or changed."""
    from pathlib import Path

    from plaudit.store import copy_postgres, copy_sqlite

    if url.startswith(POSTGRES):
        return copy_postgres.open_source(url) if verify else copy_postgres.open_target(url, partitions=partitions)
    path = Path(_sqlite_path(url))
    return copy_sqlite.open_source(path) if verify else copy_sqlite.open_target(path)


def _sqlite_path(url: str) -> str:
    path = url.removeprefix(SQLITE)
    if not url.startswith(SQLITE) or not path:
        raise Misused("an address is sqlite:PATH, such as sqlite:plaudit-data/plaudit.db, or "
                      "postgresql://USER@HOST/DATABASE")
    return path
