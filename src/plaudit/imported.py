"""The nouns of an import: answers as a file tells of them, with what was said of each."""

from dataclasses import dataclass
from typing import NamedTuple

from plaudit.model import Feedback, Message

Chain = tuple[Feedback, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """An answer and its votes. A chain is one vote's history: its revisions from the first on, without a hole.

    They are of one subject each, or of a guest or a visitor first and then of the user whom that one has become; and
    what stands is its owner's. The question is registered where nobody knows of it.
    """

    message: Message
    chains: tuple[Chain, ...]
    question: Message | None = None


class Verdict(NamedTuple):
    """What becomes of an answer's votes, or has become of them: how many entries the history gains, how many it has
    already, or why none of them can be taken over."""

    new: int = 0
    there: int = 0
    refused: str | None = None
