"""The card of a training set: what it was made of, and how, as JSON and for people. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.counts import Counts
from plaudit.exports.formats import Format
from plaudit.exports.training import Recipe
from plaudit.statistics.ratios import rates
from plaudit.statistics.results import Reliability

TITLES = {Format.KTO: "KTO: prompt, completion, label", Format.DPO: "DPO: prompt, chosen, rejected",
          Format.SFT: "SFT: prompt, completion"}


@dataclass(frozen=True, slots=True)
class File:
    split: str | None
    name: str
    examples: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Made:
    """`votes` were read; `left_out` says how many of them became nothing, and why. Balance, models and people are of
    those that were left: for DPO, before they were paired."""

    project: str
    as_of: str
    recipe: Recipe
    filters: Mapping[str, Any]
    votes: int
    left_out: Mapping[str, int]
    files: Sequence[File]
    counts: Counts
    models: Sequence[tuple[str | None, int]]
    people: int


def card(made: Made) -> dict[str, Any]:
    found = rates(made.counts)
    of_all = max(1, found.votes)
    recipe = made.recipe
    return {
        "format": recipe.format.value,
        "project": made.project,
        "as_of": made.as_of,
        "filters": {name: value for name, value in made.filters.items() if value not in (None, [], {})},
        "options": {
            "messages": not recipe.plain, "per_subject_max": recipe.per_subject_max,
            "deduplicated": recipe.deduplicated, "splits": dict(recipe.splits),
            **({"pairs": recipe.pairs.value} if recipe.format is Format.DPO else {})},
        "votes_read": made.votes,
        "left_out": {name: count for name, count in made.left_out.items() if count},
        "people": made.people,
        "balance": {
            "likes": found.likes, "dislikes": found.dislikes, "share_of_likes": found.satisfaction.value,
            "low": found.satisfaction.low, "high": found.satisfaction.high,
            "reliability": found.satisfaction.reliability.value},
        "models": [{"model": model, "votes": count, "share": round(count / of_all, 4)}
                   for model, count in made.models],
        "files": [{"split": file.split, "file": file.name, "examples": file.examples, "bytes": file.bytes,
                   "sha256": file.sha256} for file in made.files],
    }


def markdown(said: Mapping[str, Any]) -> str:
    """The same for people."""
    return "\n".join([
        f"# {TITLES[Format(said['format'])]}", "",
        f"Votes of the project `{said['project']}` as of {said['as_of']}.", "",
        *_table(("file", "split", "examples", "SHA-256"), [
            (file["file"], file["split"] or "", f"{file['examples']:,}", f"`{file['sha256']}`")
            for file in said["files"]]),
        "## What it was made of", "",
        *_table(("", "votes"), [
            ("read", f"{said['votes_read']:,}"),
            *((f"left out: {why}", f"{count:,}") for why, count in said["left_out"].items()),
            ("likes", f"{said['balance']['likes']:,}"), ("dislikes", f"{said['balance']['dislikes']:,}")]),
        f"By {said['people']:,} people. {_balance(said['balance'])}", "",
        *_table(("model", "votes", "share"), [
            (_code(each["model"]) if each["model"] else "none", f"{each['votes']:,}", f"{each['share']:.1%}")
            for each in said["models"]]),
        "## How", "",
        *_table(("", ""), [(name, _code(value)) for name, value in {**said["filters"], **said["options"]}.items()]),
    ])


def _balance(balance: Mapping[str, Any]) -> str:
    if balance["share_of_likes"] is None:
        return "There are no votes."
    shown = f"{balance['share_of_likes']:.1%} are likes"
    if balance["reliability"] == Reliability.WITHHELD.value:
        return f"{shown}; too few people for an interval."
    return f"{shown} (95 % interval {balance['low']:.1%} to {balance['high']:.1%}, in which people count, not votes)."


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [*(f"| {' | '.join(cells)} |" for cells in lines), ""]


def _code(value: object) -> str:
    """As it is, whatever a model is called: a line of a table ends with the line."""
    text = " ".join(str(value).split()).replace("|", "\\|").replace("`", "'")
    return f"`{text}`"
