"""What trainers read: examples made of votes, in the shapes that TRL documents as "unpaired preference" (KTO),
"preference" (DPO) and "prompt-completion" (SFT). Pure.

A prompt is the question alone, without what was said before it. Only what a model said is an example, and only where
the question's content and the answer's are known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Any, NamedTuple

from plaudit.exports.formats import Format
from plaudit.exports.lines import Line
from plaudit.exports.tables import EncodeLines
from plaudit.model import Role

HASH_BYTES = 16
SPLIT_BYTES = 8


class Pairs(StrEnum):
    """Whose two votes make a pair for DPO."""

    ANYBODY = "anybody"
    SAME_VOTER = "same-voter"


@dataclass(frozen=True, slots=True)
class Recipe:
    """`plain`: texts instead of lists of messages. `per_subject_max`: so many votes of one person. `deduplicated`: of
    the same completion of the same prompt with the same label, one. `splits`: names and shares, which add up to one;
    every person is in one of them."""

    format: Format
    plain: bool = False
    per_subject_max: int | None = None
    deduplicated: bool = False
    pairs: Pairs = Pairs.ANYBODY
    splits: tuple[tuple[str, float], ...] = ()


class Unfit(StrEnum):
    """Why a vote is no example."""

    NOT_A_MODEL = "not a model's answer"
    NO_QUESTION = "question not known"
    NO_ANSWER = "answer's content not known"
    DISLIKED = "disliked"  # and SFT imitates what was liked


class Example(NamedTuple):
    subject: str  # a key, the same for the same person
    prompt: str
    completion: str
    liked: bool
    model: str | None


def example(line: Line, form: Format) -> Example | Unfit:
    if line["role"] != Role.ASSISTANT:
        return Unfit.NOT_A_MODEL
    if not line["question"]:
        return Unfit.NO_QUESTION
    if not line["content"]:
        return Unfit.NO_ANSWER
    liked = line["vote"] == "like"
    if form is Format.SFT and not liked:
        return Unfit.DISLIKED
    subject = f"{line['subject_kind']}:{line['subject_issuer'] or ''}#{line['subject']}"
    return Example(subject, line["question"], line["content"], liked, line["model"])


# ---------------------------------------------------------------- rows


def unpaired(made: Example, recipe: Recipe) -> Line:
    """For KTO with its label, for SFT without."""
    row: dict[str, Any] = {
        "prompt": said(made.prompt, Role.USER, recipe), "completion": said(made.completion, Role.ASSISTANT, recipe)}
    return row if recipe.format is Format.SFT else {**row, "label": made.liked}


def pair(chosen: Example, rejected: Example, recipe: Recipe) -> Line:
    """For DPO: two answers to the same prompt."""
    return {"prompt": said(chosen.prompt, Role.USER, recipe),
            "chosen": said(chosen.completion, Role.ASSISTANT, recipe),
            "rejected": said(rejected.completion, Role.ASSISTANT, recipe)}


def said(text: str, role: Role, recipe: Recipe) -> str | list[dict[str, str]]:
    return text if recipe.plain else [{"role": role.value, "content": text}]


class UnpairedLines:
    """`formats.Writer` of KTO and SFT: each vote for itself, without all that needs the others."""

    def __init__(self, form: Format, encode: EncodeLines) -> None:
        self._recipe = Recipe(form)
        self._encode = encode

    def begin(self) -> bytes:
        return b""

    def write(self, lines: Sequence[Line]) -> bytes:
        made = (example(line, self._recipe.format) for line in lines)
        return self._encode([unpaired(each, self._recipe) for each in made if isinstance(each, Example)])

    def end(self) -> bytes:
        return b""


# ---------------------------------------------------------------- who and what is the same


def digest(text: str) -> bytes:
    """Texts are told apart by it."""
    return blake2b(text.encode(), digest_size=HASH_BYTES).digest()


def split_of(subject: str, splits: tuple[tuple[str, float], ...]) -> int:
    """The place of a person's split, the same in every export with the same shares."""
    at = int.from_bytes(blake2b(subject.encode(), digest_size=SPLIT_BYTES, person=b"plaudit.split").digest())
    fraction, reached = at / 2 ** (8 * SPLIT_BYTES), 0.0
    for place, (_, share) in enumerate(splits):
        reached += share
        if fraction < reached:
            return place
    return max(0, len(splits) - 1)  # shares that add up to a little less than one
