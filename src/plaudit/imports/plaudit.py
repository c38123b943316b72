"""Our own JSON Lines, as `plaudit export` writes them: a vote with its answer, or with `history`, from which the vote
comes back as it was. A line without it is taken for the vote's only revision."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from plaudit import rules
from plaudit.errors import Invalid
from plaudit.http.identifiers import read_id, read_instant
from plaudit.http.registration import Arms, Content, IssuerName, Medium, Short, SubjectName
from plaudit.imported import Chain
from plaudit.imports.piece import Comment, Context, Piece, decoded, question_of
from plaudit.model import AuthLevel, Contract, Feedback, Message, Project, Role, Subject, SubjectKind, Vote

VOTES = {"like": Vote.LIKE, "dislike": Vote.DISLIKE, None: None}
REASONS_MAX = 100
REVISIONS_MAX = 10_000
JSON_LENGTH_MAX = 64 * 1024

ReasonId = Annotated[str, Meta(min_length=1, max_length=32, pattern=r"\A[A-Za-z0-9_-]+\Z")]
Reasons = Annotated[tuple[ReasonId, ...], Meta(max_length=REASONS_MAX)]
Json = Annotated[str, Meta(max_length=JSON_LENGTH_MAX)]


class Who(Struct, frozen=True):
    subject_kind: SubjectKind
    subject: SubjectName
    subject_issuer: IssuerName | None = None


class Said(Who, frozen=True, kw_only=True):
    """What somebody's vote says at one time."""

    vote: Literal["like", "dislike"] | None
    comment: Comment | None = None
    reasons: Reasons = ()
    contract: Contract
    auth_level: AuthLevel


class Revision(Said, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of a history; the first one is number 1."""

    updated_at: str


class Line(Said, frozen=True, kw_only=True, forbid_unknown_fields=True):
    message_id: str
    conversation_id: str
    revision: Annotated[int, Meta(ge=1)]
    created_at: str
    updated_at: str
    role: Role
    model: Medium | None = None
    prompt_version: Medium | None = None
    arms: Json = "{}"
    locale: Short | None = None
    platform: Short | None = None
    in_reply_to: str | None = None
    trace_id: Short | None = None
    span_id: Short | None = None
    metadata: Json = "{}"
    shown_at: str
    content: Content | None = None
    question_id: str | None = None
    question: Content | None = None
    asked_at: str | None = None
    owner_kind: SubjectKind | None = None
    owner: SubjectName | None = None
    owner_issuer: IssuerName | None = None
    history: Annotated[tuple[Revision, ...], Meta(min_length=1, max_length=REVISIONS_MAX)] | None = None


_line = msgspec.json.Decoder(Line)
_arms = msgspec.json.Decoder(Arms)
_metadata = msgspec.json.Decoder(dict[str, Any])


def understood(line: bytes, context: Context) -> Piece:
    """Raises `Invalid`, `MalformedBody`."""
    given: Line = decoded(_line, line)
    message = _message(given, context.project.id)
    chain = _chain(given, message, context.project)
    _check(given, message, chain)
    return Piece(message, chain=chain, question=_question(given, message))


def _message(given: Line, project_id: str) -> Message:
    return Message(
        project_id=project_id,
        id=read_id(given.message_id, "message_id"),
        conversation_id=read_id(given.conversation_id, "conversation_id"),
        role=given.role,
        owner=_owner(given),
        created_at=read_instant(given.shown_at, "shown_at"),
        model=given.model,
        prompt_version=given.prompt_version,
        arms=decoded(_arms, given.arms.encode()),
        content=given.content,
        in_reply_to=given.in_reply_to and read_id(given.in_reply_to, "in_reply_to"),
        locale=given.locale,
        platform=given.platform,
        trace_id=given.trace_id,
        span_id=given.span_id,
        metadata=decoded(_metadata, given.metadata.encode()),
    )


def _owner(given: Line) -> Subject:
    """The voter, unless another one is named: who a guest was that had voted before it became a user."""
    if given.owner is None or given.owner_kind is None:
        return _subject(given)
    return _subject(Who(given.owner_kind, given.owner, given.owner_issuer))


def _subject(who: Who) -> Subject:
    if who.subject_kind is not SubjectKind.USER:
        return Subject.of(who.subject_kind, who.subject)
    if who.subject_issuer is None or "#" in who.subject_issuer:
        raise Invalid("subject_issuer", "must be a user's identity provider, without a #")
    return Subject.user(who.subject_issuer, who.subject)


def _question(given: Line, message: Message) -> Message | None:
    if given.question_id is None:
        return None
    asked_at = given.asked_at and read_instant(given.asked_at, "asked_at")
    return question_of(message, read_id(given.question_id, "question_id"), given.question, asked_at or None)


def _chain(given: Line, message: Message, project: Project) -> Chain:
    created_at = read_instant(given.created_at, "created_at")
    said: tuple[Line | Revision, ...] = given.history or (given,)
    return tuple(Feedback(
        project_id=message.project_id,
        message_id=message.id,
        subject=_subject(each),
        auth_level=each.auth_level,
        contract=each.contract,
        vote=VOTES[each.vote],
        comment=rules.kept_comment(project, each.comment),
        revision=revision,
        created_at=created_at,
        updated_at=read_instant(each.updated_at, "updated_at"),
        reasons=each.reasons,
    ) for revision, each in enumerate(said, start=1))


def _check(given: Line, message: Message, chain: Chain) -> None:
    """That it is a history as the rules make it. Raises `Invalid`."""
    first, last = chain[0], chain[-1]
    if message.role is Role.USER:
        raise Invalid("role", "is user, and only answers can be rated")
    if last.vote is not None and last.subject != message.owner:
        raise Invalid("owner", "is somebody else, whose vote this would not be")
    if [entry.updated_at for entry in chain] != sorted(entry.updated_at for entry in chain) or (
            first.updated_at < first.created_at):
        raise Invalid("history", "goes back in time")
    if given.history and (len(chain) != given.revision or _said(given) != _said(given.history[-1])):
        raise Invalid("history", "does not end in what the line says")
    if given.history and first.vote is None:
        raise Invalid("history", "begins with a vote that was taken back")


def _said(each: Line | Revision) -> tuple[Any, ...]:
    return (each.subject_kind, each.subject, each.subject_issuer, each.vote, each.comment, each.reasons, each.contract,
            each.auth_level, each.updated_at)
