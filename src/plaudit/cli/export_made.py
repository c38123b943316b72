"""What an export makes of the file of lines that it has read: Parquet, and training sets with their card.

Both are made beside their names and get them when they are whole; the card comes last.
"""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

import msgspec

from plaudit.exports.card import File, Made, card, markdown
from plaudit.exports.formats import Format
from plaudit.exports.gathering import Gathering, Place
from plaudit.exports.lines import Line
from plaudit.exports.parquet import ParquetLines
from plaudit.exports.training import Example, Recipe, example, pair, unpaired
from plaudit.store.tally import bucket_of

LINES = 1000  # that are read at a time

_decode = msgspec.json.Decoder().decode
_encode_lines = msgspec.json.Encoder().encode_lines


@dataclass(frozen=True, slots=True)
class Origin:
    """What the card says of where the lines are from."""

    project: str
    as_of: str
    filters: Mapping[str, Any]


def parquet(lines: Path, output: Path) -> list[Path]:
    file = ParquetLines()
    with lines.open("rb") as read, _whole(output) as written:
        written.write(file.begin())
        while some := list(islice(read, LINES)):
            written.write(file.write([_decode(line) for line in some]))
        written.write(file.end())
    return [output]


def training_set(lines: Path, output: Path, recipe: Recipe, origin: Origin) -> list[Path]:
    """One file, or one for each split, and the card as JSON and Markdown."""
    left_out: Counter[str] = Counter()
    with Gathering(lines.with_name(f"{lines.name}.examples"), recipe, bucket_of) as gathering, lines.open("rb") as read:
        votes = _gather(read, gathering, recipe, left_out)
        if recipe.deduplicated:
            left_out["repeated"] = gathering.drop_repeated()
        if recipe.per_subject_max is not None:
            left_out["above the limit of a person"] = gathering.drop_above(recipe.per_subject_max)
        names: list[str | None] = [name for name, _ in recipe.splits] or [None]
        files = [_write(read, gathering, recipe, place, name, output) for place, name in enumerate(names)]
        counts = gathering.counts()
        if recipe.format is Format.DPO:
            left_out["in no pair"] = sum(counts.likes) + sum(counts.dislikes) - 2 * sum(it.examples for it in files)
        made = Made(origin.project, origin.as_of, recipe, origin.filters, votes, left_out, files, counts,
                    gathering.models(), gathering.people())
    return [*(output.with_name(file.name) for file in files), *_write_card(output, card(made))]


def _gather(read: IO[bytes], gathering: Gathering, recipe: Recipe, left_out: Counter[str]) -> int:
    """How many votes there are."""
    votes = place = 0
    while some := list(islice(read, LINES)):
        examples: list[tuple[Place, Example]] = []
        for line in some:
            made = example(_decode(line), recipe.format)
            if isinstance(made, Example):
                examples.append(((place, len(line)), made))
            else:
                left_out[made.value] += 1
            place += len(line)
        gathering.add(examples)
        votes += len(some)
    return votes


def _write(read: IO[bytes], gathering: Gathering, recipe: Recipe, split: int, name: str | None, output: Path) -> File:
    file = output if name is None else output.with_name(f"{output.stem}.{name}{output.suffix}")
    digest, count, size = hashlib.sha256(), 0, 0
    rows = iter(_rows(read, gathering, recipe, split))
    with _whole(file) as written:
        while some := list(islice(rows, LINES)):
            data = _encode_lines(some)
            written.write(data)
            digest.update(data)
            count, size = count + len(some), size + len(data)
    return File(name, file.name, count, size, digest.hexdigest())


def _rows(read: IO[bytes], gathering: Gathering, recipe: Recipe, split: int) -> Iterable[Line]:
    if recipe.format is Format.DPO:
        return (pair(_at(read, chosen, recipe), _at(read, rejected, recipe), recipe)
                for chosen, rejected in gathering.pairs(split))
    return (unpaired(_at(read, place, recipe), recipe) for place in gathering.singles(split))


def _at(read: IO[bytes], place: Place, recipe: Recipe) -> Example:
    read.seek(place[0])
    made = example(_decode(read.read(place[1])), recipe.format)
    if not isinstance(made, Example):
        raise TypeError(made)  # the file was changed meanwhile
    return made


def _write_card(output: Path, said: Mapping[str, Any]) -> Sequence[Path]:
    files = output.with_name(f"{output.stem}.card.json"), output.with_name(f"{output.stem}.card.md")
    for file, text in zip(files, (json.dumps(said, ensure_ascii=False, indent=2) + "\n", markdown(said)), strict=True):
        with _whole(file) as written:
            written.write(text.encode())
    return files


@contextmanager
def _whole(file: Path) -> Iterator[IO[bytes]]:
    """What gets its name when all is on the disk."""
    unfinished = file.with_name(f"{file.name}.new")
    try:
        with unfinished.open("wb") as written:
            yield written
            written.flush()
            os.fsync(written.fileno())
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
