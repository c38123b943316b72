"""`plaudit export`"""

from __future__ import annotations

import re
import signal
import sys
from contextlib import aclosing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plaudit.cli import Misused
from plaudit.cli import selection as chosen
from plaudit.cli.options import Config
from plaudit.cli.selection import Comment, Level, Locale, Model, Platform, PromptVersion, Since, Until
from plaudit.exports.formats import Format
from plaudit.exports.training import Pairs, Recipe

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from plaudit.cli.export_file import Growing
    from plaudit.exports.exporting import Cursor, Part
    from plaudit.model import Project
    from plaudit.ports import Store

STANDARD_OUTPUT = Path("-")
DIRECT = (Format.JSONL, Format.CSV)  # a line for each vote, as it comes; the others are made of such lines
TRAINING = (Format.KTO, Format.DPO, Format.SFT)
SPLIT = re.compile(r"([A-Za-z0-9_-]{1,64})=(1|0?\.[0-9]{1,6})", re.ASCII)
ROUNDED = 1e-6
INTERRUPTED = 128 + signal.SIGINT  # as a shell says it


@dataclass(frozen=True, slots=True)
class Asked:
    format: Format
    output: Path
    resume: bool
    bom: bool
    consented: bool
    redacted: bool
    history: bool
    recipe: Recipe


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
           history: Annotated[bool, typer.Option("--history", help="Each vote with all of its revisions, and those "
                                                  "that were taken back: for `plaudit import`.")] = False,
           bom: Annotated[bool, typer.Option("--bom", help="Begin CSV with a byte order mark.")] = False,
           plain: Annotated[bool, typer.Option("--plain", help="For training: texts instead of messages.")] = False,
           per_subject: Annotated[int | None, typer.Option("--per-subject", min=1, help="For training: of each person "
                                                           "so many votes at the most.", show_default=False)] = None,
           deduplicate: Annotated[bool, typer.Option("--deduplicate", help="For training: the same completion of the "
                                                     "same prompt once.")] = False,
           pairs: Annotated[Pairs, typer.Option(help="For dpo: whose two votes make a pair.")] = Pairs.ANYBODY,
           split: Annotated[str | None, typer.Option(metavar="NAME=SHARE,…", help="For training: a file each, such as "
                                                     "train=0.9,test=0.1; nobody is in two.", show_default=False)
                            ] = None,
           project: chosen.Project_ = None, config: Config = None) -> None:
    """Write all votes, as they stand now, into a file.

    Each with its answer, and the question to that. The server may run, and votes go on: what changes meanwhile is not
    in the file. It grows beside its name, and gets that when it is whole; one that was interrupted goes on with
    --resume, as of the moment when it was begun.

    Formats: jsonl and csv; parquet (with the extra `parquet`); and for training kto, dpo and sft, each with a card that
    says what it was made of. Those four are made of a file of lines that needs as much room again meanwhile.

    Examples:

      plaudit export --output votes.jsonl

      plaudit export --history --output everything.jsonl

      plaudit export --format csv --bom --since 30d --output votes.csv

      plaudit export --format kto --redact --per-subject 20 --split train=0.9,test=0.1 --output kto.jsonl
    """
    import uvloop

    from plaudit.cli import logs

    logs.configure("text", events=False)
    wanted = chosen.Wanted(since, until, model, prompt_version, arm, locale, platform, auth_level, comment)
    recipe = Recipe(form, plain, per_subject, deduplicate, pairs, _splits(split))
    asked = Asked(form, output, resume, bom, consented, redact, history, recipe)
    _check(asked)
    with _interruptible(asked):
        uvloop.run(_export(config, project, wanted, asked))


def _splits(text: str | None) -> tuple[tuple[str, float], ...]:
    """Raises `Misused`."""
    if text is None:
        return ()
    given = [SPLIT.fullmatch(part) for part in text.split(",")]
    splits = tuple((found[1], float(found[2])) for found in given if found)
    if None in given or len(dict(splits)) < len(given) or abs(sum(share for _, share in splits) - 1) > ROUNDED:
        raise Misused(f'--split: "{text}" is not names with shares that add up to 1, such as train=0.9,test=0.1')
    return splits


def _check(asked: Asked) -> None:
    """Raises `Misused` for what does not go together."""
    from plaudit.exports import parquet

    if asked.output == STANDARD_OUTPUT and (asked.resume or asked.format not in DIRECT):
        raise Misused("--output -: the standard output takes jsonl and csv, and cannot be gone on with; name a file")
    if asked.history and asked.format is not Format.JSONL:
        raise Misused("--history: only jsonl has room for it")
    if asked.format is Format.PARQUET and not parquet.is_there():
        raise Misused(f"--format: parquet {parquet.HOW_TO_INSTALL}")
    if asked.format not in TRAINING and asked.recipe != Recipe(asked.format):
        raise Misused("--plain, --per-subject, --deduplicate, --pairs and --split are for kto, dpo and sft")


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
        self._exports = Exports(store, store)
        self._project = project
        self._wanted = wanted
        self._asked = asked
        form = asked.format if asked.format in DIRECT else Format.JSONL
        self._lines = writer(form, msgspec.json.Encoder().encode_lines, bom=asked.bom)

    async def to_standard_output(self) -> None:
        out = sys.stdout.buffer
        out.write(self._lines.begin())
        async with aclosing(self._parts(await self._exports.begin(self._project.id))) as parts:
            async for part in parts:
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
        if self._asked.format in DIRECT:
            growing.finish()
            print(f"Written: {self._asked.output}")
            return
        for file in self._make(growing.path, at):
            print(f"Written: {file}")
        growing.forget()

    def _make(self, lines: Path, at: Cursor) -> list[Path]:
        from plaudit.cli import export_made
        from plaudit.instants import to_text

        if self._asked.format is Format.PARQUET:
            return export_made.parquet(lines, self._asked.output)
        filters = {**asdict(self._wanted), "consented": self._asked.consented, "redacted": self._asked.redacted}
        origin = export_made.Origin(self._project.id, to_text(at.moment.at), filters)
        return export_made.training_set(lines, self._asked.output, self._asked.recipe, origin)

    async def _grow(self, growing: Growing, at: Cursor) -> None:
        from plaudit.cli.copy_progress import shown
        from plaudit.exports.exporting import ENTRIES

        left = await self._store.export_size(self._project.id, at.moment, at.position)
        reached: Cursor | None = at
        with shown() as progress:
            progress.start("read", "history", left, 0)
            try:
                async with aclosing(self._parts(at)) as parts:
                    async for part in parts:
                        growing.write(self._lines.write(part.lines), part.cursor)
                        progress.advance(min(ENTRIES, left))
                        reached, left = part.cursor, max(0, left - ENTRIES)
            finally:
                if reached:  # interrupted
                    growing.note(reached)
        growing.write(self._lines.end(), None)

    def _parts(self, at: Cursor) -> AsyncGenerator[Part]:
        """The last thirty days are those before the moment, also where it is long ago."""
        from plaudit.exports.exporting import Wanted

        selection = self._wanted.selection(self._project, at.moment.at)
        wanted = Wanted(selection, consented=self._asked.consented, redacted=self._asked.redacted,
                        history=self._asked.history)
        return self._exports.parts(self._project.id, wanted, at)

    def _description(self) -> dict[str, Any]:
        """What makes one export another one."""
        asked = self._asked
        return {"project": self._project.id, "format": asked.format, "consented": asked.consented,
                "redacted": asked.redacted, "history": asked.history, "bom": asked.bom, **asdict(self._wanted)}


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
