"""`plaudit import`"""

from __future__ import annotations

import hashlib
import re
import signal
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plaudit.audit import OPERATOR
from plaudit.cli import Failed, Misused
from plaudit.cli.options import Config, read
from plaudit.cli.selection import Project_
from plaudit.deeds import Action, Deed
from plaudit.errors import Unavailable
from plaudit.imports.format import Format
from plaudit.store.counted import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plaudit.imports.importing import Found, Totalling
    from plaudit.imports.staging import Staging
    from plaudit.model import Instant, Project
    from plaudit.settings import Configuration

INTERRUPTED = 128 + signal.SIGINT  # as a shell says it
SHOWN_MAX = 10  # lines that were not understood
CHANGES = "vote or change", "votes and changes"  # of votes
AGAIN = "run the same command again: what is there already stays"
ISSUER = re.compile(r'[!"$-~]{1,512}')


@dataclass(frozen=True, slots=True)
class Asked:
    file: Path
    format: Format
    dry_run: bool
    skip: bool
    owner_issuer: str | None


def import_(file: Annotated[Path, typer.Argument(metavar="FILE", help="What to import; its ending says what is in it: "
                                                 ".jsonl, .json or .csv.")],
            form: Annotated[Format, typer.Option("--format", "-f", help="Whose it is.")],
            dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done; change nothing.")
                               ] = False,
            skip: Annotated[bool, typer.Option("--skip", help="Leave out what is not understood.")] = False,
            owner_issuer: Annotated[str | None, typer.Option(
                metavar="ISSUER", help="The tool's user ids are those of this identity provider; default: they are "
                                       "visitors'.", show_default=False)] = None,
            project: Project_ = None, config: Config = None) -> None:
    """Take over the votes of another Plaudit or of another tool.

    The file is read and judged as a whole, and nothing is written where something was not understood, unless --skip is
    given. What is there already stays as it is: run it again after an interruption, or with a newer file. On SQLite
    the server is stopped meanwhile, except for --dry-run; on PostgreSQL servers may run. No endpoint is told.

    Examples:

      plaudit import votes.jsonl --format plaudit

      plaudit import feedback-history-export.json --format open-webui --dry-run
    """
    import uvloop

    from plaudit.cli import logs

    if not file.is_file():
        raise Misused(f"{file}: there is no such file")
    if owner_issuer is not None and not ISSUER.fullmatch(owner_issuer):
        raise Misused("--owner-issuer: an issuer is an address, without a # or a space")
    if owner_issuer is not None and form is Format.PLAUDIT:
        raise Misused("--owner-issuer: our own lines say whose the votes are")
    configuration = read(config)
    logs.configure("text", events=False)
    with _interruptible():
        uvloop.run(_import(configuration, project, Asked(file, form, dry_run, skip, owner_issuer)))


async def _import(configuration: Configuration, project: str | None, asked: Asked) -> None:
    from plaudit import databases
    from plaudit.bootstrap import now
    from plaudit.cli.key import find_project
    from plaudit.imports.staging import Staging

    owner = find_project(configuration, project)
    opened = databases.reading if asked.dry_run else databases.writing
    async with opened(configuration.settings, configuration.projects, now=now) as store:
        with closing(Staging()) as staging:
            await _Work(store, owner, asked, staging).run(now())


class _Work:
    def __init__(self, store: Totalling, project: Project, asked: Asked, staging: Staging) -> None:
        from plaudit.imports.formats import READERS
        from plaudit.imports.importing import Import
        from plaudit.imports.piece import Context

        self._store = store
        self._project = project
        self._asked = asked
        self._staging = staging
        self._reader = READERS[asked.format]
        self._import = Import(store, Context(project, asked.owner_issuer), self._reader.understand, staging)

    async def run(self, now: Instant) -> None:
        """Raises `Failed` where something was not understood."""
        from plaudit.cli.copy_progress import shown

        sha256 = await self._read()
        with shown("answer") as progress:
            found = await self._import.judge(progress)
        refused = self._tell(found)
        if refused and not self._asked.skip:
            raise Failed("nothing was imported. Mend what was not understood, or leave it out with --skip")
        if self._asked.dry_run or not found.new:
            return
        await self._store.audit(self._project.id, Deed(OPERATOR, Action.IMPORTED, now, {
            "format": self._asked.format, "file": self._asked.file.name, "sha256": sha256, "entries": found.new}))
        with shown("answer") as progress:
            written = await self._import.write(progress)
        print(f"Imported: {counted(written.new, *CHANGES)}")
        if self._staging.refused > refused:
            self._tell(written)
            raise Failed("some of it was changed by somebody else meanwhile, and left out; run the same command again")

    async def _read(self) -> str:
        """Staged; the file's SHA-256."""
        from plaudit.cli.copy_progress import shown

        path = self._asked.file
        with path.open("rb") as file, shown("byte") as progress:
            progress.start("read", path.name, path.stat().st_size, 0)
            await self._import.read(self._reader.records(file, path), file.tell, progress)
            file.seek(0)
            return hashlib.file_digest(file, "sha256").hexdigest()

    def _tell(self, found: Found) -> int:
        """How many were not understood."""
        refused, place = self._staging.refused, self._reader.place(self._asked.file)
        print(f"{self._asked.file}: {counted(found.new, *CHANGES)} to be taken over, {found.there:,} there already, "
              f"{counted(refused, place)} not understood")
        for reason, count in self._staging.refusals():
            print(f"{count:>8,}  {reason}")
        for number, reason in self._staging.first_refused(SHOWN_MAX):
            print(f"    {place} {number}: {reason}")
        if refused > SHOWN_MAX:
            print(f"    and {refused - SHOWN_MAX:,} more")
        return refused


@contextmanager
def _interruptible() -> Iterator[None]:
    """Raises `SystemExit` for a Ctrl-C, and `Failed` where a database gave way."""
    import apsw

    try:
        yield
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all that is left is to end
        print(f"plaudit: interrupted; {AGAIN}", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except (apsw.FullError, apsw.IOError, apsw.CantOpenError) as error:
        raise Failed(f"the temporary folder cannot hold the file ({error}); make room there, or name another in "
                     f"TMPDIR, then {AGAIN}") from error
    except Unavailable as error:
        raise Failed(f"{error.message}; put that right, then {AGAIN}") from error
