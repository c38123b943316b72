"""The nouns of what is one person's: found, given out, erased."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

from plaudit.deeds import Review
from plaudit.exported import Position
from plaudit.model import Feedback, Message, Subject


@dataclass(frozen=True, slots=True)
class Person:
    """Whom somebody asks to be found. `device`: of a guest, its user id and its device as the store knows them."""

    subject: Subject
    device: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Traces:
    """What there is of a person beside conversations: who has become that user, and the devices that are known."""

    guests: tuple[Subject, ...] = ()
    visitor_devices: tuple[str, ...] = ()  # keyed hashes
    guest_device: bool = False
    conversations: int = 0

    def __bool__(self) -> bool:
        """Is there anything?"""
        return bool(self.guests or self.visitor_devices or self.guest_device or self.conversations)


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased of a person. `more`: not all of it yet."""

    conversations: int = 0
    messages: int = 0
    votes: int = 0  # that stood
    entries: int = 0  # of the history
    reviews: int = 0
    deliveries: int = 0  # that waited, or were dead letters
    identities: int = 0  # links, and devices that were known
    more: bool = False

    def __add__(self, other: Self) -> Self:
        return replace(other, **{name: getattr(self, name) + getattr(other, name) for name in (
            "conversations", "messages", "votes", "entries", "reviews", "deliveries", "identities")})


@dataclass(frozen=True, slots=True)
class Held:
    """A message of a person's, and all that there is of it."""

    message: Message
    history: tuple[Feedback, ...]  # as it was accepted
    reviews: tuple[tuple[Subject, int, Review], ...]  # of whose vote, of which revision, what
    deliveries: tuple[tuple[str, str, bool], ...]  # to which endpoint what has yet to be told; is it a dead letter?


class Kept(StrEnum):
    """What a project may keep for a while only."""

    COMMENTS = "comments"
    CONTENTS = "contents"  # of messages, with metadata and titles
    VOTES = "votes"  # whose they are


@dataclass(frozen=True, slots=True)
class Old:
    """What is to be forgotten among some that were looked at, and after which one to go on; None: that was all."""

    found: tuple[tuple[Any, ...], ...]  # the store's
    after: Position | str | None
