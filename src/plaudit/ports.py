"""What the core needs from outside, and what it may count on.

Two implementations of one of these must be told apart by nothing but speed and capacity.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from plaudit.counts import Counted, Dimension, Grouping, Selection
from plaudit.deeds import Action, AuditEntry, Deed, Review, ReviewFilter, ReviewItem
from plaudit.errors import Conflict
from plaudit.events import Backlog, DeadLetter, Delivery, Endpoint, Settled
from plaudit.exported import ExportPage, Moment, Position
from plaudit.imported import Told, Verdict
from plaudit.model import (
    Conversation,
    Feedback,
    FeedbackFilter,
    Instant,
    Issuer,
    Linked,
    Message,
    Missed,
    Page,
    Project,
    RatedMessage,
    Role,
    ServerKey,
    Subject,
    Submission,
    Voter,
)
from plaudit.people import Erased, Held, Kept, Person, Traces


@dataclass(frozen=True, slots=True)
class Registered:
    """The answer to registering one message: was it new?"""

    created: bool
    owner: Subject | None = None  # the user whose it is, where its owner has become one


@dataclass(frozen=True, slots=True)
class DeviceBinding:
    """What the store knows of one guest user id and one device of it. Both are keyed hashes."""

    bound_at: Instant | None  # since when this device is one of the user id's
    token_seen_at: Instant | None  # since when this guest shows a device token


class Store(Protocol):
    """Where votes live.

    Guarantees: a method that changes something returns only after the change is on stable storage. Deciding and
    writing happen in one transaction. A row that cannot be written never fails its neighbours.

    Every method raises `Unavailable` when the database cannot say: full queue, full disk, closed, damaged. The change
    may or may not have happened then; asking again is safe.
    """

    async def submit(self, submission: Submission) -> Feedback | None:
        """Decide and store one vote; None when there was nothing to remove. A message that is not registered is
        registered by the submission's receipt, if it has one, in the same transaction.

        Raises whatever the decider raises: `NotFound`, `Forbidden`, `Invalid`; and `Conflict` when the receipt's
        message cannot be registered.
        """

    async def register(self, messages: Sequence[Message]) -> list[Registered | Conflict]:
        """One outcome a message, in order. A conflict changes nothing; the same again is a no-op, unless a receipt has
        registered it before: then what receipts leave out, content and metadata among it, is completed."""

    async def link(self, project_id: str, owner: Subject, user: Subject, now: Instant) -> Linked:
        """All that is a guest's or a visitor's is the user's from now on, and so is what is registered as theirs
        later. The same again is a no-op. Raises `Conflict` when they have become another user, `Invalid` for too many
        messages.
        """

    async def linked(self, project_id: str, subject: Subject) -> Subject | None:
        """The user that this guest or visitor has become."""

    async def create_conversation(self, conversation: Conversation) -> None:
        """Raises `Conflict` when the id is taken in this project."""

    async def visitor(self, project_id: str, device_hash: str, new_id: str, now: Instant) -> tuple[str, bool]:
        """The visitor's id of this device, `new_id` if there was none, and whether it is new."""

    async def bind_device(self, project_id: str, user_hash: str, device_hash: str, now: Instant, *, only_first: bool
                          ) -> DeviceBinding:
        """Bind a device to a guest's user id (`only_first`: unless another one is) and say how things stand then."""

    async def device_token_seen(self, project_id: str, user_hash: str, device_hash: str, now: Instant) -> None:
        """Note that this guest shows device tokens from now on."""

    async def message(self, project_id: str, message_id: str) -> Message | None: ...

    async def conversation(self, project_id: str, conversation_id: str) -> Conversation | None: ...

    async def conversations(self, project_id: str, owner: Subject, *, order_by: str, descending: bool, limit: int,
                            offset: int, search: str | None = None) -> tuple[int, list[Conversation]]:
        """One owner's conversations and how many there are in all. `order_by`: created_at or updated_at.

        `search` keeps those whose title or messages contain the text, case aside (ASCII).
        """

    async def conversation_messages(self, project_id: str, conversation_id: str, *, role: Role | None, limit: int,
                                    offset: int = 0, before: str | None = None, descending: bool = False
                                    ) -> tuple[int, list[RatedMessage]]:
        """A conversation's messages by (created_at, id), each with its owner's vote, and how many there are in all.

        `before`: only messages older than the message of this id; an unknown one gives none.
        """

    async def feedback(self, project_id: str, wanted: FeedbackFilter, *, limit: int, cursor: str | None
                       ) -> Page[RatedMessage]:
        """Standing votes, newest change first. Raises `Invalid` for a cursor that this store did not give."""

    async def history(self, project_id: str, message_id: str) -> list[Feedback]:
        """Every accepted submission on one message, in the order in which they were accepted; empty when there is none.

        An entry whose subject is another one than in the entry before it is not a submission: who had voted became
        that user, with the vote.
        """

    async def counts(self, project_id: str, selection: Selection, groupings: Sequence[Grouping]
                     ) -> list[list[Counted]]:
        """The answers and votes of a selection, counted once and added up in each of these ways; a list a grouping.

        All from one snapshot, so that they agree with each other. Only what models said is counted:
        the role `assistant`. Groups with nothing in them are left out; the others are sorted by start, then
        values. Raises `Invalid` when the selection does not begin or end with an hour.
        """

    async def dimensions(self, project_id: str) -> dict[Dimension, list[str]]:
        """Every dimension that answers were ever told apart by, and its values, sorted."""

    async def review_queue(self, project_id: str, wanted: ReviewFilter, *, limit: int, cursor: str | None
                           ) -> Page[ReviewItem]:
        """Dislikes with a comment first, then other dislikes, then likes with a comment; the newest first in each.

        A page for which many votes had to be looked at may be short or empty, and have a cursor to go on with.
        Raises `Invalid` for a cursor that this store did not give, or a search without a word in it.
        """

    async def review(self, project_id: str, message_id: str, subject: Subject, revision: int, review: Review | None,
                     *, deed: Deed | None = None) -> None:
        """Say this of a vote, or (None) take back what was said; `deed` goes into the audit log in the same
        transaction. Raises `NotFound` when that is not a vote to review, `Conflict` when it was changed since that
        revision."""

    async def reviews(self, project_id: str, message_id: str) -> list[tuple[Subject, int, Review]]:
        """All that was said of votes on one message: whose, of which revision, what."""

    async def audit(self, project_id: str, deed: Deed) -> None:
        """Append to the project's audit log."""

    async def audit_settings(self, project: Project, now: Instant) -> None:
        """Append what of a project's settings is not as its audit log has it, if anything is."""

    async def audit_log(self, project_id: str, *, action: Action | None = None, after: int = 0, limit: int
                        ) -> list[AuditEntry]:
        """Entries by their numbers, those above `after`."""

    async def count_missed(self, missed: Mapping[Missed, int]) -> None:
        """So many more votes that found no message."""

    async def missed(self, project_id: str, since_day: int) -> dict[Missed, int]:
        """Votes that found no message, from a day on, the most frequent first."""

    async def judge_import(self, project_id: str, given: Sequence[Told]) -> list[Verdict]:
        """What `write_import` would do with answers, each given once."""

    async def write_import(self, project_id: str, given: Sequence[Told]) -> list[Verdict]:
        """Take over answers and their votes in this order, all in one transaction, but for those that the database
        contradicts. What it has already stays as it is; no endpoint is told."""

    async def export_moment(self, project_id: str) -> Moment:
        """This one: whatever happens from now on, an export as of it gives the votes that stand now."""

    async def export_size(self, project_id: str, moment: Moment, after: Position) -> int:
        """About how many of the history's entries are left."""

    async def export_position(self, project_id: str, moment: Moment, after: Position, entries: int) -> Position | None:
        """So many of the history's entries further on; None when there are not so many."""

    async def export(self, project_id: str, wanted: Selection, moment: Moment, after: Position, entries: int, *,
                     until: Position | None = None) -> ExportPage:
        """The votes that stood at a moment among so many of the history's next entries, in the order in which they
        were given, and none after the entry at `until`. What is said of an answer is as it is now."""

    async def export_histories(self, project_id: str, wanted: Selection, moment: Moment, after: Position, entries: int,
                               *, until: Position | None = None) -> ExportPage:
        """As `export`, each vote with its history, and those that had been taken back."""

    async def traces(self, project_id: str, person: Person) -> Traces:
        """What there is of a person beside messages, and how many conversations."""

    async def held(self, project_id: str, conversation_id: str, *, limit: int, offset: int) -> list[Held]:
        """Messages of a conversation by (created_at, id), each with all that there is of it."""

    async def erase(self, project_id: str, person: Person, deed: Deed, *, removes_votes: bool) -> Erased:
        """Erase all that is a person's, a part in each transaction, `deed` beside each part with its numbers. Without
        `removes_votes` answers and votes stay counted, as nobody's. Whoever is interrupted asks again.

        Raises `Conflict` for a guest or a visitor who has become a user.
        """

    async def forget_old(self, project_id: str, what: Kept, before: Instant, after: Position | str | None = None
                         ) -> Position | str | None:
        """Forget what is older than that among some that come `after` one; and after which to go on, None: that was
        all. No number changes."""

    async def purge(self, bytes_max: int | None = None) -> bool:
        """Is what was deleted gone from the database's files too? It is made so where the store can do that: SQLite
        where the file has not more than `bytes_max` bytes; votes wait meanwhile."""

    async def check(self) -> None:
        """Return when the database can be written now; raise `Unavailable` saying why not."""


class Outbox(Protocol):
    """What endpoints have yet to be told. It is written by `Store.submit` and `Store.link`, in their transactions: an
    event for each endpoint of the project that wants it.

    Guarantees: an event leaves the outbox only by `settle`. Every method raises `Unavailable` as those of `Store`.
    """

    async def claim(self, endpoint: Endpoint, busy: Collection[int], limit: int) -> list[Delivery]:
        """What is due, for a minute nobody else's, except what is `busy` being sent, by its numbers."""

    async def settle(self, settled: Sequence[Settled]) -> None:
        """What became of deliveries. Each that failed waits until its time, or is a dead letter."""

    async def backlogs(self) -> list[Backlog]:
        """Of every endpoint that something waits for, or that has dead letters."""

    async def dead_letters(self, endpoint_id: str, *, after: int, limit: int) -> list[DeadLetter]:
        """By their numbers, those above `after`."""

    async def replay(self, endpoint_id: str, seqs: Sequence[int]) -> int:
        """These dead letters are due again, as if they had never been tried; how many of them there were."""


@dataclass(frozen=True, slots=True)
class DeviceClaim:
    """What a guest's headers say, unproven; None where a header is absent."""

    device_id: str | None
    user_id: str | None
    platform: str | None
    token: str | None = None  # x-device-token, in guest mode `signed`


@dataclass(frozen=True, slots=True)
class Guest:
    """An authenticated guest and, in mode `signed`, the token to give back."""

    voter: Voter
    known_since: Instant | None = None  # its device is bound, or its token stands, since then; None: nothing tells
    device_token: str | None = None


@dataclass(frozen=True, slots=True)
class VoteLink:
    """What a link of our own making says. `key` is what its asker called the vote."""

    project: Project
    message_id: str
    key: str


class Authenticator(Protocol):
    """Who is asking. No method says *why* a proof was refused beyond what the contract publishes.

    Raises `Unauthenticated` when there is no believable proof, `DependencyDown` when the proof cannot be judged
    because an identity provider's keys cannot be had: never the first for the second.
    """

    async def by_bearer(self, token: str) -> Voter:
        """A user by an identity provider's token, or a visitor by our session token.

        Raises `Forbidden` for a valid server key: it may register and read, but it is nobody and cannot vote.
        """

    async def by_identity_token(self, token: str) -> Voter:
        """A user by an identity provider's token only. Raises `Forbidden` as `by_bearer` does."""

    async def by_device(self, claim: DeviceClaim, host: str) -> Guest:
        """A guest of the project that serves `host`, else of the default one.

        Raises `Forbidden` when the user id is bound to another device.
        """

    def by_server_key(self, key: str) -> tuple[Project, ServerKey]: ...

    def by_receipt(self, receipt: str) -> tuple[Project, bytes]:
        """Whose key has signed it, and its claims as JSON. Raises `Invalid` for what no project's key has signed."""

    def by_publishable_key(self, key: str, origin: str | None) -> Project:
        """Raises `Forbidden` when a browser's `origin` is not one of the project's."""

    async def visitor(self, project: Project, device: str) -> tuple[str, bool]:
        """A visitor's id by the id that its page keeps, and whether it is new."""

    def session_token(self, project: Project, visitor_id: str) -> str: ...

    def link_token(self, link: VoteLink, expires_at: Instant) -> str:
        """Whoever holds it votes on the message as its owner, until then."""

    def by_link_token(self, token: str) -> VoteLink: ...

    async def guest_subject(self, project: Project, device_id: str, user_id: str, *, binds: bool = True) -> Subject:
        """The subject of a guest whom the application's back end vouches for; binds the device to the user id, unless
        nothing is to be written.

        Raises `Invalid` for a device or user id that could never sign in.
        """

    def guest(self, project: Project, device_id: str, user_id: str) -> Person:
        """A guest who is to be found, without binding anything. Raises `Invalid` as `guest_subject`."""

    def forget_guest(self, project: Project, guest: Subject) -> None:
        """After a guest's devices were erased. Other processes go on believing for a while what they remember."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who may look at a project's pages, and review its votes."""

    project: Project
    name: str  # a server key's id, or a person's name at the identity provider


@dataclass(frozen=True, slots=True)
class Departure:
    """The way to an identity provider: where to go, and what the browser must bring back from there."""

    url: str
    luggage: str


class Viewers(Protocol):
    """Who looks at the pages. Raises `Unauthenticated` for a proof that cannot be believed, `Forbidden` for one that
    is good and not enough, `DependencyDown` when an identity provider does not answer."""

    def by_key(self, key: str) -> tuple[Viewer, str]:
        """A viewer by a server key that may read, and the session to give to the browser."""

    def by_session(self, session: str) -> Viewer:
        """Raises `Unauthenticated` also when what it was given for holds no longer: the key is revoked."""

    def sign_in_of(self, project_id: str | None) -> Project | None:
        """The project whose people come through an identity provider; without an id, the only one that has people."""

    async def depart(self, project: Project, return_url: str) -> Departure:
        """Raises `DependencyDown`."""

    async def arrive(self, luggage: str, state: str, code: str, return_url: str) -> tuple[Viewer, str]:
        """A viewer by what the provider sent along, and the session."""


class IssuerCheck(Protocol):
    """For the operator's eyes: can this issuer's keys be had?"""

    async def __call__(self, issuer: Issuer) -> int:
        """How many usable keys it publishes. Raises `DependencyDown`, saying why in its message."""
