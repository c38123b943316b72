"""What a span registers: every attribute that is read, in both conventions and both encodings."""

import json

import pytest
from otlp_spans import CHAT, ENDED_AT, SPAN_ID, TRACE_ID, export, protobuf, span

from plaudit.errors import Invalid
from plaudit.http.api.otlp.conventions import registrations
from plaudit.http.api.otlp.encodings import encoding_of
from plaudit.http.api.otlp.spans import ATTRIBUTES_MAX

NOW = 1_800_000_000_000
LLM = {"openinference.span.kind": "LLM", "user.id": "ann"}
ISSUER = "https://tenant.auth0.com/"
ASKED = [{"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
         {"role": "user", "parts": [{"type": "text", "content": "Why?"}, {"type": "blob", "data": "…"}]},
         {"role": "assistant", "parts": [{"type": "tool_call", "name": "look"}]},
         {"role": "tool", "parts": [{"type": "tool_call_response", "response": "42"}]}]
SAID = [{"role": "assistant", "parts": [{"type": "reasoning", "content": "Hm."}, {"type": "text", "content": "It is"},
                                        {"type": "text", "content": "42."}], "finish_reason": "stop"}]
QUESTION = {"llm.input_messages.0.message.role": "system", "llm.input_messages.0.message.content": "Be brief.",
            "llm.input_messages.10.message.role": "user", "llm.input_messages.10.message.content": "Why?",
            "llm.input_messages.9.message.role": "user", "llm.input_messages.9.message.content": "Hello?"}
PIECES = {"llm.output_messages.0.message.contents.1.message_content.text": "42.",
          "llm.output_messages.0.message.contents.0.message_content.text": "It is"}


@pytest.fixture(params=["application/json", "application/x-protobuf"])
def read(request):
    """What a span with such attributes registers."""
    encoding = encoding_of(request.param.encode())

    def read(attributes, resource=None, **fields):
        exported = export(span(attributes, **fields), resource=resource)
        as_json = request.param == "application/json"
        sent = encoding.cut(json.dumps(exported).encode() if as_json else protobuf(exported))
        [raw], [of] = sent.spans, sent.resources
        return registrations(encoding.span(raw, encoding.resource(of)), NOW)

    return read


def test_the_least_that_is_an_answer(read):
    """A call of a model, and who it was for."""
    [(answer, at)] = read(CHAT)
    assert at == ENDED_AT
    assert {name: said for name, said in answer.items() if said} == {
        "id": SPAN_ID, "conversation_id": TRACE_ID, "role": "assistant", "owner": {"visitor": {"id": "ann"}},
        "trace_id": TRACE_ID, "span_id": SPAN_ID}


@pytest.mark.parametrize(("attributes", "field", "expected"), [
    ({"gen_ai.response.id": "resp-1"}, "id", "resp-1"),
    ({"gen_ai.response.id": "resp-1", "plaudit.message_id": "m-1"}, "id", "m-1"),
    ({"plaudit.message_id": 7}, "id", "7"),
    ({"session.id": "s-1"}, "conversation_id", "s-1"),
    ({"session.id": "s-1", "gen_ai.conversation.id": "c-1"}, "conversation_id", "c-1"),
    ({"gen_ai.conversation.id": "c-1", "plaudit.conversation_id": "c-2"}, "conversation_id", "c-2"),
    ({"gen_ai.request.model": "gpt"}, "model", "gpt"),
    ({"gen_ai.request.model": "gpt", "gen_ai.response.model": "gpt-2026"}, "model", "gpt-2026"),
    ({"llm.model_name": "claude"}, "model", "claude"),
    ({"llm.model_name": "claude", "llm.response.model_name": "claude-2026"}, "model", "claude-2026"),
    ({"gen_ai.prompt.version": "v7"}, "prompt_version", "v7"),
    ({"llm.prompt_template.version": "v8"}, "prompt_version", "v8"),
    ({"gen_ai.prompt.version": "v7", "plaudit.prompt_version": "v9"}, "prompt_version", "v9"),
    ({"plaudit.locale": "de", "plaudit.platform": "web"}, "locale", "de"),
    ({"plaudit.locale": "de", "plaudit.platform": "web"}, "platform", "web"),
    ({"plaudit.arm.greeting": "warm", "plaudit.arm.length": "short"}, "arms", {"greeting": "warm", "length": "short"}),
    ({"user.id": 7}, "owner", {"visitor": {"id": "7"}}),
    ({"plaudit.owner.user.issuer": ISSUER}, "owner", {"user": {"issuer": ISSUER, "subject": "ann"}}),
    ({"plaudit.owner.user.issuer": ISSUER, "plaudit.owner.user.subject": "auth0|1"}, "owner",
     {"user": {"issuer": ISSUER, "subject": "auth0|1"}}),
    ({"plaudit.owner.guest.device_id": "d", "plaudit.owner.guest.user_id": "u"}, "owner",
     {"guest": {"device_id": "d", "user_id": "u"}}),
    ({"plaudit.owner.visitor.id": "v", "plaudit.owner.user.issuer": ISSUER}, "owner", {"visitor": {"id": "v"}}),
])
def test_what_an_attribute_becomes(read, attributes, field, expected):
    """What stands further down in the table of the document goes before what stands above it."""
    [(answer, _)] = read({**CHAT, **attributes})
    assert answer[field] == expected


def test_a_user_of_the_older_convention(read):
    """`enduser.id` where there is no `user.id`."""
    [(answer, _)] = read({"gen_ai.operation.name": "chat", "enduser.id": "bob"})
    assert answer["owner"] == {"visitor": {"id": "bob"}}


def test_a_resource_speaks_for_all_of_its_spans(read):
    """But a span's own word goes before it."""
    resource = {"plaudit.owner.user.issuer": ISSUER, "plaudit.prompt_version": "v7", "plaudit.platform": "web",
                "plaudit.arm.greeting": "warm", "plaudit.arm.length": "long", "plaudit.message_id": "never"}
    [(answer, _)] = read({**CHAT, "plaudit.prompt_version": "v8", "plaudit.arm.length": "short"}, resource)
    assert answer["owner"] == {"user": {"issuer": ISSUER, "subject": "ann"}}
    assert (answer["prompt_version"], answer["platform"], answer["id"]) == ("v8", "web", SPAN_ID)
    assert answer["arms"] == {"greeting": "warm", "length": "short"}


@pytest.mark.parametrize("attributes", [
    {**CHAT, "gen_ai.operation.name": "text_completion"},
    {**CHAT, "gen_ai.operation.name": "generate_content"},
    LLM,
    {**CHAT, "gen_ai.response.finish_reasons": ["stop", "tool_calls"]},
    {"plaudit.message_id": "m-1", "user.id": "ann"},
    {"openinference.span.kind": "AGENT", "plaudit.answer": True, "user.id": "ann"},
    {**CHAT, "error.type": "timeout", "plaudit.answer": True},
])
def test_what_is_an_answer(read, attributes):
    """A call of a model, and whatever is said to be one."""
    assert len(read(attributes)) == 1


@pytest.mark.parametrize(("attributes", "fields"), [
    ({"http.request.method": "GET"}, {}),
    ({"gen_ai.operation.name": "embeddings"}, {}),
    ({"gen_ai.operation.name": "execute_tool"}, {}),
    ({"gen_ai.operation.name": "invoke_agent"}, {}),
    ({**LLM, "openinference.span.kind": "CHAIN"}, {}),
    (CHAT, {"status": {"code": 2}}),
    ({**CHAT, "error.type": "timeout"}, {}),
    ({**CHAT, "gen_ai.response.finish_reasons": ["tool_calls"]}, {}),
    ({**LLM, "llm.finish_reason": "tool_use"}, {}),
    ({**LLM, "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "look"}, {}),
    ({**CHAT, "gen_ai.output.messages": json.dumps(ASKED[2:3])}, {}),
    ({**CHAT, "plaudit.answer": False}, {}),
    ({"gen_ai.operation.name": "embeddings"}, {"trace_id": ""}),
])
def test_what_is_none(read, attributes, fields):
    """Other operations, failures, calls of tools, and what is said to be none: nobody was shown anything."""
    assert read(attributes, **fields) == []


@pytest.mark.parametrize(("attributes", "fields", "field"), [
    ({"gen_ai.operation.name": "chat"}, {}, "owner"),
    (CHAT, {"trace_id": "0" * 32}, "trace_id"),
    (CHAT, {"span_id": "ab"}, "trace_id"),
    (CHAT | {f"plaudit.arm.{n}": "a" for n in range(ATTRIBUTES_MAX)}, {}, "attributes"),
])
def test_what_cannot_be_registered(read, attributes, fields, field):
    """It says why."""
    with pytest.raises(Invalid) as refused:
        read(attributes, **fields)
    assert refused.value.field == field


@pytest.mark.parametrize(("attributes", "answer", "question"), [
    ({**CHAT, "gen_ai.input.messages": json.dumps(ASKED), "gen_ai.output.messages": json.dumps(SAID)},
     "It is\n42.", "Why?"),
    ({**CHAT, "gen_ai.input.messages": ASKED, "gen_ai.output.messages": SAID}, "It is\n42.", "Why?"),
    ({**LLM, **QUESTION, "llm.output_messages.0.message.content": "It is 42."}, "It is 42.", "Why?"),
    ({**LLM, **QUESTION, **PIECES}, "It is\n42.", "Why?"),
    ({**LLM, "input.value": "Why?", "output.value": "It is 42."}, "It is 42.", "Why?"),
    ({**LLM, "input.value": "{}", "input.mime_type": "application/json", "output.value": "[]",
      "output.mime_type": "application/json"}, None, None),
    ({**CHAT, "gen_ai.output.messages": "{", "gen_ai.input.messages": '[{"role": 7}]'}, None, None),
    ({**CHAT, "gen_ai.output.messages": "[" * 100_000}, None, None),
])
def test_texts_are_taken_where_they_are(read, attributes, answer, question):
    """The first choice's text and the user's newest one, in each of the forms that they may have."""
    found = read(attributes)
    assert found[-1][0]["content"] == answer
    assert [asked["content"] for asked, _ in found[:-1]] == ([question] if question else [])


def test_a_question_is_a_message_that_is_answered(read):
    """Of the same person and conversation, when the call began; an answer generated anew answers the same one."""
    attributes = {**CHAT, "gen_ai.input.messages": ASKED, "gen_ai.conversation.id": "c-1"}
    (asked, at), (answer, _) = read(attributes)
    assert at == ENDED_AT - 250
    assert (asked["role"], asked["owner"], asked["conversation_id"]) == ("user", {"visitor": {"id": "ann"}}, "c-1")
    assert answer["in_reply_to"] == asked["id"]
    again = read(attributes, span_id="1" * 16)[1][0]["in_reply_to"]
    elsewhere = read({**attributes, "gen_ai.conversation.id": "c-2"})[1][0]["in_reply_to"]
    assert (again == asked["id"], elsewhere == asked["id"]) == (True, False)


def test_without_times_it_is_now(read):
    """As for a registration that does not say when."""
    assert [at for _, at in read(CHAT, startTimeUnixNano="0", endTimeUnixNano="0")] == [NOW]
