"""The nouns of an export: votes as they stood at one moment, each as flat as a line of a file."""

from dataclasses import dataclass
from typing import NamedTuple

from plaudit.model import Feedback, Instant, Subject


class Position(NamedTuple):
    """After which entry of the history an export goes on: entries are read by their instants, then their numbers."""

    at: Instant
    seq: int


BEGINNING = Position(0, 0)


@dataclass(frozen=True, slots=True)
class Moment:
    """What an export is as of: the history's entries that had been committed then.

    `last_seq` is the highest of their numbers, `until` the newest of the project's instants among them. On PostgreSQL
    lower numbers may be committed later, so that it has a `snapshot` too: which transactions had ended.
    """

    at: Instant
    last_seq: int
    until: Instant
    snapshot: str | None = None  # a pg_snapshot


class ExportedVote(NamedTuple):
    """One vote that stood, and the answer that it judges. The values are the store's: JSON is text, a vote is 1 or -1.

    `question` is the content of the message that the answer's `in_reply_to` names, or else of the newest message of the
    user's before it in the conversation, if one is among the `LOOKED_BACK` messages before it.
    """

    message_id: str
    conversation_id: str
    subject: str  # a subject's key
    vote: int | None  # None: it was taken back, which is asked for with histories only
    comment: str | None
    reasons: str | None  # a JSON array
    contract: str
    auth_level: str
    revision: int
    created_at: Instant
    updated_at: Instant
    role: str
    model: str | None
    prompt_version: str | None
    arms: str  # a JSON object
    locale: str | None
    platform: str | None
    in_reply_to: str | None
    trace_id: str | None
    span_id: str | None
    metadata: str  # a JSON object
    shown_at: Instant
    content: str | None
    question_id: str | None = None
    question: str | None = None


LOOKED_BACK = 20


@dataclass(frozen=True, slots=True)
class Past:
    """A vote's revisions from the first one to the one that is exported; whose the answer was then, which is somebody
    else where a guest's vote had ended for a user's; and when the question was asked."""

    chain: tuple[Feedback, ...]
    owner: Subject
    asked_at: Instant | None


@dataclass(frozen=True, slots=True)
class ExportPage:
    """`position` is after the last entry that was looked at, None at the end. There may be fewer votes, or none. Where
    histories were asked for, `pasts` has one for each vote."""

    votes: tuple[ExportedVote, ...]
    position: Position | None
    pasts: tuple[Past, ...] = ()
