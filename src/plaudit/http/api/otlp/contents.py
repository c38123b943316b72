"""The texts of a question and its answer, where a span's attributes hold them: pure. What cannot be understood is none.

GenAI has lists of messages with parts, structured or as JSON; OpenInference has one attribute for each leaf, such as
`llm.input_messages.0.message.content`, and `input.value` and `output.value`.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import Struct

Attributes = Mapping[str, Any]

LEAF = re.compile(r"llm\.(?:input|output)_messages\.([0-9]{1,6})\.message\.(role|content|tool_calls\..+|"
                  r"contents\.([0-9]{1,6})\.message_content\.text)")
PLAIN = "text/plain"


class Part(Struct):
    type: str = ""
    content: Any = None


class Said(Struct):
    """One message of GenAI's lists."""

    role: str = ""
    parts: list[Part] = []


_said = msgspec.json.Decoder(list[Said])


def answer_text(attributes: Attributes) -> str | None:
    """Of the first choice, where there are several."""
    for said in _gen_ai(attributes.get("gen_ai.output.messages")):
        return _text_of(said)
    for message in _open_inference(attributes, "llm.output_messages."):
        return message.get("content")
    return _plain(attributes, "output")


def question_text(attributes: Attributes) -> str | None:
    """The newest message of the user."""
    for said in reversed(_gen_ai(attributes.get("gen_ai.input.messages"))):
        if said.role == "user":
            return _text_of(said)
    for message in reversed(_open_inference(attributes, "llm.input_messages.")):
        if message.get("role") == "user":
            return message.get("content")
    return _plain(attributes, "input")


def calls_tools(attributes: Attributes) -> bool:
    """Did a model ask for tools, and say nothing?"""
    for said in _gen_ai(attributes.get("gen_ai.output.messages")):
        return any(part.type == "tool_call" for part in said.parts) and not _text_of(said)
    for message in _open_inference(attributes, "llm.output_messages."):
        return "tool_calls" in message and not message.get("content")
    return False


def _gen_ai(value: Any) -> list[Said]:
    with suppress(msgspec.DecodeError, RecursionError, UnicodeError):
        if isinstance(value, str):
            return _said.decode(value)
        if isinstance(value, list):
            return msgspec.convert(value, list[Said])
    return []


def _text_of(said: Said) -> str | None:
    texts = [part.content for part in said.parts if part.type == "text" and isinstance(part.content, str)]
    return "\n".join(texts) or None


def _open_inference(attributes: Attributes, prefix: str) -> list[dict[str, str]]:
    """Messages in order, with their role and content; `tool_calls` is there where there are any."""
    found: dict[int, dict[str, str]] = {}
    pieces: dict[tuple[int, int], str] = {}
    for name, value in attributes.items():
        leaf = LEAF.fullmatch(name) if name.startswith(prefix) and isinstance(value, str) else None
        if leaf:
            message = found.setdefault(int(leaf[1]), {})
            if leaf[3]:
                pieces[int(leaf[1]), int(leaf[3])] = value
            else:
                message[leaf[2].partition(".")[0]] = value
    for (number, _), text in sorted(pieces.items()):
        found[number]["content"] = f"{found[number]['content']}\n{text}" if "content" in found[number] else text
    return [found[number] for number in sorted(found)]


def _plain(attributes: Attributes, which: str) -> str | None:
    """A value that is no document of its own."""
    value = attributes.get(f"{which}.value")
    return value if isinstance(value, str) and attributes.get(f"{which}.mime_type", PLAIN) == PLAIN else None
