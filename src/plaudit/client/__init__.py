"""The Python client: for an application's back end that shows answers and wants to know what people say of them.

    with Plaudit(url, key, receipt_key=receipt_key) as plaudit:
        receipt = plaudit.receipt("answer-1", "chat-1", User(issuer, subject), model="gpt-x")   # no network
        plaudit.register(Message(id="answer-1", conversation_id="chat-1", owner=…, content=…))   # soon, behind this
        for vote in plaudit.feedback(vote="dislike"):
            …

`AsyncPlaudit` is the same for asyncio. `plaudit.client.starlette` puts a page's votes through the application.
"""

from plaudit.client.awaiting import AsyncPlaudit
from plaudit.client.blocking import Plaudit
from plaudit.client.errors import (
    Closed,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PaymentRequired,
    PlauditError,
    RateLimited,
    Unauthenticated,
    Unavailable,
    Unreachable,
    UnreadableAnswer,
)
from plaudit.client.nouns import (
    Facts,
    Feedback,
    FeedbackFilter,
    Guest,
    GuestHeaders,
    KnownGuest,
    Linked,
    Message,
    Owner,
    OwnVote,
    Reason,
    Registered,
    RegisteredMessage,
    Revision,
    Role,
    Subject,
    Submitted,
    User,
    Visitor,
    Vote,
)
from plaudit.client.outbox import Batching, Counts, Dropped

__all__ = [
    "AsyncPlaudit", "Batching", "Closed", "Conflict", "Counts", "Dropped", "Facts", "Feedback", "FeedbackFilter",
    "Forbidden", "Guest", "GuestHeaders", "Invalid", "KnownGuest", "Linked", "Message", "NotFound", "OwnVote", "Owner",
    "PaymentRequired", "Plaudit", "PlauditError", "RateLimited", "Reason", "Registered", "RegisteredMessage",
    "Revision", "Role", "Subject", "Submitted", "Unauthenticated", "Unavailable", "Unreachable", "UnreadableAnswer",
    "User", "Visitor", "Vote",
]
