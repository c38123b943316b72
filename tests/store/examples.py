"""What the store's tests are told about: two projects, a few voters, and whole values to start from."""

from dataclasses import dataclass
from typing import Any

from plaudit.model import AuthLevel, Contract, Message, Role, Subject, SubjectKind, Submission, Vote

NOW = 1_795_334_400_000  # 2026-11-22T08:00:00Z
HOUR = 3_600_000
DAY = 24 * HOUR

ANNA = Subject.user("https://tenant.example/", "auth0|anna")
BORIS = Subject.user("https://tenant.example/", "auth0|boris")
GUEST = Subject.of(SubjectKind.GUEST, "5f" * 32)
VISITOR = Subject.of(SubjectKind.VISITOR, "7d4f4b9e-6f4e-4f61-9f0b-1d2c3b4a5968")

LIKE, DISLIKE = Vote.LIKE, Vote.DISLIKE

ODD_COMMENTS = [
    "'; DROP TABLE feedback; --",
    '" OR "1"="1',
    "%_\\[]*?{}:name ?1 $1 @at",
    "{search} {conditions} %s %(x)s",
    "\x01\x02\x1b[31m\x7f\x85\u2028\u2029",
    "\ufeff\u202e\u200d\u0300\uffff\ufffe\U0010ffff",
    "👩🏽\u200d🚀" * 250,
    "😀" * 1000,
    "café ≠ cafe\u0301",
    " \t\r\n leading and trailing \n",
    "\\u0041 \\n \\0 &amp; <script>",
    '["json", {"a": null}]',
    "null",
    "1",
    "1.0",
]


@dataclass(slots=True)
class Clock:
    """A clock that a test turns."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now


def a_message(message_id: str = "m-1", **changes: Any) -> Message:
    """An answer of Anna's, but for what is said otherwise."""
    return Message(**{"project_id": "acme", "id": message_id, "conversation_id": "c-1", "role": Role.ASSISTANT,
                      "owner": ANNA, "created_at": NOW, **changes})


def a_vote(message_id: str = "m-1", **changes: Any) -> Submission:
    """Anna likes it, without a word, but for what is said otherwise."""
    return Submission(**{"project_id": "acme", "message_id": message_id, "subject": ANNA, "auth_level": AuthLevel.JWT,
                         "contract": Contract.HANDAUNCLE, "vote": LIKE, "comment": None, "at": NOW, **changes})
