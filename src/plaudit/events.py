"""What others are told of: each accepted vote is an event, and an endpoint is told of those that it asks for.

Frozen nouns. An event is made of the history when it is sent, so until then nothing but its number has to be kept, and
it has the same id whenever and by whomever it is sent.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from plaudit.model import Contract, Feedback, Instant, Message, Subject, Vote

EVENT_ID = re.compile(r"evt_([1-9][0-9]{0,17})_([0-9]{1,16})", re.ASCII)


class Kind(StrEnum):
    LIKE = "like"
    DISLIKE = "dislike"
    REMOVED = "removed"
    LINKED = "linked"  # nobody voted: a guest's vote became a user's, or gave way to the user's own


class Body(StrEnum):
    """How an event is written."""

    PLAUDIT = "plaudit"
    CLOUDEVENTS = "cloudevents"  # CloudEvents 1.0, structured
    SLACK = "slack"  # a text, as Slack's incoming webhooks take it
    OTLP = "otlp"  # a span with an evaluation, as OpenTelemetry's collectors take it, in protobuf
    OTLP_JSON = "otlp-json"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a project's events go, and which of them. No two endpoints, of whatever projects, have the same id."""

    id: str
    project_id: str
    url: str = field(repr=False)  # of a chat it is a secret
    secrets: tuple[bytes, ...] = field(default=(), repr=False)  # each signs, so that one can be exchanged for another
    kinds: frozenset[Kind] = frozenset(Kind)
    has_comment: bool | None = None  # None: with or without
    contracts: frozenset[Contract] = frozenset()  # empty: any
    body: Body = Body.PLAUDIT
    comments: bool = True  # may comments go there?
    contents: bool = False  # may answers?
    allow_private: bool = False  # may it be on this machine, or on a network that is not public?
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # to send along

    def wants(self, kind: Kind, contract: str, *, commented: bool) -> bool:
        return (kind in self.kinds and self.has_comment in {None, commented}
                and (not self.contracts or contract in self.contracts))


Endpoints = Mapping[str, Sequence[Endpoint]]  # by project
NOBODY: Endpoints = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of the history, with what it was said of and what stood there before."""

    seq: int
    kind: Kind
    feedback: Feedback
    message: Message
    before: Vote | None
    owner_before: Subject | None  # who had the vote before, where that was somebody else

    @property
    def id(self) -> str:
        """With the time: a database that was restored from a backup gives the same numbers to other votes."""
        return event_id(self.seq, self.feedback.updated_at)


def event_id(seq: int, at: Instant) -> str:
    return f"evt_{seq}_{at}"


def kind_of(vote: int | None) -> Kind:
    if vote is None:
        return Kind.REMOVED
    return Kind.LIKE if vote > 0 else Kind.DISLIKE


# ---------------------------------------------------------------- on the way to an endpoint


@dataclass(frozen=True, slots=True)
class Due:
    """What an endpoint has yet to be told."""

    endpoint_id: str
    due_at: Instant  # 0: it was never tried
    seq: int
    project_id: str
    message_id: str
    kind: Kind
    attempts: int  # that failed
    at: Instant  # when the vote was stored

    @property
    def event_id(self) -> str:
        return event_id(self.seq, self.at)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is to be sent now. Without an event: what it was of is in the history no more."""

    due: Due
    event: Event | None


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one delivery."""

    due: Due
    failure: str | None = None  # None: it was delivered, or is not to be
    retry_at: Instant | None = None  # of one that failed; None: never, it is a dead letter
    at: Instant = 0  # when that was known


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What an endpoint was not told, for good, unless somebody replays it."""

    due: Due
    died_at: Instant
    failure: str


@dataclass(frozen=True, slots=True)
class Backlog:
    """How an endpoint's deliveries stand."""

    endpoint_id: str
    waiting: int = 0
    oldest_at: Instant | None = None  # of those that wait
    dead: int = 0
