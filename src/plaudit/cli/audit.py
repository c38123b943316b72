"""`plaudit audit list`, `plaudit audit verify`"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from plaudit import instants
from plaudit.cli import Failed
from plaudit.cli.key import find_project
from plaudit.cli.options import Config, read
from plaudit.cli.selection import AsJson, Project_

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from plaudit.deeds import AuditEntry
    from plaudit.model import Project
    from plaudit.ports import Store
    from plaudit.settings import Configuration

app = typer.Typer(help="Show who did what, and check that nobody has changed the log of it.", no_args_is_help=True)

PAGE = 1000
Expect = Annotated[str | None, typer.Option(metavar="NUMBER:SHA256", show_default=False,
                                            help="An end of the log that was noted before; it must still stand there.")]


@app.command("list")
def list_(as_json: AsJson = False, project: Project_ = None, config: Config = None) -> None:
    """List the audit log, the oldest entry first.

    Settings and keys that were changed, exports, reviews, what was given out or erased for a person; each with who did
    it. Only reads the database; the server may run.

    Examples:

      plaudit audit list

      plaudit audit list --project shop --json
    """
    _run(config, project, lambda store, of: _list(store, of, as_json=as_json))


@app.command("verify")
def verify(expect: Expect = None, project: Project_ = None, config: Config = None) -> None:
    """Check that the audit log is as it was written.

    Each entry holds the hash of the one before. A change in the middle is found by itself; that the end was cut off, or
    written anew, is found by --expect with what an earlier run has printed. Note that somewhere else.

    Examples:

      plaudit audit verify

      plaudit audit verify --expect 41:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    """
    _run(config, project, lambda store, of: _verify(store, of, expect))


async def _list(store: Store, project: Project, *, as_json: bool) -> None:
    async for entry in _entries(store, project):
        print(_json(entry) if as_json else _line(entry))


async def _verify(store: Store, project: Project, expect: str | None) -> None:
    from plaudit import audit

    last: AuditEntry | None = None
    is_there = expect is None
    async for entry in _entries(store, project):
        if number := audit.broken([entry], last):
            raise Failed(f"Entry {number} of project {project.id} is not what was written there")
        is_there = is_there or f"{entry.number}:{entry.sha256}" == expect
        last = entry
    if not is_there:
        raise Failed(f"The entry {expect} is gone: the log was cut off, or written anew, since that was noted")
    print(f"{last.number if last else 0} entries of project {project.id} are as they were written.")
    if last:
        print(f"The end, to be noted elsewhere: {last.number}:{last.sha256}")


async def _entries(store: Store, project: Project) -> AsyncIterator[AuditEntry]:
    page = await store.audit_log(project.id, limit=PAGE)
    while page:
        for entry in page:
            yield entry
        page = await store.audit_log(project.id, after=page[-1].number, limit=PAGE)


def _run(config: Path | None, project: str | None, work: Callable[[Store, Project], Awaitable[None]]) -> None:
    import uvloop

    from plaudit.cli import logs

    logs.configure("text", events=False)
    uvloop.run(_reading(read(config), project, work))


async def _reading(configuration: Configuration, project: str | None,
                   work: Callable[[Store, Project], Awaitable[None]]) -> None:
    from plaudit import databases
    from plaudit.bootstrap import now

    owner = find_project(configuration, project)
    async with databases.reading(configuration.settings, configuration.projects, now=now) as store:
        await work(store, owner)


def _line(entry: AuditEntry) -> str:
    details = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in entry.details.items())
    return f"{entry.number:>6}  {instants.to_text(entry.at)}  {entry.actor:<20}  {entry.action.value:<18}  {details}"


def _json(entry: AuditEntry) -> str:
    return json.dumps({"number": entry.number, "at": instants.to_text(entry.at), "actor": entry.actor,
                       "action": entry.action.value, "details": entry.details, "sha256": entry.sha256},
                      ensure_ascii=False)
