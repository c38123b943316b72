"""What is asked of Plaudit and how its answers are read, operation by operation, without sending anything."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from plaudit.client import answers
from plaudit.client.answers import Answer, LineResult, Page
from plaudit.client.errors import Invalid, UnreadableAnswer
from plaudit.client.nouns import (
    FeedbackFilter,
    Guest,
    GuestHeaders,
    Linked,
    Message,
    OwnVote,
    Reason,
    Registered,
    RegisteredMessage,
    Revision,
    Submitted,
    User,
    Visitor,
    Vote,
)
from plaudit.client.wire import Id, check, instant, owner, registration, to_json

JSON = "application/json"
NDJSON = "application/x-ndjson"
RECEIPT = "X-Message-Receipt"
COMMENT_LENGTH_MAX = 1000
PAGE_SIZE_MAX = 1000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request. Each of them may be repeated: the same again changes nothing, or says the same again."""

    method: str
    path: str  # with its query, below the server's URL
    read: Callable[[Answer], T]  # raises `PlauditError` for anything but the answer that was hoped for
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


# ---------------------------------------------------------------- messages


def register_batch(lines: Sequence[bytes], key: str) -> Call[list[LineResult]]:
    headers = {**bearer(key), "Content-Type": NDJSON}
    return Call("POST", "/v1/messages", answers.line_results, headers, b"\n".join(lines))


def register_one(message: Message, now: datetime, key: str) -> Call[Registered]:
    line = registration(message, now)
    return _sent("PUT", f"/v1/messages/{in_path(line.pop('id'), 'id')}", answers.registered, bearer(key), line)


def message(message_id: str, key: str) -> Call[RegisteredMessage]:
    return Call("GET", f"/v1/messages/{in_path(message_id, 'id')}", answers.message, bearer(key))


# ---------------------------------------------------------------- votes


def submit(message_id: str, vote: Vote | None, proof: Mapping[str, str], *, comment: str | None,
           reasons: Sequence[str]) -> Call[Submitted]:
    """`proof`: the voter's own, never the back end's key."""
    if vote not in {"like", "dislike", None}:
        raise Invalid.field("vote", "must be 'like', 'dislike' or None")
    if comment is not None and len(comment) > COMMENT_LENGTH_MAX:
        raise Invalid.field("comment", f"must be at most {COMMENT_LENGTH_MAX} characters")
    said = {"vote": vote, "comment": comment, "reasons": list(reasons)}
    return _sent("POST", f"/v1/messages/{in_path(message_id, 'message_id')}/feedback", answers.submitted, proof, said)


def link(stranger: Guest | Visitor, user: User, key: str) -> Call[Linked]:
    if isinstance(stranger, User):
        raise Invalid.field("guest", "is a user already")
    said = {**owner(stranger), **owner(user)}
    return _sent("POST", "/v1/identities/link", answers.linked, bearer(key), said)


def my_feedback(conversation_id: str, proof: Mapping[str, str]) -> Call[list[OwnVote]]:
    return Call("GET", f"/v1/me/feedback?{in_query(conversation=conversation_id)}", answers.own_votes, proof)


def my_reasons(lang: str | None, proof: Mapping[str, str]) -> Call[list[Reason]]:
    query = f"?{in_query(lang=lang)}" if lang else ""
    return Call("GET", f"/v1/me/reasons{query}", answers.reasons, proof)


def feedback_page(wanted: FeedbackFilter, limit: int, cursor: str | None, key: str) -> Call[Page]:
    if not 1 <= limit <= PAGE_SIZE_MAX:
        raise Invalid.field("page_size", f"must be 1 to {PAGE_SIZE_MAX}")
    query = {name: _said(value, name) for name, value in wanted.items() if value is not None}
    more = {"limit": str(limit), **({"cursor": cursor} if cursor else {})}
    return Call("GET", f"/v1/feedback?{in_query(**query, **more)}", answers.feedback_page, bearer(key))


def history(message_id: str, key: str) -> Call[list[Revision]]:
    return Call("GET", f"/v1/feedback/{in_path(message_id, 'message_id')}/history", answers.history, bearer(key))


# ---------------------------------------------------------------- for somebody else


def passed_on(method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Call[Answer]:
    """A page's request, whose answer is the page's to read."""
    return Call(method, path, _as_it_is, headers, body)


def _as_it_is(answer: Answer) -> Answer:
    """Raises `UnreadableAnswer` for what somebody else has said."""
    is_json = answer.headers.get("content-type", "").startswith(JSON)
    if answers.is_strangers_refusal(answer) or (answer.status < answers.REFUSED and not is_json):
        raise UnreadableAnswer(request_id=answer.request_id, status=answer.status)
    return answer


# ---------------------------------------------------------------- who asks


def bearer(token: str, field: str = "token") -> dict[str, str]:
    """Raises `Invalid` for what no header can hold."""
    return {"Authorization": f"Bearer {in_header(token, field)}"}


def proof(token: str | None, guest: GuestHeaders | None, receipt: str | None) -> dict[str, str]:
    """A voter's headers. Raises `Invalid` when there is no voter, or two."""
    if token is not None and guest is not None:
        raise Invalid.field("guest", "and a token are proof of two voters")
    if token is None and guest is None and receipt is None:
        raise Invalid.field("token", "is missing; so are a guest's headers and a receipt")
    return {
        **(bearer(token) if token is not None else {}),
        **(_device(guest) if guest else {}),
        **({RECEIPT: in_header(receipt, "receipt")} if receipt else {}),
    }


def _device(guest: GuestHeaders) -> dict[str, str]:
    said = {"device_id": guest.device_id, "user_id": guest.user_id, "platform": guest.platform,
            **({"device_token": guest.token} if guest.token else {})}
    return {f"x-{name.replace('_', '-')}": in_header(value, name) for name, value in said.items()}


# ---------------------------------------------------------------- on the wire


def in_path(message_id: str, field: str) -> str:
    """An id as one segment of a path. Raises `Invalid` for what can be no id."""
    check(message_id, Id, field)
    return quote(message_id, safe="")


def in_query(**given: str) -> str:
    """Raises `Invalid` for what is no text."""
    try:
        return urlencode(given)
    except UnicodeEncodeError:
        raise Invalid.field("query", "holds half a character") from None


def in_header(value: str, field: str) -> str:
    """Raises `Invalid` for what no header can hold, without repeating it."""
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise Invalid.field(field, "must be printable ASCII without spaces")
    return value


def _sent(method: str, path: str, read: Callable[[Answer], T], headers: Mapping[str, str], body: Any) -> Call[T]:
    return Call(method, path, read, {**headers, "Content-Type": JSON}, to_json(body))


def _said(value: Any, name: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return instant(value, name) if isinstance(value, datetime) else str(value)
