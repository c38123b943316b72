"""The nouns. Frozen, plain, and known to everyone; nothing here does anything.

Instants are whole milliseconds since 1970-01-01 UTC: what both contracts print and what the databases store.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, Generic, Self, TypeVar

Instant = int

T = TypeVar("T")

# ---------------------------------------------------------------- who


class SubjectKind(StrEnum):
    USER = "user"  # the application's own user, by its identity provider's (issuer, subject)
    GUEST = "guest"  # a device and a claimed user id, known only as a keyed hash
    VISITOR = "visitor"  # whom our own session token names
    ERASED = "erased"  # nobody: whose vote it was is not known any more; each such vote has a name of its own


@dataclass(frozen=True, slots=True)
class Subject:
    """Who votes and who owns a message. Two subjects are the same person exactly when they are equal.

    `key` is "<kind>:<name>", the form that is stored.
    """

    key: str

    @classmethod
    def of(cls, kind: SubjectKind, name: str) -> Self:
        return cls(f"{kind.value}:{name}")

    @classmethod
    def user(cls, issuer: str, subject: str) -> Self:
        """`issuer` has no `#` (OpenID Connect Discovery 1.0, 3: no fragment), so the pair cannot be read two ways."""
        return cls.of(SubjectKind.USER, f"{issuer}#{subject}")

    @property
    def kind(self) -> SubjectKind:
        return SubjectKind(self.key.partition(":")[0])

    @property
    def name(self) -> str:
        return self.key.partition(":")[2]


class AuthLevel(StrEnum):
    """How the voter was known; stored with each vote."""

    JWT = "jwt"
    SESSION = "session"
    GUEST_BARE = "guest-bare"
    GUEST_BOUND = "guest-bound"
    GUEST_SIGNED = "guest-signed"
    RECEIPT = "receipt"  # by a bearer receipt alone, such as a link in an e-mail
    SERVER_KEY = "server-key"  # the application's back end says who it is


class GuestMode(StrEnum):
    BARE = "bare"  # headers are believed as they come
    BOUND = "bound"  # the first device seen for a guest's user id is the only one
    SIGNED = "signed"  # a guest once given a device token must show it
    OFF = "off"  # no guests


# ---------------------------------------------------------------- where


class Contract(StrEnum):
    SITEASSIST = "siteassist"
    HANDAUNCLE = "handauncle"
    PLAUDIT = "plaudit"
    DIFY = "dify"
    LANGFUSE = "langfuse"
    LANGSMITH = "langsmith"
    ASSISTANT_UI = "assistant-ui"
    LIBRECHAT = "librechat"


# What a project serves unless it says otherwise: the other tools' contracts are for who comes from there.
OWN_CONTRACTS = frozenset((Contract.SITEASSIST, Contract.HANDAUNCLE, Contract.PLAUDIT))


class Scope(StrEnum):
    MESSAGES_WRITE = "messages:write"
    FEEDBACK_READ = "feedback:read"
    FEEDBACK_WRITE = "feedback:write"  # votes as whomever the application names
    ADMIN = "admin"  # includes the others


@dataclass(frozen=True, slots=True)
class ServerKey:
    """A secret that the application's back end holds. Only its SHA-256 is kept, hexadecimal."""

    id: str
    sha256: str
    scopes: frozenset[Scope]

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes or Scope.ADMIN in self.scopes


class ReceiptAlgorithm(StrEnum):
    """By their names in JOSE (RFC 8037, RFC 7518)."""

    ED25519 = "EdDSA"
    HS256 = "HS256"


@dataclass(frozen=True, slots=True)
class ReceiptKey:
    """What the application's receipts are checked with: Ed25519's public key, or a secret that both know."""

    id: str
    algorithm: ReceiptAlgorithm
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Issuer:
    """An OpenID Connect provider whose tokens a project believes."""

    issuer: str
    audiences: frozenset[str]
    jwks_url: str
    algorithms: tuple[str, ...] = ("RS256",)
    authorized_parties: frozenset[str] = frozenset()  # azp or client_id; empty: any
    scopes: frozenset[str] = frozenset()  # each must be in the token; empty: none asked


@dataclass(frozen=True, slots=True)
class SignIn:
    """An OpenID Connect provider through which people come to a project's pages, and which of its people may.

    Never all of them: the application's own users may be people of the same provider.
    """

    issuer: str
    client_id: str
    allow_claim: str  # of the ID token
    allow_values: frozenset[str]  # one of them must be the claim, or in it where it is a list
    algorithms: tuple[str, ...] = ("RS256",)
    client_secret: str | None = field(default=None, repr=False)  # None: a public client


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests a minute; 0 switches one off."""

    per_subject: int = 100
    per_project: int = 0


@dataclass(frozen=True, slots=True)
class Retention:
    """Days that something is kept; None: for ever."""

    comments_days: int | None = None
    contents_days: int | None = None
    votes_days: int | None = None  # whose they are


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is taken out of comments before they are stored."""

    comments: bool = False
    patterns: tuple[str, ...] = ()  # the project's own, see `redaction`


@dataclass(frozen=True, slots=True)
class Plan:
    name: str
    features: frozenset[str]


@dataclass(frozen=True, slots=True)
class Reason:
    """What a voter may tick beside a vote, such as "out of date"."""

    id: str
    vote: "Vote | None"  # goes with this one only; None: with either
    texts: Mapping[str, str]  # by language, such as `en` or `pt-br`; the first one is for whoever speaks none of them

    def text(self, language: str) -> str:
        """In that language, or the one that it is a kind of, or the first."""
        wanted = language.lower()
        for code in (wanted, wanted.partition("-")[0]):
            if code in self.texts:
                return self.texts[code]
        return next(iter(self.texts.values()))


@dataclass(frozen=True, slots=True)
class Project:
    id: str
    name: str
    plan: Plan
    feedback_plan: str  # the plan to name when this one lacks feedback
    publishable_key: str | None = None
    origins: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    server_keys: tuple[ServerKey, ...] = ()
    receipt_keys: tuple[ReceiptKey, ...] = ()
    issuers: tuple[Issuer, ...] = ()
    guest_mode: GuestMode = GuestMode.BOUND
    limits: Limits = field(default_factory=Limits)
    feedback_enabled: bool = True
    contracts: frozenset[Contract] = OWN_CONTRACTS
    time_zone: str = "UTC"  # an IANA name: where its days begin and end
    trace_url: str | None = None  # of a trace, with {trace_id} in it
    sign_in: SignIn | None = None
    reasons: tuple[Reason, ...] = ()
    retention: Retention = field(default_factory=Retention)
    redaction: Redaction = field(default_factory=Redaction)


@dataclass(frozen=True, slots=True)
class Voter:
    """A subject, as known in one project, by one kind of proof."""

    project: Project
    subject: Subject
    auth_level: AuthLevel


# ---------------------------------------------------------------- what


class Role(StrEnum):
    USER = "user"
    ASSISTANT = "assistant"
    HUMAN_AGENT = "human_agent"


@dataclass(frozen=True, slots=True)
class Conversation:
    project_id: str
    id: str
    owner: Subject
    created_at: Instant
    updated_at: Instant  # when its newest message was created
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What the application showed. Registered once; its attribution never comes from the voter."""

    project_id: str
    id: str
    conversation_id: str
    role: Role
    owner: Subject
    created_at: Instant
    model: str | None = None
    prompt_version: str | None = None
    arms: Mapping[str, str] = field(default_factory=dict)  # experiment -> arm
    content: str | None = None
    in_reply_to: str | None = None
    locale: str | None = None
    platform: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the application says of a message that it may not have registered, signed, so that nobody can change it."""

    message: Message
    issued_at: Instant
    expires_at: Instant
    content_sha256: str | None = None  # hexadecimal, of the content, which a receipt does not hold
    bearer: bool = False  # whoever holds it votes as the message's owner


class Vote(IntEnum):
    LIKE = 1
    DISLIKE = -1


@dataclass(frozen=True, slots=True)
class Submission:
    """What a voter asks for: this vote (None removes it) and this comment on that message."""

    project_id: str
    message_id: str
    subject: Subject
    auth_level: AuthLevel
    contract: Contract
    vote: Vote | None
    comment: str | None
    at: Instant
    receipt: Receipt | None = None  # registers the message where it is not
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feedback:
    """The state of one (project, message, subject) after its `revision`-th accepted submission.

    `vote` is None after a removal: the row stays, so that revisions go on rising.
    """

    project_id: str
    message_id: str
    subject: Subject
    auth_level: AuthLevel
    contract: Contract
    vote: Vote | None
    comment: str | None
    revision: int
    created_at: Instant
    updated_at: Instant
    reasons: tuple[str, ...] = ()  # the ids of those that were ticked, as they are listed in the project


@dataclass(frozen=True, slots=True)
class Linked:
    """What has become a user's when a guest, or a visitor, became that user."""

    messages: int
    votes: int
    superseded: int  # votes that stand no more, for the user's own do


class MissedReason(StrEnum):
    """What became of the message that a vote was refused for."""

    LATE = "late"  # it was registered afterwards, within ten minutes
    NEVER = "never"  # it was not


@dataclass(frozen=True, slots=True)
class Missed:
    """Votes that found no message: in which project, on which day of UTC, why, and on which page."""

    project_id: str
    day: int  # since 1970-01-01
    reason: MissedReason
    page: str  # empty: not known


@dataclass(frozen=True, slots=True)
class FeedbackFilter:
    """Which votes; None asks for any. `since` is inclusive, `until` exclusive, both on `updated_at`."""

    since: Instant | None = None
    until: Instant | None = None
    message_id: str | None = None
    conversation_id: str | None = None
    vote: Vote | None = None
    has_comment: bool | None = None
    model: str | None = None
    prompt_version: str | None = None
    contract: Contract | None = None
    auth_level: AuthLevel | None = None


@dataclass(frozen=True, slots=True)
class RatedMessage:
    """A message with what one subject, its owner, says of it."""

    message: Message
    feedback: Feedback | None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """`cursor` continues after the last of `items`; None when there are no more."""

    items: tuple[T, ...]
    cursor: str | None
