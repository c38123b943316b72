"""On which line of a TOML file a key stands: what the parsers do not tell and every error message needs."""

import tomllib
from collections.abc import Iterator
from typing import Any

KeyPath = tuple[str | int, ...]


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line, from 1, of each table and key of a valid TOML document; what is inside a value counts as the value's.

    The parser is asked about one statement after the other, so there is no second idea of what TOML is.
    """
    lines: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, statement, parsed in _statements(text.replace("\r\n", "\n").split("\n")):
        if statement.lstrip().startswith("["):
            table = _enter(parsed, counts)
            lines.setdefault(table, number)
        else:
            for path in _paths(parsed):
                lines[table + path] = number
    return lines


def line_of(path: KeyPath, lines: dict[KeyPath, int]) -> int | None:
    """The line of the key, or of the nearest thing around it that has one."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


def _statements(lines: list[str]) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """A statement is the fewest lines that parse alone: a header, or a key with all of its value."""
    start = 0
    for end in range(1, len(lines) + 1):
        statement = "\n".join(lines[start:end])
        try:
            parsed = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue  # a value that goes on in the next line
        yield start + 1, statement, parsed
        start = end


def _enter(header: dict[str, Any], counts: dict[KeyPath, int]) -> KeyPath:
    """The path of a `[table]` or of a new element of an `[[array]]`; `counts` holds the arrays' lengths."""
    path: KeyPath = ()
    inside: Any = header
    while inside:
        key, inside = next(iter(inside.items()))
        path += (key,)
        if isinstance(inside, list):
            counts[path] = counts.get(path, 0) + 1
            inside = None
        if path in counts:
            path += (counts[path] - 1,)
    return path


def _paths(table: dict[str, Any]) -> Iterator[KeyPath]:
    for key, value in table.items():
        yield (key,)
        if isinstance(value, dict):
            yield from ((key, *rest) for rest in _paths(value))
