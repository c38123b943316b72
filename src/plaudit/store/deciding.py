"""What a vote's decision reads and leaves, on any database."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from plaudit.model import Feedback, Receipt, Role, Subject, Submission, Vote
from plaudit.rules import MessageHead, Standing
from plaudit.store.tally import Answer, counted

Decide = Callable[[MessageHead | None, Standing | Feedback | None, Submission], Feedback | None]
Key = tuple[str, str, str]  # project, message, subject
Outcome = Feedback | None | Exception  # of a submission; an exception is its refusal

# Looked up in a tenth of the time that an enumeration takes to call.
ROLES = {role.value: role for role in Role}
ASSISTANT = Role.ASSISTANT.value
VOTES = {None: None, 1: Vote.LIKE, -1: Vote.DISLIKE}


class Known:
    """What a batch knows of one key; it moves on with each accepted submission.

    `answer`, which no model may have given, and `before` stay as they were.
    """

    __slots__ = ("answer", "before", "before_seq", "feedback", "has_content", "head", "seq")

    def __init__(self, project_id: str, row: Sequence[Any]) -> None:
        (role, owner, vote, revision, created_at, updated_at, seq, auth_level, commented, reasons, *answer,
         has_content) = row
        self.head = MessageHead(ROLES[role], Subject(owner)) if role else None
        self.feedback: Standing | Feedback | None = (
            Standing(VOTES[vote], revision, created_at, updated_at) if revision else None)
        self.seq: int | None = seq
        self.answer: Answer | None = (project_id, *answer) if role == ASSISTANT else None
        self.before = counted(vote, commented, auth_level, reasons)
        self.before_seq: int | None = seq
        self.has_content = bool(has_content)


def key_of(submission: Submission) -> Key:
    return submission.project_id, submission.message_id, submission.subject.key


def to_register(submissions: Sequence[Submission], known: Mapping[Key, Known]) -> tuple[list[Receipt], list[Key]]:
    """Receipts of messages that nobody knows yet, and the keys to be read anew once they are registered."""
    unknown = [submission for submission in submissions if known[key_of(submission)].head is None]
    receipts = [submission.receipt for submission in unknown if submission.receipt]
    return receipts, list(dict.fromkeys(map(key_of, unknown)))
