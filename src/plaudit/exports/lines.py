"""One exported vote as one flat line, which every format writes in its own way."""

import json
from functools import lru_cache
from typing import Any

from plaudit.exported import ExportedVote
from plaudit.instants import to_text
from plaudit.model import Subject, SubjectKind
from plaudit.redaction import redact

Line = dict[str, Any]  # a text each, but for `revision`, a number, `reasons`, a list of texts, and what is not known

COLUMNS = (
    "message_id", "conversation_id", "subject_kind", "subject_issuer", "subject", "vote", "comment", "reasons",
    "contract", "auth_level", "revision", "created_at", "updated_at", "role", "model", "prompt_version", "arms",
    "locale", "platform", "in_reply_to", "trace_id", "span_id", "metadata", "shown_at", "content", "question_id",
    "question")
WRITTEN = ("comment", "content", "question")  # by people and models: what is redacted
VOTES = {1: "like", -1: "dislike", None: None}
CONSENT = "consent"  # the key of a message's metadata that says so
NO_REASONS: list[str] = []


def line(vote: ExportedVote, *, redacted: bool = False) -> Line:
    """`arms` and `metadata` stay JSON in a text: as objects each line would have a type of its own, and whatever reads
    columns refuses that."""
    kind, issuer, name = subject_parts(vote.subject)
    made: Line = {
        "message_id": vote.message_id,
        "conversation_id": vote.conversation_id,
        "subject_kind": kind,
        "subject_issuer": issuer,
        "subject": name,
        "vote": VOTES[vote.vote],
        "comment": vote.comment,
        "reasons": json.loads(vote.reasons) if vote.reasons else NO_REASONS,
        "contract": vote.contract,
        "auth_level": vote.auth_level,
        "revision": vote.revision,
        "created_at": to_text(vote.created_at),
        "updated_at": to_text(vote.updated_at),
        "role": vote.role,
        "model": vote.model,
        "prompt_version": vote.prompt_version,
        "arms": vote.arms,
        "locale": vote.locale,
        "platform": vote.platform,
        "in_reply_to": vote.in_reply_to,
        "trace_id": vote.trace_id,
        "span_id": vote.span_id,
        "metadata": vote.metadata,
        "shown_at": to_text(vote.shown_at),
        "content": vote.content,
        "question_id": vote.question_id,
        "question": vote.question,
    }
    if redacted:
        made |= {name: redact(made[name]) for name in WRITTEN if made[name] is not None}
    return made


def said_consent(metadata: str) -> bool:
    """Until the store knows of consent, the application says in a message's metadata that its people agreed."""
    return CONSENT in metadata and json.loads(metadata).get(CONSENT) is True


@lru_cache(maxsize=4096)
def subject_parts(key: str) -> tuple[str, str | None, str]:
    """Kind, issuer and name, as the API tells them apart; only users have an issuer."""
    subject = Subject(key)
    if subject.kind is SubjectKind.USER:
        issuer, _, name = subject.name.partition("#")
        return subject.kind.value, issuer, name
    return subject.kind.value, None, subject.name
