"""An OpenAPI document as a page shows it: references followed, operations under their tags. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from plaudit.http.docs.shapes import Field, Kind, fields, kind

METHODS = frozenset({"get", "put", "post", "delete", "patch"})
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Example:
    title: str
    text: str
    is_json: bool


@dataclass(frozen=True, slots=True)
class Content:
    media_type: str
    kind: Kind | None
    fields: tuple[Field, ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    place: str
    required: bool
    kind: Kind
    description: str


@dataclass(frozen=True, slots=True)
class Answer:
    status: str
    description: str
    headers: tuple[Parameter, ...]
    contents: tuple[Content, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    anchor: str
    method: str
    path: str
    summary: str
    description: str
    proofs: tuple[str, ...]  # the security schemes, any one of which will do
    parameters: tuple[Parameter, ...]
    bodies: tuple[Content, ...]
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    description: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Scheme:
    name: str
    what: str
    description: str


@dataclass(frozen=True, slots=True)
class Shape:
    """One of the document's named schemas."""

    name: str
    description: str
    kind: Kind
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    contract: str
    title: str
    version: str
    summary: str
    description: str
    schemes: tuple[Scheme, ...]
    sections: tuple[Section, ...]
    shapes: tuple[Shape, ...]

    @property
    def operations_count(self) -> int:
        return sum(len(section.operations) for section in self.sections)


def outline(contract: str, document: Json) -> Outline:
    info, components = document["info"], document.get("components", {})
    return Outline(
        contract=contract,
        title=info["title"],
        version=str(info["version"]),
        summary=info.get("summary", ""),
        description=info.get("description", ""),
        schemes=tuple(_scheme(name, each) for name, each in components.get("securitySchemes", {}).items()),
        sections=tuple(_sections(document)),
        shapes=tuple(_shape(name, schema, document) for name, schema in components.get("schemas", {}).items()),
    )


def resolved(node: Any, document: Json) -> Any:
    """What a local `$ref` points at; anything else is itself."""
    while isinstance(node, dict) and "$ref" in node:
        target: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def _sections(document: Json) -> Iterator[Section]:
    """In the order of the document's tags, then what has none of them."""
    described = {tag["name"]: tag.get("description", "") for tag in document.get("tags", ())}
    by_tag: dict[str, list[Operation]] = {name: [] for name in described}
    for path, item in document["paths"].items():
        for method in item:
            if method in METHODS:
                tag = next(iter(item[method].get("tags", ())), "operations")
                by_tag.setdefault(tag, []).append(_operation(path, method, item, document))
    for name, operations in by_tag.items():
        if operations:
            yield Section(name, described.get(name, ""), tuple(operations))


def _operation(path: str, method: str, item: Json, document: Json) -> Operation:
    operation = item[method]
    body = resolved(operation.get("requestBody", {}), document)
    parameters = [resolved(each, document) for each in (*item.get("parameters", ()), *operation.get("parameters", ()))]
    return Operation(
        anchor=operation.get("operationId", f"{method}{path}"),
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        proofs=_proofs(operation.get("security", document.get("security", ()))),
        parameters=tuple(_parameter(each["name"], each["in"], each) for each in parameters),
        bodies=_contents(body, document, spell_out=True),
        answers=tuple(_answer(status, answer, document) for status, answer in operation["responses"].items()),
    )


def _proofs(security: Any) -> tuple[str, ...]:
    return tuple(" and ".join(each) or "none" for each in security)


def _answer(status: str, node: Json, document: Json) -> Answer:
    answer = resolved(node, document)
    headers = {name: resolved(header, document) for name, header in answer.get("headers", {}).items()}
    return Answer(
        status=str(status),
        description=answer.get("description", ""),
        headers=tuple(_parameter(name, "header", header) for name, header in headers.items()),
        contents=_contents(answer, document, spell_out=False),
    )


def _parameter(name: str, place: str, node: Json) -> Parameter:
    return Parameter(name, place, node.get("required", False), kind(node.get("schema", {})),
                     node.get("description", ""))


def _contents(node: Json, document: Json, *, spell_out: bool) -> tuple[Content, ...]:
    """`spell_out`: with the fields of a named schema too, which else is only linked to."""
    return tuple(
        _content(media_type, each, document, spell_out=spell_out)
        for media_type, each in node.get("content", {}).items()
    )


def _content(media_type: str, node: Json, document: Json, *, spell_out: bool) -> Content:
    schema = node.get("schema", {})
    return Content(
        media_type=media_type,
        kind=kind(schema) if schema else None,
        fields=tuple(fields(resolved(schema, document) if spell_out else schema)),
        examples=tuple(_examples(node, document)),
    )


def _examples(node: Json, document: Json) -> Iterator[Example]:
    if "example" in node:
        yield _example("Example", node["example"])
    for name, each in node.get("examples", {}).items():
        example = resolved(each, document)
        yield _example(example.get("summary", name.replace("_", " ").capitalize()), example.get("value"))


def _example(title: str, value: Any) -> Example:
    if isinstance(value, str):
        return Example(title, value, is_json=False)
    return Example(title, msgspec.json.format(msgspec.json.encode(value), indent=2).decode(), is_json=True)


def _scheme(name: str, scheme: Json) -> Scheme:
    what: str = {
        "http": f"Authorization: {scheme.get('scheme', '').capitalize()} …",
        "apiKey": f"{scheme.get('in')}: {scheme.get('name')}",
    }.get(scheme["type"], str(scheme["type"]))
    return Scheme(name, what, scheme.get("description", ""))


def _shape(name: str, schema: Json, document: Json) -> Shape:
    return Shape(name, schema.get("description", ""), kind(schema), tuple(fields(resolved(schema, document))))
