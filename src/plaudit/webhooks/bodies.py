"""An event as an endpoint wants it written: pure."""

from typing import Any

import msgspec

from plaudit import instants
from plaudit.events import Body, Endpoint, Event, Kind
from plaudit.model import Message, Subject, SubjectKind, Vote
from plaudit.webhooks import otlp

Json = dict[str, Any]
JSON, CLOUDEVENTS = "application/json", "application/cloudevents+json"
VOTES = {Vote.LIKE: "like", Vote.DISLIKE: "dislike", None: None}
COMMENT_CHARACTERS_MAX = 2500  # in a chat, where a text may have 4,000 before it is cut
SIGNS = {Kind.LIKE: ":thumbsup: Like", Kind.DISLIKE: ":thumbsdown: Dislike", Kind.REMOVED: ":wastebasket: Vote removed",
         Kind.LINKED: ":link: A guest's vote is a user's now"}
ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})  # all that Slack's mrkdwn asks for


def written(event: Event, endpoint: Endpoint) -> tuple[str, bytes]:
    """A media type, and the body."""
    match endpoint.body:
        case Body.PLAUDIT:
            return JSON, _json({"type": f"vote.{event.kind}", "timestamp": instants.to_text(event.feedback.updated_at),
                                "data": _data(event, endpoint)})
        case Body.CLOUDEVENTS:
            return CLOUDEVENTS, _json(_cloud_event(event, endpoint))
        case Body.SLACK:
            return JSON, _json({"text": _text(event, endpoint)})
        case Body.OTLP | Body.OTLP_JSON:
            return otlp.written(event, endpoint)


def _cloud_event(event: Event, endpoint: Endpoint) -> Json:
    """CloudEvents 1.0, JSON format, structured mode."""
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": f"urn:plaudit:{event.feedback.project_id}",
        "type": f"plaudit.vote.{event.kind}",
        "subject": event.feedback.message_id,
        "time": instants.to_text(event.feedback.updated_at),
        "datacontenttype": JSON,
        "data": _data(event, endpoint),
    }


def _data(event: Event, endpoint: Endpoint) -> Json:
    """The names are those of Plaudit's own API."""
    vote = event.feedback
    return {
        "id": event.id,
        "project": vote.project_id,
        "subject": _subject(vote.subject),
        "linked_from": _subject(event.owner_before) if event.owner_before else None,
        "vote": VOTES[vote.vote],
        "previous_vote": VOTES[event.before],
        "comment": vote.comment if endpoint.comments else None,
        "has_comment": vote.comment is not None,
        "reasons": list(vote.reasons),
        "revision": vote.revision,
        "contract": vote.contract.value,
        "auth_level": vote.auth_level.value,
        "created_at": instants.to_text(vote.created_at),
        "updated_at": instants.to_text(vote.updated_at),
        "message": _message(event.message),
    }


def _message(shown: Message) -> Json:
    """Its content is there where the endpoint may have it, and there is one."""
    return {
        "id": shown.id,
        "conversation_id": shown.conversation_id,
        "role": shown.role.value,
        "created_at": instants.to_text(shown.created_at),
        "model": shown.model,
        "prompt_version": shown.prompt_version,
        "arms": shown.arms,
        "content": shown.content,
        "locale": shown.locale,
        "platform": shown.platform,
        "trace_id": shown.trace_id,
        "span_id": shown.span_id,
    }


def _subject(who: Subject) -> Json:
    match who.kind:
        case SubjectKind.USER:
            issuer, _, name = who.name.partition("#")
            return {"user": {"issuer": issuer, "subject": name}}
        case SubjectKind.GUEST:
            return {"guest": {"hash": who.name}}
        case SubjectKind.VISITOR:
            return {"visitor": {"id": who.name}}
        case SubjectKind.ERASED:  # such votes are told to nobody
            return {"erased": {"id": who.name}}


def _text(event: Event, endpoint: Endpoint) -> str:
    """For a chat. Nothing in it is taken for a mention or a link, whatever a voter writes."""
    vote, shown = event.feedback, event.message
    about = [vote.project_id, shown.model, shown.prompt_version, *vote.reasons]
    lines = [f"{SIGNS[event.kind]}: {' · '.join(_escaped(part) for part in about if part)}"]
    if vote.comment and endpoint.comments:
        lines += [f"> {line}" for line in _escaped(_cut(vote.comment)).splitlines()]
    if shown.content:
        lines += ["It was said of:", *(f"> {line}" for line in _escaped(_cut(shown.content)).splitlines())]
    lines.append(_escaped(f"Message {shown.id} of conversation {shown.conversation_id}"))
    return "\n".join(lines)


def _cut(text: str) -> str:
    return text if len(text) <= COMMENT_CHARACTERS_MAX else f"{text[:COMMENT_CHARACTERS_MAX]}…"


def _escaped(text: str) -> str:
    return text.translate(ESCAPES)


def _json(value: Json) -> bytes:
    return msgspec.json.encode(value)
