"""Nouns -> JSON, checked as the server will check them: what it would refuse is better found where it is written."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from plaudit.client.errors import Invalid
from plaudit.client.nouns import Guest, Json, Message, Owner, User, Visitor

CONTENT_LENGTH_MAX = 262_144  # characters
ID_LENGTH_MAX = 128
ARMS_MAX = 32
METADATA_BYTES_MAX = 16 * 1024  # as compact JSON

# As the server's, and no half characters: there is no UTF-8 for them.
LINE = r"\A[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+\Z"
ID = r"\A(?!\.{1,2}\Z)[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+\Z"
TEXT = r"\A[^\x00\ud800-\udfff]*\Z"
DEVICE = r"\A[A-Za-z0-9._:-]+\Z"

Id = Annotated[str, Meta(min_length=1, max_length=ID_LENGTH_MAX, pattern=ID)]
Short = Annotated[str, Meta(min_length=1, max_length=128, pattern=LINE)]
Medium = Annotated[str, Meta(min_length=1, max_length=256, pattern=LINE)]
IssuerName = Annotated[str, Meta(min_length=1, max_length=512, pattern=r'\A[!-"$-~]+\Z')]
SubjectName = Annotated[str, Meta(min_length=1, max_length=255, pattern=LINE)]


class UserOwner(Struct, frozen=True):
    issuer: IssuerName
    subject: SubjectName


class GuestOwner(Struct, frozen=True):
    device_id: Annotated[str, Meta(min_length=16, max_length=128, pattern=DEVICE)]
    user_id: Annotated[str, Meta(min_length=1, max_length=128, pattern=DEVICE)]


class VisitorOwner(Struct, frozen=True):
    id: Short


class Owned(Struct, frozen=True):
    """`owner` checks itself: exactly one is given."""

    user: UserOwner | None = None
    guest: GuestOwner | None = None
    visitor: VisitorOwner | None = None


class Shown(Struct, frozen=True, kw_only=True):
    """What a registration and a receipt say alike."""

    conversation_id: Id
    role: Literal["user", "assistant", "human_agent"]
    owner: Owned
    model: Medium | None = None
    prompt_version: Medium | None = None
    arms: Annotated[dict[Short, Short], Meta(max_length=ARMS_MAX)] | None = None
    in_reply_to: Id | None = None
    locale: Short | None = None
    platform: Short | None = None
    trace_id: Short | None = None
    span_id: Short | None = None


class RegistrationLine(Shown, frozen=True, kw_only=True):
    id: Id
    content: Annotated[str, Meta(max_length=CONTENT_LENGTH_MAX, pattern=TEXT)] | None = None
    metadata: dict[str, Any] | None = None


def owner(who: Owner) -> Json:
    """Raises `Invalid` for what is no owner."""
    match who:
        case User():
            return {"user": {"issuer": who.issuer, "subject": who.subject}}
        case Guest():
            return {"guest": {"device_id": who.device_id, "user_id": who.user_id}}
        case Visitor():
            return {"visitor": {"id": who.id}}
    raise Invalid.field("owner", "must be a User, a Guest or a Visitor")


def registration(message: Message, now: datetime) -> Json:
    """One line of a batch. Raises `Invalid`."""
    line = without_nothing({
        "id": message.id,
        "conversation_id": message.conversation_id,
        "role": message.role,
        "owner": owner(message.owner),
        "created_at": instant(message.created_at or now, "created_at"),
        "model": message.model,
        "prompt_version": message.prompt_version,
        "arms": dict(message.arms),
        "content": message.content,
        "in_reply_to": message.in_reply_to,
        "locale": message.locale,
        "platform": message.platform,
        "trace_id": message.trace_id,
        "span_id": message.span_id,
        "metadata": dict(message.metadata),
    })
    check(line, RegistrationLine)
    if len(to_json(line.get("metadata"))) > METADATA_BYTES_MAX:
        raise Invalid.field("metadata", f"must be at most {METADATA_BYTES_MAX} bytes of JSON")
    return line


def without_nothing(given: Json) -> Json:
    """Leaving a field out is the same as null, and shorter."""
    return {name: value for name, value in given.items() if value is not None and value != {}}


def instant(moment: datetime, field: str) -> str:
    """RFC 3339 in UTC. Raises `Invalid` for one without a time zone: nobody could tell when it was."""
    if moment.tzinfo is None:
        raise Invalid.field(field, "must have a time zone, as datetime.now(UTC) has")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_json(value: Any) -> bytes:
    """Raises `Invalid` for what JSON cannot say."""
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise Invalid.field("body", f"cannot be written as JSON: {error}") from None


AT = re.compile(r" - at (?:`key` in )?`\$\.?(.*)`\Z")
PATTERN = re.compile(r"Expected `str` matching regex .*", re.DOTALL)


def check(given: Any, kind: Any, name: str = "body") -> None:
    """Raises `Invalid` naming the first field that is wrong, or the whole by its `name`."""
    try:
        msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        text = str(error)
        at = AT.search(text)
        reason = PATTERN.sub("has a character that is not allowed here", text[:at.start()] if at else text)
        raise Invalid.field(at[1].replace("[...]", "") if at else name, reason) from None
