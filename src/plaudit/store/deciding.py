"""What a vote's decision reads and leaves, on any database."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from plaudit.model import Feedback, Role, Subject, Submission, Vote
from plaudit.rules import MessageHead, Standing
from plaudit.store.tally import Answer, Cell, Counted, counted

Decide = Callable[[MessageHead | None, Standing | Feedback | None, Submission], Feedback | None]
Key = tuple[str, str, str]  # project, message, subject
Outcome = Feedback | None | Exception  # of a submission; an exception is its refusal

# Looked up in a tenth of the time that an enumeration takes to call.
ROLES = {role.value: role for role in Role}
VOTES = {None: None, 1: Vote.LIKE, -1: Vote.DISLIKE}


class Known:
    """What a batch knows of one key; it moves on with each accepted submission.

    `answer` is None where votes are not counted: on what no model said. `before` stays what it was.
    """

    __slots__ = ("answer", "before", "feedback", "head", "seq")

    def __init__(self, project_id: str, row: Sequence[Any]) -> None:
        role, owner, vote, revision, created_at, updated_at, seq, auth_level, commented, shown_at, *cell = row
        self.head = MessageHead(ROLES[role], Subject(owner)) if role else None
        self.feedback: Standing | Feedback | None = (
            Standing(VOTES[vote], revision, created_at, updated_at) if revision else None)
        self.seq: int | None = seq
        self.answer = Answer(project_id, shown_at, Cell(*cell)) if role == Role.ASSISTANT else None
        self.before = Before(seq, counted(vote, commented, auth_level))


class Before(NamedTuple):
    """How a key stood before the batch."""

    seq: int | None
    counted: Counted | None


def key_of(submission: Submission) -> Key:
    return submission.project_id, submission.message_id, submission.subject.key
