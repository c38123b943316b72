"""Messages, votes and histories as JSON: model -> wire, pure."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from plaudit.deeds import AuditEntry
from plaudit.errors import PlauditError
from plaudit.http.api.refusals import described
from plaudit.instants import to_text
from plaudit.model import Conversation, Feedback, Linked, Message, Page, RatedMessage, Subject, SubjectKind, Vote

Json = dict[str, Any]
CREATED, UNCHANGED, CONFLICT, INVALID = "created", "unchanged", "conflict", "invalid"
VOTES = {Vote.LIKE: "like", Vote.DISLIKE: "dislike", None: None}


def message(shown: Message) -> Json:
    return {
        "id": shown.id,
        "conversation_id": shown.conversation_id,
        "role": shown.role.value,
        "owner": subject(shown.owner),
        "created_at": to_text(shown.created_at),
        "model": shown.model,
        "prompt_version": shown.prompt_version,
        "arms": shown.arms,
        "content": shown.content,
        "in_reply_to": shown.in_reply_to,
        "locale": shown.locale,
        "platform": shown.platform,
        "trace_id": shown.trace_id,
        "span_id": shown.span_id,
        "metadata": shown.metadata,
    }


def subject(who: Subject) -> Json:
    """A guest is known by a keyed hash only: its device and user ids are kept nowhere."""
    match who.kind:
        case SubjectKind.USER:
            issuer, _, name = who.name.partition("#")
            return {"user": {"issuer": issuer, "subject": name}}
        case SubjectKind.GUEST:
            return {"guest": {"hash": who.name}}
        case SubjectKind.VISITOR:
            return {"visitor": {"id": who.name}}
        case SubjectKind.ERASED:
            return {"erased": {"id": who.name}}


def conversation(held: Conversation, total: int, messages: list[RatedMessage]) -> Json:
    return {
        "id": held.id,
        "owner": subject(held.owner),
        "title": held.title,
        "created_at": to_text(held.created_at),
        "updated_at": to_text(held.updated_at),
        "total": total,
        "messages": [{**message(rated.message), "feedback": standing(rated.feedback)} for rated in messages],
    }


def linked(what: Linked) -> Json:
    return {"messages": what.messages, "votes": what.votes, "superseded": what.superseded}


def standing(feedback: Feedback | None) -> Json | None:
    """A vote that stands; None where there is none or it was removed."""
    if feedback is None or feedback.vote is None:
        return None
    return {
        "subject": subject(feedback.subject),
        "vote": VOTES[feedback.vote],
        "comment": feedback.comment,
        "reasons": list(feedback.reasons),
        "revision": feedback.revision,
        "contract": feedback.contract.value,
        "auth_level": feedback.auth_level.value,
        "created_at": to_text(feedback.created_at),
        "updated_at": to_text(feedback.updated_at),
    }


def feedback_page(page: Page[RatedMessage]) -> Json:
    return {"items": [_feedback_item(rated) for rated in page.items], "cursor": page.cursor}


def _feedback_item(rated: RatedMessage) -> Json:
    return {
        "message_id": rated.message.id,
        "conversation_id": rated.message.conversation_id,
        **(standing(rated.feedback) or {}),
        "model": rated.message.model,
        "prompt_version": rated.message.prompt_version,
        "arms": rated.message.arms,
    }


def history(submissions: list[Feedback]) -> Json:
    return {"items": [_revision(feedback) for feedback in submissions]}


def _revision(feedback: Feedback) -> Json:
    return {
        "subject": subject(feedback.subject),
        "revision": feedback.revision,
        "vote": VOTES[feedback.vote],
        "comment": feedback.comment,
        "reasons": list(feedback.reasons),
        "contract": feedback.contract.value,
        "auth_level": feedback.auth_level.value,
        "at": to_text(feedback.updated_at),
    }


def audit(entries: Sequence[AuditEntry]) -> Json:
    return {"items": [{"number": entry.number, "at": to_text(entry.at), "actor": entry.actor,
                       "action": entry.action.value, "details": dict(entry.details), "sha256": entry.sha256}
                      for entry in entries]}


def line_result(number: int, message_id: str | None, status: str, error: PlauditError | None = None) -> Json:
    """What became of one line of a batch. `number` counts from 1; `message_id` is None when it cannot be told."""
    result: Json = {"line": number, "id": message_id, "status": status}
    if error:
        result["error"] = described(error)
    return result


def batch(results: list[Json]) -> Json:
    counts = Counter(result["status"] for result in results)
    return {"results": results, **{status: counts[status] for status in (CREATED, UNCHANGED, CONFLICT, INVALID)}}
