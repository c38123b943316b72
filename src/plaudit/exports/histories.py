"""A line with all that was ever said of its vote, from which `plaudit import` makes the vote again as it was."""

from plaudit.exported import Past
from plaudit.exports.lines import VOTES, Line, subject_parts
from plaudit.instants import to_text
from plaudit.model import Feedback
from plaudit.redaction import redact


def with_history(line: Line, past: Past, *, redacted: bool = False) -> Line:
    kind, issuer, name = subject_parts(past.owner.key)
    return {
        **line,
        "asked_at": None if past.asked_at is None else to_text(past.asked_at),
        "owner_kind": kind,
        "owner_issuer": issuer,
        "owner": name,
        "history": [_entry(each, redacted=redacted) for each in past.chain],
    }


def _entry(entry: Feedback, *, redacted: bool) -> Line:
    kind, issuer, name = subject_parts(entry.subject.key)
    return {
        "subject_kind": kind,
        "subject_issuer": issuer,
        "subject": name,
        "vote": VOTES[entry.vote],
        "comment": redact(entry.comment) if redacted and entry.comment is not None else entry.comment,
        "reasons": list(entry.reasons),
        "contract": entry.contract.value,
        "auth_level": entry.auth_level.value,
        "updated_at": to_text(entry.updated_at),
    }
