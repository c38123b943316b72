"""Pure decisions. No clock, no storage, no wire: what is allowed and what follows is said here and nowhere else."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from plaudit.errors import Conflict, FeedbackOff, Forbidden, Invalid, NotFound, PaymentRequired
from plaudit.model import (
    Conversation,
    Feedback,
    Instant,
    Message,
    Project,
    Receipt,
    Role,
    Subject,
    SubjectKind,
    Submission,
    Vote,
    Voter,
)
from plaudit.redaction import redact

FEEDBACK = "feedback"
DAY_MILLISECONDS = 24 * 60 * 60 * 1000
RECEIPT_MILLISECONDS_MAX = 400 * DAY_MILLISECONDS
BEARER_MILLISECONDS_MAX = 14 * DAY_MILLISECONDS  # it lies about in mailboxes
RECEIPT_LEEWAY_MILLISECONDS = 30_000  # of two clocks
LINKED_MESSAGES_MAX = 20_000

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MessageHead:
    """What a decision needs to know of a message."""

    role: Role
    owner: Subject


@dataclass(frozen=True, slots=True)
class Standing:
    """What a decision needs to know of the feedback that is already there."""

    vote: Vote | None
    revision: int
    created_at: Instant
    updated_at: Instant


def decide(message: MessageHead | None, existing: Standing | Feedback | None, submission: Submission
           ) -> Feedback | None:
    """The new state after a submission; None when it asks to remove what is not there.

    Every accepted submission is a revision, also one that repeats the value. Time never goes back for a row, whatever
    the clock does. Raises `NotFound`, `Forbidden`, `Invalid`.
    """
    if message is None:
        raise NotFound("message", submission.message_id)
    if message.owner != submission.subject:
        raise Forbidden
    if message.role is Role.USER:
        raise Invalid("messageId", "Only answers can be rated, and this message was written by the user")
    if submission.vote is None and (existing is None or existing.vote is None):
        return None
    return Feedback(
        project_id=submission.project_id,
        message_id=submission.message_id,
        subject=submission.subject,
        auth_level=submission.auth_level,
        contract=submission.contract,
        vote=submission.vote,
        comment=submission.comment,
        revision=existing.revision + 1 if existing else 1,
        created_at=existing.created_at if existing else submission.at,
        updated_at=max(existing.updated_at, submission.at) if existing else submission.at,
        reasons=submission.reasons,
    )


def check_receipt(receipt: Receipt, voter: Voter, message_id: str, now: Instant) -> None:
    """A receipt that goes with a vote. Whose it is comes last: that is told only to who holds a good one.

    Raises `Invalid` for one that is out of date or of another message, `Forbidden` for another owner's.
    """
    lifetime_max = BEARER_MILLISECONDS_MAX if receipt.bearer else RECEIPT_MILLISECONDS_MAX
    if not receipt.issued_at - RECEIPT_LEEWAY_MILLISECONDS <= now < receipt.expires_at + RECEIPT_LEEWAY_MILLISECONDS:
        raise Invalid("receipt", "has expired, or is not valid yet")
    if receipt.expires_at - receipt.issued_at > lifetime_max:
        raise Invalid("receipt", f"is valid for more than {lifetime_max // DAY_MILLISECONDS} days")
    if (receipt.message.project_id, receipt.message.id) != (voter.project.id, message_id):
        raise Invalid("receipt", "is of another message")
    if receipt.message.owner != voter.subject:
        raise Forbidden


def check_link(expires_at: Instant, now: Instant) -> None:
    """How long a link may be good by which whoever holds it votes, as a bearer receipt does. Raises `Invalid`."""
    if not now < expires_at <= now + BEARER_MILLISECONDS_MAX:
        raise Invalid("expires_at", f"must be within the next {BEARER_MILLISECONDS_MAX // DAY_MILLISECONDS} days")


def chosen_reasons(project: Project, vote: Vote | None, ids: Sequence[str]) -> tuple[str, ...]:
    """As the project lists them. Raises `Invalid` for one that it does not have, or that goes with another vote."""
    known = {reason.id: reason for reason in project.reasons}
    for reason_id in ids:
        if reason_id not in known:
            raise Invalid("reasons", f"this project has no reason {reason_id!r}")
        if vote is None or known[reason_id].vote not in {None, vote}:
            raise Invalid("reasons", f"{reason_id!r} does not go with this vote")
    return tuple(reason_id for reason_id in known if reason_id in ids)


def kept_comment(project: Project, comment: str | None) -> str | None:
    """As much of it as the project keeps."""
    return redact(comment, project.redaction.patterns) if comment and project.redaction.comments else comment


def require_feedback(project: Project) -> None:
    """Raises `PaymentRequired` or `FeedbackOff` when the project takes no votes."""
    if FEEDBACK not in project.plan.features:
        raise PaymentRequired(project.plan.name, project.feedback_plan, FEEDBACK)
    if not project.feedback_enabled:
        raise FeedbackOff


def registration_conflict(message: Message, existing: Message | None, conversation: Conversation | None
                          ) -> Conflict | None:
    """Why this message cannot be registered: its id or its conversation already says something else.

    A conversation has one owner; a message's owner, conversation and role are fixed when it is first registered.
    """
    if existing is not None:
        for field in ("conversation_id", "owner", "role"):
            if getattr(existing, field) != getattr(message, field):
                return Conflict("message", field)
        return None
    if conversation is not None and conversation.owner != message.owner:
        return Conflict("conversation", "owner")
    return None


def require_link(owner: Subject, user: Subject) -> None:
    """One way: a guest or a visitor becomes a user. Raises `Invalid` for anything else."""
    if owner.kind is SubjectKind.USER:
        raise Invalid("guest", "must be a guest or a visitor")
    if user.kind is not SubjectKind.USER:
        raise Invalid("user", "must be a user of an identity provider")


def require_few_messages(count: int) -> None:
    """All of them become somebody else's in one transaction, and others wait for it. Raises `Invalid`."""
    if count > LINKED_MESSAGES_MAX:
        raise Invalid("guest", f"has more than {LINKED_MESSAGES_MAX:,} messages, which nobody can take over at once")


def is_new_link(owner: Subject, user: Subject, linked: Subject | None) -> bool:
    """`linked`: who the owner has become already. Raises `Conflict` when that is somebody else."""
    if linked not in (None, user):
        raise Conflict(owner.kind.value, "user")
    return linked is None


def become(vote: Feedback, user: Subject, at: Instant, *, user_has_voted: bool) -> Feedback | None:
    """The next revision of a vote whose owner becomes that user; None: it has none.

    What the user has said of the message stands, be it a removal: then the other vote is taken back. Else it is the
    user's from here on, with its revisions, and known as it was known.
    """
    if user_has_voted and vote.vote is None:
        return None
    later = replace(vote, revision=vote.revision + 1, updated_at=max(vote.updated_at, at))
    return replace(later, vote=None, comment=None, reasons=()) if user_has_voted else replace(later, subject=user)


def canonical_id(text: str) -> str:
    """A UUID in lower case, in which the public contracts ask for it; anything else as it is."""
    return text.lower() if _UUID.fullmatch(text) else text
