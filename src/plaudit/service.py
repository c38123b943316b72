"""The use cases: the only place that orders rules around storage. Contracts translate and call these."""

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from plaudit import rules
from plaudit.arrivals import Arrivals
from plaudit.counts import Selection
from plaudit.deeds import Action, AuditEntry, Deed, Review, ReviewFilter, ReviewItem
from plaudit.errors import Conflict, Forbidden, NotFound, Unavailable
from plaudit.exported import ExportPage, Moment, Position
from plaudit.model import (
    AuthLevel,
    Contract,
    Conversation,
    Feedback,
    FeedbackFilter,
    Instant,
    Linked,
    Message,
    Page,
    Project,
    RatedMessage,
    Receipt,
    Role,
    Subject,
    SubjectKind,
    Submission,
    Vote,
    Voter,
)
from plaudit.people import Erased, Held, Person, Traces
from plaudit.ports import Registered, Store

OWN_MESSAGES_MAX = 1000  # of one conversation
CONVERSATIONS_A_READ, MESSAGES_A_READ = 100, 50
PURGED_BYTES_MAX = 128 * 1024 * 1024  # votes wait a second or two


class Service:
    """Plaudit without its wires. `now` gives milliseconds since 1970, `new_id` a fresh UUID as text."""

    def __init__(self, store: Store, *, now: Callable[[], Instant], new_id: Callable[[], str],
                 arrivals: Arrivals | None = None) -> None:
        """`arrivals`: where votes wait for messages that are being registered; None: they do not."""
        self._store = store
        self._arrivals = arrivals or Arrivals(0, others_register=False)
        self._now = now
        self._new_id = new_id

    def now(self) -> Instant:
        """The clock that votes are stamped by, for what comes without a time of its own."""
        return self._now()

    async def submit(self, voter: Voter, contract: Contract, message_id: str, vote: Vote | None,
                     comment: str | None = None, *, receipt: Receipt | None = None, page: str = "",
                     reasons: Sequence[str] = (), conversation_id: str | None = None) -> Feedback | None:
        """Store one vote, durably; None when there was nothing to remove. A receipt registers its message first; a
        message that is not there yet is waited for. `page`: where the voter is, to be told where that fails.
        `conversation_id`: where the message must be; in another one it is as if it were not there.

        Raises `PaymentRequired`, `FeedbackOff`, `NotFound`, `Forbidden`, `Invalid`, `Conflict`, `Unavailable`.
        """
        rules.require_feedback(voter.project)
        voter = await self._named_today(voter)
        if receipt:
            voter, receipt = await self._as_they_are_today(voter, receipt)
            rules.check_receipt(receipt, voter, message_id, self._now())
        return await self._submit(Submission(
            project_id=voter.project.id,
            message_id=message_id,
            subject=voter.subject,
            auth_level=voter.auth_level,
            contract=contract,
            vote=vote,
            comment=rules.kept_comment(voter.project, comment),
            at=self._now(),
            receipt=receipt,
            reasons=rules.chosen_reasons(voter.project, vote, reasons),
        ), page, conversation_id)

    async def submit_as_owner(self, project: Project, contract: Contract, auth_level: AuthLevel, message_id: str,
                              vote: Vote | None, *, comment: str | None = None, page: str = "") -> Feedback | None:
        """As `submit`, for whoever may vote as anybody and does not say as whom: as the message's owner."""
        voter = await self.owner(project, auth_level, message_id, page=page)
        try:
            return await self.submit(voter, contract, message_id, vote, comment, page=page)
        except Forbidden:  # a guest became a user since
            user = (await self.message(project.id, message_id)).owner
            if user == voter.subject:
                raise
            return await self.submit(replace(voter, subject=user), contract, message_id, vote, comment, page=page)

    async def _named_today(self, voter: Voter) -> Voter:
        """Whom the back end names may have become a user since, by its own word or with all that proves it."""
        if voter.auth_level is not AuthLevel.SERVER_KEY:
            return voter
        return replace(voter, subject=await self._store.linked(voter.project.id, voter.subject) or voter.subject)

    async def owner(self, project: Project, auth_level: AuthLevel, message_id: str, *, page: str = "") -> Voter:
        """Who may vote on a message, for whoever speaks for them. A message that is not there yet is waited for.

        Raises `PaymentRequired`, `FeedbackOff`, `NotFound`, `Unavailable`.
        """
        rules.require_feedback(project)
        key = project.id, message_id
        message = await self._store.message(*key)
        if message is None and await self._arrivals.wait(key, partial(self._is_registered, key)):
            message = await self._store.message(*key)
        if message is None:
            self._arrivals.refused(key, page, self._now())
            raise NotFound("message", message_id)
        return Voter(project, message.owner, auth_level)

    async def _as_they_are_today(self, voter: Voter, receipt: Receipt) -> tuple[Voter, Receipt]:
        """The guest that a receipt names may have become a user since. A receipt is a proof of who that is now; a
        guest's headers are not."""
        named, holds_it = receipt.message.owner, voter.auth_level is AuthLevel.RECEIPT
        if named.kind is SubjectKind.USER or (named == voter.subject and not holds_it):
            return voter, receipt
        user = await self._store.linked(voter.project.id, named)
        if user is None:
            return voter, receipt
        return replace(voter, subject=user) if holds_it else voter, replace(
            receipt, message=replace(receipt.message, owner=user))

    async def register(self, messages: Sequence[Message]) -> list[Registered | Conflict]:
        """Register messages that the application showed; an outcome each, in order."""
        outcomes = await self._store.register(messages)
        self._arrivals.arrived([(message.project_id, message.id)
                                for message, outcome in zip(messages, outcomes, strict=True)
                                if isinstance(outcome, Registered)], self._now())
        return outcomes

    async def link(self, project_id: str, owner: Subject, user: Subject) -> Linked:
        """A guest or a visitor becomes a user, for good. The same again is a no-op.

        Raises `Invalid`, `Conflict` when they have become another user, `Unavailable`.
        """
        rules.require_link(owner, user)
        return await self._store.link(project_id, owner, user, self._now())

    async def message(self, project_id: str, message_id: str) -> Message:
        message = await self._store.message(project_id, message_id)
        if message is None:
            raise NotFound("message", message_id)
        return message

    async def create_conversation(self, voter: Voter, conversation_id: str | None, title: str | None) -> Conversation:
        """Open a conversation of the voter's own. Raises `Conflict` when the id is taken."""
        now = self._now()
        conversation = Conversation(
            project_id=voter.project.id,
            id=conversation_id or self._new_id(),
            owner=voter.subject,
            created_at=now,
            updated_at=now,
            title=title,
        )
        await self._store.create_conversation(conversation)
        return conversation

    async def conversation(self, project_id: str, conversation_id: str) -> Conversation:
        conversation = await self._store.conversation(project_id, conversation_id)
        if conversation is None:
            raise NotFound("conversation", conversation_id)
        return conversation

    async def own_conversation(self, voter: Voter, conversation_id: str) -> Conversation:
        """Raises `NotFound`, and `Forbidden` when it is someone else's."""
        conversation = await self.conversation(voter.project.id, conversation_id)
        if conversation.owner != voter.subject:
            raise Forbidden
        return conversation

    async def own_conversations(self, voter: Voter, *, order_by: str = "created_at", descending: bool = True,
                                limit: int, offset: int = 0, search: str | None = None
                                ) -> tuple[int, list[Conversation]]:
        return await self._store.conversations(
            voter.project.id, voter.subject,
            order_by=order_by, descending=descending, limit=limit, offset=offset, search=search,
        )

    async def conversation_messages(self, project_id: str, conversation_id: str, *, role: Role | None = None,
                                    limit: int, offset: int = 0, before: str | None = None, descending: bool = False
                                    ) -> tuple[int, list[RatedMessage]]:
        """Messages, each with its owner's vote, and how many there are. Whether one may look is asked before."""
        return await self._store.conversation_messages(
            project_id, conversation_id, role=role, limit=limit, offset=offset, before=before, descending=descending,
        )

    async def own_votes(self, voter: Voter, conversation_id: str) -> list[RatedMessage]:
        """The newest messages of a conversation with what the voter says of them; none where it is someone else's."""
        conversation = await self._store.conversation(voter.project.id, conversation_id)
        if conversation is None or conversation.owner != voter.subject:
            return []
        _, messages = await self.conversation_messages(
            voter.project.id, conversation_id, limit=OWN_MESSAGES_MAX, descending=True)
        return messages

    async def feedback(self, project_id: str, wanted: FeedbackFilter, *, limit: int, cursor: str | None = None
                       ) -> Page[RatedMessage]:
        return await self._store.feedback(project_id, wanted, limit=limit, cursor=cursor)

    async def history(self, project_id: str, message_id: str) -> list[Feedback]:
        """Every accepted submission on a message. Raises `NotFound` when the message is unknown."""
        await self.message(project_id, message_id)
        return await self._store.history(project_id, message_id)

    async def review_queue(self, project_id: str, wanted: ReviewFilter, *, limit: int, cursor: str | None = None
                           ) -> Page[ReviewItem]:
        """What is worth reading first. Raises `Invalid` for a cursor or a search that cannot be used."""
        return await self._store.review_queue(project_id, wanted, limit=limit, cursor=cursor)

    async def review(self, project_id: str, message_id: str, subject: Subject, revision: int, *, label: str,
                     note: str | None, reviewer: str) -> None:
        """Say something of a vote. Raises `NotFound`, `Conflict` when it was changed since that revision."""
        review = Review(label, note, reviewer, self._now())
        deed = Deed(reviewer, Action.REVIEWED, review.at, {**_vote(project_id, message_id, revision), "label": label})
        await self._store.review(project_id, message_id, subject, revision, review, deed=deed)

    async def take_back_review(self, project_id: str, message_id: str, subject: Subject, revision: int, *,
                               reviewer: str) -> None:
        """Raises as `review`."""
        deed = Deed(reviewer, Action.REVIEW_TAKEN_BACK, self._now(), _vote(project_id, message_id, revision))
        await self._store.review(project_id, message_id, subject, revision, None, deed=deed)

    async def reviews(self, project_id: str, message_id: str) -> list[tuple[Subject, int, Review]]:
        """All that was said of votes on one message: whose, of which revision, what."""
        return await self._store.reviews(project_id, message_id)

    async def audit(self, project_id: str, actor: str, action: Action, details: Mapping[str, Any]) -> None:
        """Write down what somebody is about to do. Raises `Unavailable`: then it must not be done."""
        await self._store.audit(project_id, Deed(actor, action, self._now(), details))

    async def audit_settings(self, project: Project) -> None:
        """Write down what has become of a project's settings since they were last seen. Raises `Unavailable`."""
        await self._store.audit_settings(project, self._now())

    async def audit_log(self, project_id: str, *, after: int, limit: int) -> list[AuditEntry]:
        return await self._store.audit_log(project_id, after=after, limit=limit)

    async def export_moment(self, project_id: str) -> Moment:
        return await self._store.export_moment(project_id)

    async def export_position(self, project_id: str, moment: Moment, after: Position, entries: int) -> Position | None:
        return await self._store.export_position(project_id, moment, after, entries)

    async def export(self, project_id: str, wanted: Selection, moment: Moment, after: Position, entries: int, *,
                     until: Position | None = None) -> ExportPage:
        return await self._store.export(project_id, wanted, moment, after, entries, until=until)

    async def give_out(self, project_id: str, person: Person, *, actor: str
                       ) -> AsyncIterator[Traces | Conversation | Held]:
        """All that there is of a person: what they are known by, then each conversation and its messages after it. Not
        as of one moment: what comes meanwhile may be in it.

        Nothing comes before it is in the audit log. Raises `Unavailable`.
        """
        person = await self._person_today(project_id, person)
        await self.audit(project_id, actor, Action.SUBJECT_EXPORTED, {})
        yield await self._store.traces(project_id, person)
        offset = 0
        while conversations := (await self._store.conversations(
                project_id, person.subject, order_by="created_at", descending=False, limit=CONVERSATIONS_A_READ,
                offset=offset))[1]:
            for conversation in conversations:
                yield conversation
                async for held in self._held(conversation):
                    yield held
            offset += len(conversations)

    async def _held(self, conversation: Conversation) -> AsyncIterator[Held]:
        offset = 0
        while found := await self._store.held(conversation.project_id, conversation.id, limit=MESSAGES_A_READ,
                                              offset=offset):
            for held in found:
                yield held
            offset += len(found)

    async def erase(self, project_id: str, person: Person, *, actor: str, removes_votes: bool,
                    purged_bytes_max: int | None = PURGED_BYTES_MAX) -> tuple[Erased, bool]:
        """Erase all that is a person's. And is it gone from the database's files as well? Where those have more than
        `purged_bytes_max` it is not, for votes wait while they are written anew.

        Raises `Conflict` for a guest who becomes a user at that moment, `Unavailable`: then ask again.
        """
        person = await self._person_today(project_id, person)
        deed = Deed(actor, Action.SUBJECT_ERASED, self._now(), {"removes_votes": removes_votes})
        erased = await self._store.erase(project_id, person, deed, removes_votes=removes_votes)
        return erased, await self._store.purge(purged_bytes_max)

    async def _person_today(self, project_id: str, person: Person) -> Person:
        """A guest who has become a user is that user, and known by that device still."""
        user = await self._store.linked(project_id, person.subject)
        return replace(person, subject=user) if user else person

    async def tell_missed(self) -> None:
        """Store what was counted of votes that found no message. Raises `Unavailable`: it is told the next time."""
        self._arrivals.expire(self._now())
        if taken := self._arrivals.take():
            try:
                await self._store.count_missed(taken)
            except Unavailable:
                self._arrivals.give_back(taken)
                raise

    async def _submit(self, submission: Submission, page: str, conversation_id: str | None) -> Feedback | None:
        key = submission.project_id, submission.message_id
        try:
            stored = await self._store_vote(submission, conversation_id)
        except NotFound:
            if not await self._arrivals.wait(key, partial(self._is_registered, key)):
                self._arrivals.refused(key, page, self._now())
                raise
            stored = await self._store_vote(submission, conversation_id)
        self._arrivals.arrived([key], self._now())  # whoever registered it: this vote's receipt, or another process
        return stored

    async def _store_vote(self, submission: Submission, conversation_id: str | None) -> Feedback | None:
        """A message never changes its conversation, so that is asked before, outside of the vote's transaction."""
        if conversation_id is not None:
            message = await self._store.message(submission.project_id, submission.message_id)
            if message is None and submission.receipt:
                message = submission.receipt.message
            if message is None or message.conversation_id != conversation_id:
                raise NotFound("message", submission.message_id)
        return await self._store.submit(submission)

    async def _is_registered(self, key: tuple[str, str]) -> bool:
        return await self._store.message(*key) is not None

    async def check(self) -> None:
        """Return when votes can be stored now; raise `Unavailable` saying why not."""
        await self._store.check()


def _vote(project_id: str, message_id: str, revision: int) -> dict[str, Any]:
    """Which vote, for whoever knows the message already: the log cannot be changed when a person is to be forgotten.
    Whose it was it does not say, for only the message's owner votes."""
    sha256 = hashlib.sha256(f"{project_id}/{message_id}".encode()).hexdigest()
    return {"message_sha256": sha256, "revision": revision}
