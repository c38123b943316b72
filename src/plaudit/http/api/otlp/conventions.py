"""What a span registers, by OpenTelemetry's conventions for GenAI and by OpenInference's: pure.

An answer is a call of a language model that ended without an error and not only with calls of tools. What
`plaudit.*` attributes say goes before what the conventions say.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from plaudit.errors import Invalid
from plaudit.http.api.otlp.contents import answer_text, calls_tools, question_text
from plaudit.http.api.otlp.spans import Span
from plaudit.http.identifiers import ID_LENGTH_MAX
from plaudit.model import Instant

Json = dict[str, Any]

OPERATIONS = ("chat", "generate_content", "text_completion")  # of gen_ai.operation.name
TOOL_CALLS = {"tool_call", "tool_calls", "tool_use", "function_call"}  # why a model has stopped, by several providers
ARM = "plaudit.arm."
GUEST = {"device_id": "plaudit.owner.guest.device_id", "user_id": "plaudit.owner.guest.user_id"}
VISITOR, SUBJECT, ISSUER = "plaudit.owner.visitor.id", "plaudit.owner.user.subject", "plaudit.owner.user.issuer"
TRACE_ID, SPAN_ID = re.compile("(?!0{32})[0-9a-f]{32}"), re.compile("(?!0{16})[0-9a-f]{16}")

# The first that is there. What is in SHOWN may be an attribute of the resource as well, for all of its spans.
CONVERSATION = ("plaudit.conversation_id", "gen_ai.conversation.id", "session.id")
PERSON = ("user.id", "enduser.id")
SHOWN = {
    "model": ("gen_ai.response.model", "gen_ai.request.model", "llm.response.model_name", "llm.model_name",
              "llm.request.model_name"),
    "prompt_version": ("plaudit.prompt_version", "gen_ai.prompt.version", "llm.prompt_template.version"),
    "locale": ("plaudit.locale",),
    "platform": ("plaudit.platform",),
}


def registrations(span: Span, now: Instant) -> list[tuple[Json, Instant]]:
    """The fields of each message and when it was created; the question goes before its answer. Nothing for a span that
    is no answer. Raises `Invalid`."""
    if not _is_answer(span):
        return []
    if not TRACE_ID.fullmatch(span.trace_id) or not SPAN_ID.fullmatch(span.span_id):
        raise Invalid("trace_id", "and span_id must be 16 and 8 bytes, not all of them 0")
    answer = _answer(span)
    found = [(answer, span.ended_at or now)]
    if question := question_text(span.attributes):
        asked = {"id": _question_id(answer["conversation_id"], question), "role": "user", "content": question,
                 **{name: answer[name] for name in ("conversation_id", "owner", "trace_id")}}
        answer["in_reply_to"] = asked["id"]
        found.insert(0, (asked, span.started_at or now))
    return found


def _is_answer(span: Span) -> bool:
    attributes = span.attributes
    if "plaudit.answer" in attributes:
        return attributes["plaudit.answer"] is True
    if "plaudit.message_id" in attributes:
        return True
    if span.failed or "error.type" in attributes:
        return False
    is_call = (attributes.get("gen_ai.operation.name") in OPERATIONS
               or attributes.get("openinference.span.kind") == "LLM")
    return is_call and not _only_calls_tools(attributes)


def _only_calls_tools(attributes: Mapping[str, Any]) -> bool:
    reasons = attributes.get("gen_ai.response.finish_reasons") or attributes.get("llm.finish_reason")
    if reasons:
        return TOOL_CALLS.issuperset(map(str, [reasons] if isinstance(reasons, str) else reasons))
    return calls_tools(attributes)


def _answer(span: Span) -> Json:
    attributes = span.attributes
    answer: Json = {
        "id": _first(attributes, ("plaudit.message_id", "gen_ai.response.id")) or span.span_id,
        "conversation_id": _first(attributes, CONVERSATION) or span.trace_id,
        "role": "assistant",
        "owner": _owner(span),
        "trace_id": span.trace_id,
        "span_id": span.span_id,
        "content": answer_text(attributes),
        "arms": {name.removeprefix(ARM): arm for name, arm in (*span.resource.items(), *attributes.items())
                 if name.startswith(ARM)},
    }
    for field, names in SHOWN.items():
        answer[field] = next((said for name in names if (said := _text(span.said(name)))), None)
    return answer


def _owner(span: Span) -> Json:
    attributes = span.attributes
    if guest := {field: _text(attributes[name]) for field, name in GUEST.items() if name in attributes}:
        return {"guest": guest}
    if VISITOR in attributes:
        return {"visitor": {"id": _text(attributes[VISITOR])}}
    person, issuer = _first(attributes, (SUBJECT, *PERSON)), span.said(ISSUER)
    if person is None:
        raise Invalid("owner", "nobody is named: set user.id, or an attribute plaudit.owner.…")
    if issuer or SUBJECT in attributes:
        return {"user": {"issuer": issuer, "subject": person}}
    return {"visitor": {"id": person}}


def _first(attributes: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((said for name in names if (said := _text(attributes.get(name)))), None)


def _text(said: Any) -> Any:
    """Ids may be numbers elsewhere."""
    return str(said) if isinstance(said, int) and not isinstance(said, bool) else said


def _question_id(conversation_id: Any, question: str) -> str:
    """The same for the same question in the same conversation: an answer that was generated anew answers it too."""
    asked = f"{str(conversation_id)[:ID_LENGTH_MAX]}\n{question}".encode(errors="surrogatepass")
    return f"question-{hashlib.sha256(asked).hexdigest()[:32]}"
