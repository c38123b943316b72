"""What one line or item of a file tells, whatever the format: an answer, and a vote on it or a whole history."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from plaudit import rules
from plaudit.errors import Invalid, MalformedBody
from plaudit.http.body import is_too_deep
from plaudit.http.registration import CHOICE, LINE, PATTERN, WITHOUT_NUL
from plaudit.imported import Chain
from plaudit.model import (
    AuthLevel,
    Contract,
    Instant,
    Message,
    Project,
    Role,
    Subject,
    SubjectKind,
    Submission,
    Vote,
)

NAME_LENGTH_MAX = 128
COMMENT_LENGTH_MAX = 10_000  # other tools take more than ours do
Comment = Annotated[str, Meta(max_length=COMMENT_LENGTH_MAX, pattern=WITHOUT_NUL)]
Model = Annotated[str, Meta(min_length=1, max_length=256, pattern=LINE)]
AFTER_QUESTION_MILLISECONDS = 1

_NAME = re.compile(LINE)


@dataclass(frozen=True, slots=True)
class Piece:
    """A chain, or a submission that may be one of several of a chain. `nobody_named`: the message's owner is whoever
    the database knows it of. `conversation_guessed`: so is its conversation, if the database knows the message."""

    message: Message
    chain: Chain = ()
    submission: Submission | None = None
    question: Message | None = None
    nobody_named: bool = False
    conversation_guessed: bool = False

    @property
    def at(self) -> Instant:
        """When the vote came to say what it says."""
        return self.submission.at if self.submission else self.chain[-1].updated_at

    def known_as(self, message: Message) -> "Piece":
        """As the database knows the message already."""
        owner = message.owner if self.nobody_named else self.message.owner
        return replace(self, message=replace(message, owner=owner), nobody_named=False,
                       submission=self.submission and replace(self.submission, subject=owner))


@dataclass(frozen=True, slots=True)
class Context:
    """Into which project, and whose user ids another tool's are; None: visitors."""

    project: Project
    owner_issuer: str | None = None

    def owner(self, name: str) -> Subject:
        if self.owner_issuer is not None:
            return Subject.user(self.owner_issuer, name)
        return Subject.of(SubjectKind.VISITOR, rules.canonical_id(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A vote of another tool's. `owner`: None where nobody is named."""

    contract: Contract
    message_id: str
    conversation_id: str
    owner: str | None
    vote: Vote
    comment: str | None
    at: Instant
    shown_at: Instant
    model: str | None = None
    content: str | None = None
    question_id: str | None = None
    question: str | None = None
    trace_id: str | None = None
    reason: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


def foreign(it: Foreign, context: Context, *, conversation_guessed: bool = False) -> Piece:
    """The vote as a server key would have given it, at its own time."""
    owner = context.owner(it.owner or "nobody")
    message = Message(
        project_id=context.project.id, id=it.message_id, conversation_id=it.conversation_id, role=Role.ASSISTANT,
        owner=owner, created_at=min(it.shown_at, it.at), model=it.model, content=it.content,
        in_reply_to=it.question_id, trace_id=it.trace_id, metadata=it.metadata)
    submission = Submission(
        project_id=context.project.id, message_id=it.message_id, subject=owner, auth_level=AuthLevel.SERVER_KEY,
        contract=it.contract, vote=it.vote, comment=rules.kept_comment(context.project, it.comment or None),
        at=it.at,
        reasons=_reasons(it.reason, it.vote, context.project))
    question = question_of(message, it.question_id, it.question) if it.question_id else None
    return Piece(message, submission=submission, question=question, nobody_named=it.owner is None,
                 conversation_guessed=conversation_guessed)


def question_of(message: Message, question_id: str, content: str | None, asked_at: Instant | None = None) -> Message:
    """Where it is not said when it was asked: just before the answer, so that it is found as the answer's question."""
    return Message(
        project_id=message.project_id, id=question_id, conversation_id=message.conversation_id, role=Role.USER,
        owner=message.owner, content=content,
        created_at=message.created_at - AFTER_QUESTION_MILLISECONDS if asked_at is None else asked_at)


def read_name(text: str, field: str) -> str:
    """A person's id in another tool. Raises `Invalid`."""
    if len(text) > NAME_LENGTH_MAX or not _NAME.match(text):
        raise Invalid(field, f"must be 1 to {NAME_LENGTH_MAX} characters, none of them a control character")
    return text


def _reasons(reason: str | None, vote: Vote, project: Project) -> tuple[str, ...]:
    """If the project has it; else it is not the vote's."""
    try:
        return rules.chosen_reasons(project, vote, [reason] if reason else [])
    except Invalid:
        return ()


def decoded(decoder: "msgspec.json.Decoder[Any]", line: bytes) -> Any:
    """Raises `Invalid`, `MalformedBody`."""
    try:
        found = decoder.decode(line)
    except msgspec.ValidationError as error:
        text = PATTERN.sub("has a character that is not allowed there", str(error))
        raise Invalid("", CHOICE.sub("has another value than those that are known", text)) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise MalformedBody("is no JSON object, or not UTF-8") from None
    if is_too_deep(line):
        raise MalformedBody("is nested too deeply")
    return found
