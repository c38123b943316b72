"""`plaudit migrate`"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from plaudit.cli.options import Config, read
from plaudit.settings import Settings

if TYPE_CHECKING:
    from plaudit.store.migration import Migration

NOTHING = "nothing to do"
NOW = "`plaudit migrate` runs them, and so does a server of this release when it starts."
BY_OWNER = "This role may not: run `plaudit migrate` as the role that owns the tables, before a server of this release."
LATER = "What is in phase contract waits for `plaudit migrate --contract`: when no server runs an older release."
ON_POSTGRES = {
    "transaction": "one transaction; votes wait half a second at most",
    "concurrently": "outside a transaction; votes go on",
    "batches": "in small batches; votes go on",
}
ON_SQLITE = dict.fromkeys(ON_POSTGRES, "one transaction, while no server runs")


def migrate(plan: Annotated[bool, typer.Option("--plan", help="Only say what would be done; change nothing.")] = False,
            contract: Annotated[bool, typer.Option(
                "--contract", help="Also drop what only older releases use, once no server runs one.")] = False,
            config: Config = None) -> None:
    """Bring the database to this release.

    A server does the same when it starts, except what --contract asks for. On PostgreSQL the servers may run
    meanwhile, those of the release before as well; on SQLite the server must be stopped, except for --plan, and
    nothing waits for --contract. A command that was interrupted is run again.

    Examples:

      plaudit migrate --plan

      plaudit migrate

      plaudit migrate --contract
    """
    import uvloop

    from plaudit.cli import logs
    from plaudit.databases import database_name

    settings = read(config).settings
    logs.configure("text", events=False)
    said = _plan(settings) if plan else _migrate(settings, contract=contract)
    print(f"{database_name(settings)}: {uvloop.run(said)}")


async def _plan(settings: Settings) -> str:
    from plaudit.databases import may_migrate, migrations_due

    due, now = await migrations_due(settings, contract=True), await migrations_due(settings, contract=False)
    if not due:
        return NOTHING
    lines = [f"{_count(due)} to run", "", *_table(due, ON_POSTGRES if settings.on_postgres else ON_SQLITE), ""]
    if now:
        lines.append(NOW if await may_migrate(settings) else BY_OWNER)
    lines += [LATER] if due != now else []
    return "\n".join(lines)


async def _migrate(settings: Settings, *, contract: bool) -> str:
    from plaudit.databases import migrate, migrations_due

    done = await migrate(settings, contract=contract)
    left = await migrations_due(settings, contract=True)
    lines = [f"{_count(done)} done", "", *_table(done)] if done else [NOTHING]
    lines += ["", f"{_count(left)} left:", "", *_table(left), "", LATER] if left else []
    return "\n".join(lines)


def _count(migrations: Sequence["Migration"]) -> str:
    from plaudit.store.counted import counted

    return counted(len(migrations), "migration")


def _table(migrations: Sequence["Migration"], how: Mapping[str, str] | None = None) -> list[str]:
    rows = [("NUMBER", "NAME", "PHASE", "HOW")[:None if how else 3]]
    rows += [(f"{it.number:04}", it.name, it.phase.value, *((how[it.run],) if how else ())) for it in migrations]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
