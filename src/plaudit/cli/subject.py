"""`plaudit subject export`, `plaudit subject erase`, `plaudit subject purge`"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from plaudit.cli import Failed, Misused
from plaudit.cli.key import find_project
from plaudit.cli.options import Config, read
from plaudit.cli.selection import Project_

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from plaudit.bootstrap import People
    from plaudit.model import Project
    from plaudit.people import Person

app = typer.Typer(help="Give out or erase all that there is of one person.", no_args_is_help=True)

User = Annotated[tuple[str, str] | None, typer.Option(metavar="ISSUER SUBJECT", show_default=False,
                                                      help="A user, by what its tokens say in `iss` and `sub`.")]
Guest = Annotated[tuple[str, str] | None, typer.Option(metavar="DEVICE_ID USER_ID", show_default=False,
                                                       help="A guest, by what its device says.")]
Visitor = Annotated[str | None, typer.Option(metavar="ID", help="A visitor, by its id.", show_default=False)]
RemoveVotes = Annotated[bool, typer.Option("--remove-votes/--keep-totals", help="Are its votes to be counted no more?")]
PROGRESS = "%d conversations, %d messages with %d votes, %d entries of the history, %d reviews, %d deliveries, %d links"


@app.command("export")
def export(user: User = None, guest: Guest = None, visitor: Visitor = None, project: Project_ = None,
           config: Config = None) -> None:
    """Print all that there is of a person as JSON Lines.

    Conversations, messages, votes with their history, comments, reviews, and what endpoints have yet to be told; of a
    user also what was a guest's who has become that user. The last line has the kind `end`. That it was given out is
    in the audit log. On SQLite the server must be stopped: while it runs, ask it with GET /v1/subjects/...

    Examples:

      plaudit subject export --user https://tenant.auth0.com/ 'auth0|123' > person.jsonl

      plaudit subject export --project shop --visitor 0b0e8f5c-58a7-4c0c-9d43-1c1f9d1c2a10 > person.jsonl
    """
    _run(config, project, lambda people, of: _export(people, of, _person(people, of, user, guest, visitor)))


@app.command("erase")
def erase(user: User = None, guest: Guest = None, visitor: Visitor = None, remove_votes: RemoveVotes = False,
          project: Project_ = None, config: Config = None) -> None:
    """Erase all that there is of a person, for good.

    Answers and votes stay counted, as nobody's, so that no number changes; with --remove-votes they are counted no
    more. An SQLite file is written anew, so that nothing is left in it. For what is left elsewhere, backups above all,
    see docs/people.md. On SQLite the server must be stopped: while it runs, ask it with DELETE /v1/subjects/...

    Examples:

      plaudit subject erase --user https://tenant.auth0.com/ 'auth0|123'

      plaudit subject erase --guest 3f0c9a52-7d1e-4b7a-9c55-0a8e1f2b3c4d U-813e62a0 --remove-votes
    """
    _run(config, project, lambda people, of: _erase(people, of, _person(people, of, user, guest, visitor),
                                                    removes_votes=remove_votes))


@app.command("purge")
def purge(config: Config = None) -> None:
    """Remove from an SQLite database's files what was deleted.

    `plaudit subject erase` does so by itself. A running server does where the file is small; where its answer says
    `"purged": false`, stop it and run this. It takes a few minutes for each ten gigabytes, and needs as much room
    again.

    Example:

      plaudit subject purge
    """
    _run(config, None, lambda people, _: _purge(people))


async def _export(people: People, project: Project, person: Person) -> None:
    from plaudit.audit import OPERATOR
    from plaudit.http.api import subject_wire

    async for line in subject_wire.lines(people.service.give_out(project.id, person, actor=OPERATOR)):
        sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


async def _erase(people: People, project: Project, person: Person, *, removes_votes: bool) -> None:
    from plaudit.audit import OPERATOR

    erased, purged = await people.service.erase(
        project.id, person, actor=OPERATOR, removes_votes=removes_votes, purged_bytes_max=None)
    print(f"Erased in project {project.id}:", PROGRESS % (
        erased.conversations, erased.messages, erased.votes, erased.entries, erased.reviews, erased.deliveries,
        erased.identities))
    print("Nothing of it is left in the database's files." if purged else NOT_PURGED)


async def _purge(people: People) -> None:
    if not await people.store.purge():
        raise Failed(NOT_PURGED)
    print("Nothing that was deleted is left in the database's files.")


NOT_PURGED = ("PostgreSQL's files, its archive of logs and its replicas still hold what was deleted, until they are "
              "written anew: see docs/people.md")


def _person(people: People, project: Project, user: tuple[str, str] | None, guest: tuple[str, str] | None,
            visitor: str | None) -> Person:
    """Raises `Misused`."""
    from plaudit.errors import Invalid
    from plaudit.http import registration
    from plaudit.people import Person

    if sum(named is not None for named in (user, guest, visitor)) != 1:
        raise Misused("name one person: with --user, --guest or --visitor")
    try:
        if guest:
            return people.authenticator.guest(project, *guest)
        if user:
            return Person(registration.named_owner({"user": dict(zip(("issuer", "subject"), user, strict=True))}))
        return Person(registration.named_owner({"visitor": {"id": visitor or ""}}))
    except Invalid as error:
        raise Misused(f"{error.field}: {error.reason}") from None


def _run(config: Path | None, project: str | None, work: Callable[[People, Project], Awaitable[None]]) -> None:
    import uvloop

    from plaudit.cli import logs

    logs.configure("text", events=False)
    uvloop.run(_working(config, project, work))


async def _working(config: Path | None, project: str | None, work: Callable[[People, Project], Awaitable[None]]
                   ) -> None:
    import os

    from plaudit import bootstrap

    configuration = read(config)
    owner = find_project(configuration, project)
    async with bootstrap.people(configuration, os.environ) as people:
        await work(people, owner)
