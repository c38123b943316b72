"""A JSON Schema in words: what kind of value, which rules, which fields. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

Json = Mapping[str, Any]
DEPTH_MAX = 4  # of fields within fields that are spelt out; deeper ones are only named
LINK = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of a sentence; `link` names the schema that it stands for."""

    text: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    words: tuple[Word, ...]
    rules: tuple[str, ...] = ()
    values: tuple[str, ...] = ()  # the only ones allowed, as JSON
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    path: str
    kind: Kind
    required: bool
    description: str


def kind(schema: Any) -> Kind:
    if not isinstance(schema, Mapping) or not schema:
        return Kind((Word("anything"),))
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(LINK)
        return Kind((Word(name, name),))
    for combination in ("oneOf", "anyOf", "allOf"):
        if combination in schema:
            joint = " and " if combination == "allOf" else " or "
            return _combined([kind(each) for each in schema[combination]], joint)
    return Kind(
        tuple(_words(schema)), tuple(_rules(schema)), tuple(map(_json, _values(schema))), schema.get("pattern"))


def fields(schema: Any, prefix: str = "", depth: int = 0) -> Iterator[Field]:
    """An object's fields, those of nested objects after their own, by path."""
    if not isinstance(schema, Mapping) or depth > DEPTH_MAX:
        return
    if "items" in schema:
        yield from fields(schema["items"], f"{prefix}[]", depth + 1)
    for part in schema.get("allOf", ()):
        yield from fields(part, prefix, depth + 1)
    required = schema.get("required", ())
    for name, each in schema.get("properties", {}).items():
        path = f"{prefix}.{name}" if prefix else name
        yield Field(path, kind(each), name in required, _description(each))
        yield from fields(each, path, depth + 1)


def _combined(kinds: list[Kind], joint: str) -> Kind:
    """Several kinds in one: `string or null`."""
    first, *others = kinds
    for other in others:
        first = replace(
            first,
            words=(*first.words, Word(joint), *other.words),
            rules=first.rules + other.rules,
            values=first.values + other.values,
            pattern=first.pattern or other.pattern,
        )
    return first


def _words(schema: Json) -> Iterator[Word]:
    if schema.get("type") == "array":
        yield Word("array of ")
        yield from kind(schema.get("items")).words
        return
    types = schema.get("type", "object" if "properties" in schema else "anything")
    if "const" in schema or "enum" in schema:
        types = [] if "null" not in types else types
    name = types if isinstance(types, str) else " or ".join(types)
    if name:
        yield Word(name)


def _values(schema: Json) -> list[Any]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", ()))


def _rules(schema: Json) -> Iterator[str]:
    if "format" in schema:
        yield str(schema["format"])
    yield from _range(schema, "minLength", "maxLength", " characters")
    yield from _range(schema, "minItems", "maxItems", " items")
    yield from _range(schema, "minProperties", "maxProperties", " entries")
    yield from _range(schema, "minimum", "maximum", "")
    if "default" in schema:
        yield f"default {_json(schema['default'])}"


def _range(schema: Json, low: str, high: str, unit: str) -> Iterator[str]:
    match schema.get(low), schema.get(high):
        case None, None:
            return
        case least, None:
            yield f"at least {least:,}{unit}"
        case None, most:
            yield f"up to {most:,}{unit}"
        case least, most:
            yield f"{least:,} to {most:,}{unit}"


def _description(schema: Any) -> str:
    return str(schema.get("description", "")) if isinstance(schema, Mapping) else ""


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
