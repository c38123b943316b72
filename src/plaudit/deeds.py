"""The nouns of the operator's people: what they did, for the audit log, and what they say of votes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from plaudit.model import AuthLevel, Instant, RatedMessage, Vote


class Action(StrEnum):
    SETTINGS_CHANGED = "settings_changed"  # keys among them
    EXPORTED = "exported"
    IMPORTED = "imported"
    REVIEWED = "reviewed"
    REVIEW_TAKEN_BACK = "review_taken_back"
    SUBJECT_EXPORTED = "subject_exported"
    SUBJECT_ERASED = "subject_erased"


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did, to be written into the audit log. `details` are JSON, without a voter's words or name:
    what is written there stays, also when that person is erased."""

    actor: str  # a server key's id, a person's name at the identity provider, or `operator`
    action: Action
    at: Instant
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A deed in a project's audit log. `sha256` is of it and of the entry before it, hexadecimal."""

    number: int  # from 1 on, without a hole
    at: Instant
    actor: str
    action: Action
    details: Mapping[str, Any]
    sha256: str


# ---------------------------------------------------------------- what they say of a vote


@dataclass(frozen=True, slots=True)
class Review:
    """A reviewer's own word on a vote. It stays apart from the votes and counts nowhere."""

    label: str
    note: str | None
    reviewer: str  # a server key's id, or a person's name at the identity provider
    at: Instant


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """Which votes to review: dislikes, and likes with a comment. None asks for any; an empty text for an answer's
    attribute, for those that have none."""

    reviewed: bool | None = False
    search: str | None = None  # words of the comment or the answer
    since: Instant | None = None  # as for `FeedbackFilter`
    until: Instant | None = None
    vote: Vote | None = None
    has_comment: bool | None = None
    model: str | None = None
    prompt_version: str | None = None
    locale: str | None = None
    platform: str | None = None
    arms: Mapping[str, str] = field(default_factory=dict)  # experiment -> arm
    auth_level: AuthLevel | None = None


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """A vote to review, with its answer. `review` is of this revision: whoever votes anew is reviewed anew."""

    rated: RatedMessage
    review: Review | None
