"""What is sent and what comes back, as frozen dataclasses.

Answers may hold more than is read here: a newer server is no reason to fail.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypedDict

Vote = Literal["like", "dislike"]
Role = Literal["user", "assistant", "human_agent"]
Json = dict[str, Any]


# ---------------------------------------------------------------- whose


@dataclass(frozen=True, slots=True)
class User:
    """A user of an identity provider: `iss` and `sub` exactly as in its tokens, a slash at the end included."""

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody with a device: what it says in `x-device-id` and `x-user-id`."""

    device_id: str = field(repr=False)
    user_id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A visitor, by the id that SiteAssist's `identity/init` gave, or by one of the application's own."""

    id: str


@dataclass(frozen=True, slots=True)
class KnownGuest:
    """A guest as the server gives it back: the ids themselves are kept nowhere."""

    hash: str


Owner = User | Guest | Visitor


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose a message or a vote is, as the server says it: exactly one is there."""

    user: User | None = None
    guest: KnownGuest | None = None
    visitor: Visitor | None = None


@dataclass(frozen=True, slots=True)
class GuestHeaders:
    """How a guest's device proves itself. `token` is the one that the server gave in an earlier answer, if it did."""

    device_id: str = field(repr=False)
    user_id: str = field(repr=False)
    platform: str = "web"
    token: str | None = field(default=None, repr=False)


# ---------------------------------------------------------------- what was shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What the application showed. Without `created_at` it was shown when it is handed to `register`."""

    id: str
    conversation_id: str
    owner: Owner
    role: Role = "assistant"
    created_at: datetime | None = None
    model: str | None = None
    prompt_version: str | None = None
    arms: Mapping[str, str] = field(default_factory=dict)  # experiment -> arm
    content: str | None = field(default=None, repr=False)
    in_reply_to: str | None = None
    locale: str | None = None
    platform: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Facts(TypedDict, total=False):
    """What a receipt may say of a message besides its ids and its owner."""

    role: Role
    model: str | None
    prompt_version: str | None
    arms: Mapping[str, str]
    content: str | None
    in_reply_to: str | None
    locale: str | None
    platform: str | None
    trace_id: str | None
    span_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredMessage:
    """A message as the server has it."""

    id: str
    conversation_id: str
    role: Role
    owner: Subject
    created_at: datetime
    model: str | None = None
    prompt_version: str | None = None
    arms: Mapping[str, str] = field(default_factory=dict)
    content: str | None = field(default=None, repr=False)
    in_reply_to: str | None = None
    locale: str | None = None
    platform: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Registered:
    created: bool  # False: it was registered before, and stands as it was
    message: RegisteredMessage


# ---------------------------------------------------------------- what was said of it


@dataclass(frozen=True, slots=True)
class Submitted:
    """A vote as it stands now. `revision` and `updated_at` are None where nothing was to be removed."""

    message_id: str
    vote: Vote | None
    comment: str | None
    reasons: tuple[str, ...] = ()
    revision: int | None = None
    updated_at: datetime | None = None
    device_token: str | None = field(default=None, repr=False)  # a guest's device keeps it and shows it from now on


@dataclass(frozen=True, slots=True)
class OwnVote:
    """One's own vote that stands."""

    message_id: str
    vote: Vote
    comment: str | None
    updated_at: datetime
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """What may be given as a reason, for a vote of this direction; None: for either."""

    id: str
    vote: Vote | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """A vote that stands, with what is known of its message."""

    message_id: str
    conversation_id: str
    subject: Subject
    vote: Vote
    comment: str | None
    revision: int
    contract: str
    auth_level: str
    created_at: datetime
    updated_at: datetime
    model: str | None = None
    prompt_version: str | None = None
    arms: Mapping[str, str] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One accepted submission. `vote` is None for a removal."""

    subject: Subject
    revision: int
    vote: Vote | None
    comment: str | None
    contract: str
    auth_level: str
    at: datetime
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Linked:
    """What has become the user's."""

    messages: int
    votes: int
    superseded: int  # votes that gave way to the user's own


class FeedbackFilter(TypedDict, total=False):
    """Which votes; all that are given must hold. `since` is inclusive, `until` is not, both on the last change."""

    since: datetime
    until: datetime
    message_id: str
    conversation_id: str
    vote: Vote
    has_comment: bool
    model: str
    prompt_version: str
    contract: str
    auth_level: str
