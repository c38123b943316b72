"""The LLMFAO trace: 10,920 judgements that 124 people made of AI answers, and what any correct replay of it ends with.

Dmitry Ustalov, LLMFAO (CC BY 4.0); prompts and answers from llmonitor.com (CC BY 4.0). The data is not part of this
repository.
"""

import hashlib
import itertools
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import msgspec

Line = TypeVar("Line")


class Kind(StrEnum):
    """How a worker is known to the server."""

    USER = "signed-in users (HandAuncle)"
    GUEST = "guests (HandAuncle)"
    VISITOR = "visitors (SiteAssist)"


KINDS = (Kind.USER, Kind.USER, Kind.GUEST, Kind.VISITOR)  # workers are dealt out to these in turn


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said to a prompt."""

    answer: str
    prompt_slug: str
    prompt: str
    kind: str
    model: str
    org: str
    api: str
    latency_ms: float
    text: str


@dataclass(frozen=True, slots=True)
class Judgement:
    seq: int
    worker: str
    answer: str
    rating: int  # 1 or -1
    against: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One message: an answer as one worker saw it, and that worker's ratings of it in order."""

    worker: str
    kind: Kind
    answer: Answer
    ratings: tuple[int, ...]

    def id(self, run: str) -> str:
        """In the form of the worker's contract; the same for the same run, worker and answer."""
        return identifier(self.kind, run, self.worker, self.answer.answer)

    def conversation_id(self, run: str) -> str:
        return identifier(self.kind, run, self.worker, self.answer.prompt_slug)


@dataclass(frozen=True, slots=True)
class Totals:
    """What is counted after a replay."""

    messages: int
    votes: int
    likes: int
    dislikes: int
    gpt4_likes: int
    gpt4_votes: int
    history: int


EXPECTED = Totals(messages=7316, votes=7316, likes=3941, dislikes=3375, gpt4_likes=99, gpt4_votes=118, history=10_920)


def read(folder: Path) -> list[Shown]:
    """Every message of the trace. Raises OSError where the files are not."""
    answers = {answer.answer: answer for answer in _lines(folder / "answers.jsonl", Answer)}
    ratings: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for judgement in sorted(_lines(folder / "votes.jsonl", Judgement), key=lambda judgement: judgement.seq):
        ratings[judgement.worker, judgement.answer].append(judgement.rating)
    kinds = dict(zip(sorted({worker for worker, _ in ratings}), itertools.cycle(KINDS), strict=False))
    return [Shown(worker, kinds[worker], answers[answer], tuple(given)) for (worker, answer), given in ratings.items()]


def identifier(kind: Kind, *parts: str) -> str:
    """24 hexadecimal digits for HandAuncle, a UUID for SiteAssist."""
    digest = hashlib.sha256("\n".join(parts).encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4)) if kind is Kind.VISITOR else digest[:12].hex()


def differences(run: str, shown: Iterable[Shown], standing: Mapping[str, int], histories: Mapping[str, list[int]]
                ) -> list[str]:
    """Where what was read back is not what was said, message by message; empty when all is well."""
    found = []
    for message in shown:
        message_id = message.id(run)
        if standing.get(message_id) != message.ratings[-1]:
            found.append(f"{message_id}: {message.ratings[-1]} was said last, {standing.get(message_id)} stands")
        if histories.get(message_id) != list(message.ratings):
            found.append(f"{message_id}: {message.ratings} was said, the history says {histories.get(message_id)}")
    return found


def totals(run: str, shown: Iterable[Shown], standing: Mapping[str, int], histories: Mapping[str, list[int]]) -> Totals:
    """Counted from what was read back; the trace only says which message shows which model's answer."""
    gpt4 = [standing[message.id(run)] for message in shown
            if message.answer.model == "GPT 4" and message.id(run) in standing]
    return Totals(
        messages=len(histories),
        votes=len(standing),
        likes=sum(rating == 1 for rating in standing.values()),
        dislikes=sum(rating == -1 for rating in standing.values()),
        gpt4_likes=sum(rating == 1 for rating in gpt4),
        gpt4_votes=len(gpt4),
        history=sum(len(ratings) for ratings in histories.values()),
    )


def by_model(shown: Iterable[Shown]) -> dict[str, tuple[int, int]]:
    """Likes and votes of each model, counted from the trace itself: what each worker said last of each answer."""
    counted: defaultdict[str, list[int]] = defaultdict(list)
    for message in shown:
        counted[message.answer.model].append(message.ratings[-1])
    return {model: (ratings.count(1), len(ratings)) for model, ratings in counted.items()}


def _lines(path: Path, line: type[Line]) -> list[Line]:
    return msgspec.json.Decoder(line).decode_lines(path.read_bytes())
