"""A registration on the wire and the message that it becomes.

Unknown fields are refused: whoever integrates a server wants the typo found, not a year of votes without a model.
`null` is the same as leaving an optional field out.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from plaudit.errors import Invalid, MalformedBody
from plaudit.http.body import is_too_deep
from plaudit.http.identifiers import ID, ID_LENGTH_MAX, read_id, read_instant
from plaudit.model import Instant, Message, Role, Subject, SubjectKind
from plaudit.rules import canonical_id

CONTENT_LENGTH_MAX = 256 * 1024  # characters
METADATA_BYTES_MAX = 16 * 1024  # as compact JSON
ARMS_MAX = 32
MESSAGE_BYTES_MAX = 4 * 1024 * 1024  # the longest content, each character escaped as two surrogates, and the rest

LINE = r"\A[^\x00-\x1f\x7f-\x9f\u2028\u2029]+\Z"
WITHOUT_NUL = r"\A[^\x00]*\Z"  # not every database can hold it

Id = Annotated[str, Meta(min_length=1, max_length=ID_LENGTH_MAX, pattern=ID)]
Short = Annotated[str, Meta(min_length=1, max_length=128, pattern=LINE)]
Medium = Annotated[str, Meta(min_length=1, max_length=256, pattern=LINE)]
# An address is ASCII. In more bytes, a key with it and the longest subject would not fit into an index of PostgreSQL's.
IssuerName = Annotated[str, Meta(min_length=1, max_length=512, pattern=r'\A[!-"$-~]+\Z')]
SubjectName = Annotated[str, Meta(min_length=1, max_length=255, pattern=LINE)]
Content = Annotated[str, Meta(max_length=CONTENT_LENGTH_MAX, pattern=WITHOUT_NUL)]
Arms = Annotated[dict[Short, Short], Meta(max_length=ARMS_MAX)]


class UserOwner(Struct, frozen=True, forbid_unknown_fields=True):
    issuer: IssuerName
    subject: SubjectName


class GuestOwner(Struct, frozen=True, forbid_unknown_fields=True):
    device_id: str
    user_id: str


class VisitorOwner(Struct, frozen=True, forbid_unknown_fields=True):
    id: Short


class Owner(Struct, frozen=True, forbid_unknown_fields=True):
    """Exactly one is given."""

    user: UserOwner | None = None
    guest: GuestOwner | None = None
    visitor: VisitorOwner | None = None


class Shown(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a receipt says as well."""

    conversation_id: Id
    role: Role
    owner: Owner
    model: Medium | None = None
    prompt_version: Medium | None = None
    arms: Arms | None = None
    in_reply_to: Id | None = None
    locale: Short | None = None
    platform: Short | None = None
    trace_id: Short | None = None
    span_id: Short | None = None


class Registration(Shown, frozen=True, forbid_unknown_fields=True, kw_only=True):
    created_at: str | None = None
    content: Content | None = None
    metadata: dict[str, Any] | None = None


class Line(Registration, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One registration of a batch."""

    id: Id


@dataclass(frozen=True, slots=True)
class Draft:
    """A registration that has been checked, but for its owner: a guest's subject is not ours to know."""

    id: str
    registration: Registration
    created_at: Instant

    @property
    def guest(self) -> GuestOwner | None:
        return self.registration.owner.guest

    def message(self, project_id: str, owner: Subject) -> Message:
        given = self.registration
        return message_of(given, project_id, self.id, owner, self.created_at,
                          content=given.content, metadata=given.metadata)


_registration = msgspec.json.Decoder(Registration)
_line = msgspec.json.Decoder(Line)
_anything = msgspec.json.Decoder()


def decode(message_id: str, body: bytes, now: Instant) -> Draft:
    """The body of a PUT. Raises `MalformedBody`, `Invalid` naming the field by its path."""
    return _checked(read_id(message_id, "id"), decoded(_registration, body), now)


def decode_line(line: bytes | memoryview, now: Instant) -> Draft:
    """One registration of a batch. Raises as `decode` does."""
    given = decoded(_line, line)
    return _checked(canonical_id(given.id), given, now)


def draft_of(given: dict[str, Any], created_at: Instant) -> Draft:
    """A registration with its `id` that was made of something else, such as a span. Raises `Invalid`."""
    try:
        line = msgspec.convert(given, Line)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None
    return _checked(canonical_id(line.id), line, created_at)


def message_of(given: Shown, project_id: str, message_id: str, owner: Subject, created_at: Instant, *,
               content: str | None = None, metadata: dict[str, Any] | None = None) -> Message:
    return Message(
        project_id=project_id,
        id=message_id,
        conversation_id=canonical_id(given.conversation_id),
        role=given.role,
        owner=owner,
        created_at=created_at,
        model=given.model,
        prompt_version=given.prompt_version,
        arms=given.arms or {},
        content=content,
        in_reply_to=given.in_reply_to and canonical_id(given.in_reply_to),
        locale=given.locale,
        platform=given.platform,
        trace_id=given.trace_id,
        span_id=given.span_id,
        metadata=metadata or {},
    )


def claimed_id(line: bytes | memoryview) -> str | None:
    """The id of a line that was refused, if it can be told."""
    try:
        value = _anything.decode(line)
        return read_id(value["id"], "id")
    except (ValueError, RecursionError, KeyError, TypeError, Invalid):
        return None


def known_owner(owner: Owner) -> Subject:
    """The subject of a user or a visitor."""
    if owner.user:
        return Subject.user(owner.user.issuer, owner.user.subject)
    assert owner.visitor is not None  # noqa: S101 - `_checked` saw to it that one is given
    return Subject.of(SubjectKind.VISITOR, canonical_id(owner.visitor.id))


def check_owner(owner: Owner) -> None:
    """Raises `Invalid`."""
    if sum(map(bool, (owner.user, owner.guest, owner.visitor))) != 1:
        raise Invalid("owner", "must hold exactly one of user, guest and visitor")


def decoded(decoder: "msgspec.json.Decoder[Any]", body: bytes | memoryview) -> Any:
    """Raises `MalformedBody`, `Invalid` naming the field by its path."""
    try:
        decoded = decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise MalformedBody from None
    if is_too_deep(bytes(body)):
        raise MalformedBody
    return decoded


def named_owner(named: dict[str, dict[str, str]]) -> Subject:
    """A user or a visitor by the parts of a path. Raises `Invalid` naming the part."""
    try:
        return known_owner(msgspec.convert(named, Owner))
    except msgspec.ValidationError as error:
        invalid = _invalid(str(error))
        raise Invalid(invalid.field.rpartition(".")[2], invalid.reason) from None


def _checked(message_id: str, given: Registration, now: Instant) -> Draft:
    check_owner(given.owner)
    if given.metadata and _size(given.metadata) > METADATA_BYTES_MAX:
        raise Invalid("metadata", f"must be at most {METADATA_BYTES_MAX} bytes of JSON")
    created_at = now if given.created_at is None else read_instant(given.created_at, "created_at")
    return Draft(message_id, given, created_at)


def _size(metadata: dict[str, Any]) -> int:
    try:
        return len(msgspec.json.encode(metadata))
    except RecursionError:
        raise Invalid("metadata", "is nested too deeply") from None


AT = re.compile(r" - at (?:`key` in )?`\$\.?(.*)`\Z")
NAMED = re.compile(r"Object (missing required|contains unknown) field `(.*)`\Z", re.DOTALL)
PATTERN = re.compile(r"Expected `str` matching regex .*", re.DOTALL)
CHOICE = re.compile(r"Invalid enum value .*", re.DOTALL)  # the role is the only one, and what was sent is not repeated
ROLES = f"must be one of {', '.join(Role)}"


def _invalid(text: str) -> Invalid:
    """msgspec's sentence, its JSON path made a field's: `owner.user.issuer`."""
    at = AT.search(text)
    path = at[1].replace("[...]", "") if at else ""
    reason = text[:at.start()] if at else text
    if named := NAMED.fullmatch(reason):
        path = f"{path}.{named[2]}" if path else named[2]
        reason = "is missing" if named[1].startswith("missing") else "is not a field of this object"
    elif not path:
        raise MalformedBody  # it is no object at all
    return Invalid(path, CHOICE.sub(ROLES, PATTERN.sub("has a character that is not allowed here", reason)))
