"""`plaudit export`"""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plaudit.cli import Misused
from plaudit.cli import selection as chosen
from plaudit.cli.options import Config
from plaudit.cli.selection import Comment, Level, Locale, Model, Platform, PromptVersion, Since, Until
from plaudit.exports.formats import Format

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from plaudit.cli.export_file import Growing
    from plaudit.exports.exporting import Cursor, Part
    from plaudit.model import Project
    from plaudit.ports import Store

STANDARD_OUTPUT = Path("-")
INTERRUPTED = 128 + signal.SIGINT  # as a shell says it


@dataclass(frozen=True, slots=True)
class Asked:
    format: Format
    output: Path
    resume: bool
    bom: bool
    consented: bool
    redacted: bool


def export(output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to; `-` is the standard "
                                                "output.")],
           form: Annotated[Format, typer.Option("--format", "-f", help="How.")] = Format.JSONL,
           resume: Annotated[bool, typer.Option("--resume", help="Go on with one that was interrupted.")] = False,
           since: Since = chosen.ALL, until: Until = None, model: Model = None, prompt_version: PromptVersion = None,
           arm: chosen.Arm = [], locale: Locale = None, platform: Platform = None, auth_level: Level = None,  # noqa: B006 -- typer copies it
           comment: Comment = None,
           consented: Annotated[bool, typer.Option("--consented", help='Only of answers whose metadata say '
                                                   '"consent": true.')] = False,
           redact: Annotated[bool, typer.Option("--redact", help="Without addresses, telephone and card numbers and "
                                                "keys.")] = False,
           bom: Annotated[bool, typer.Option("--bom", help="Begin CSV with a byte order mark.")] = False,
           project: chosen.Project_ = None, config: Config = None) -> None:
    """Write all votes, as they stand now, into a file.

    Each with its answer, and the question to that. The server may run, and votes go on: what changes meanwhile is not
    in the file. It grows beside its name, and gets that when it is whole; one that was interrupted goes on with
    --resume, as of the moment when it was begun.

    Examples:

      plaudit export --output votes.jsonl

      plaudit export --format csv --bom --since 30d --output votes.csv
    """
    import uvloop

    from plaudit.cli import logs

    logs.configure("text", events=False)
    if output == STANDARD_OUTPUT and resume:
        raise Misused("--resume: what was written to the standard output is gone; name a file")
    wanted = chosen.Wanted(since, until, model, prompt_version, arm, locale, platform, auth_level, comment)
    asked = Asked(form, output, resume, bom, consented, redact)
    with _interruptible(asked):
        uvloop.run(_export(config, project, wanted, asked))


async def _export(config: Path | None, project: str | None, wanted: chosen.Wanted, asked: Asked) -> None:
    from plaudit.bootstrap import now
    from plaudit.cli.key import find_project
    from plaudit.cli.options import read
    from plaudit.databases import reading

    configuration = read(config)
    owner = find_project(configuration, project)
    wanted.selection(owner, now())  # refused before a file is begun
    async with reading(configuration.settings, configuration.projects, now=now) as store:
        work = _Export(store, owner, wanted, asked)
        await (work.to_standard_output() if asked.output == STANDARD_OUTPUT else work.to_file())


class _Export:
    def __init__(self, store: Store, project: Project, wanted: chosen.Wanted, asked: Asked) -> None:
        import msgspec

        from plaudit.exports.exporting import Exports
        from plaudit.exports.formats import writer

        self._store = store
        self._exports = Exports(store)
        self._project = project
        self._wanted = wanted
        self._asked = asked
        self._lines = writer(asked.format, msgspec.json.Encoder().encode_lines, bom=asked.bom)

    async def to_standard_output(self) -> None:
        out = sys.stdout.buffer
        out.write(self._lines.begin())
        async for part in self._parts(await self._exports.begin(self._project.id)):
            out.write(self._lines.write(part.lines))
        out.write(self._lines.end())
        out.flush()

    async def to_file(self) -> None:
        from plaudit.cli.export_file import Growing

        growing = Growing(self._asked.output, self._description())
        noted = growing.begin(resume=self._asked.resume)
        try:
            at = noted or await self._exports.begin(self._project.id)
            if noted is None:
                growing.write(self._lines.begin(), None)
            await self._grow(growing, at)
        finally:
            growing.close()
        growing.finish()
        print(f"Written: {self._asked.output}")

    async def _grow(self, growing: Growing, at: Cursor) -> None:
        from plaudit.cli.copy_progress import shown
        from plaudit.exports.exporting import ENTRIES

        left = await self._store.export_size(self._project.id, at.moment, at.position)
        reached: Cursor | None = at
        with shown() as progress:
            progress.start("read", "history", left, 0)
            try:
                async for part in self._parts(at):
                    growing.write(self._lines.write(part.lines), part.cursor)
                    progress.advance(min(ENTRIES, left))
                    reached, left = part.cursor, max(0, left - ENTRIES)
            finally:
                if reached:  # interrupted
                    growing.note(reached)
        growing.write(self._lines.end(), None)

    def _parts(self, at: Cursor) -> AsyncIterator[Part]:
        """The last thirty days are those before the moment, also where it is long ago."""
        from plaudit.exports.exporting import Wanted

        selection = self._wanted.selection(self._project, at.moment.at)
        wanted = Wanted(selection, consented=self._asked.consented, redacted=self._asked.redacted)
        return self._exports.parts(self._project.id, wanted, at)

    def _description(self) -> dict[str, Any]:
        """What makes one export another one."""
        asked = self._asked
        return {"project": self._project.id, "format": asked.format, "consented": asked.consented,
                "redacted": asked.redacted, "bom": asked.bom, **asdict(self._wanted)}


@contextmanager
def _interruptible(asked: Asked) -> Iterator[None]:
    """Raises `SystemExit` for a Ctrl-C."""
    try:
        yield
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all that is left is to end
        again = "" if asked.output == STANDARD_OUTPUT else "; the same command with --resume goes on where it stopped"
        print(f"plaudit: interrupted{again}", file=sys.stderr)
        sys.exit(INTERRUPTED)
