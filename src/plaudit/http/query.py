"""Query strings, read strictly: what a contract does not describe is refused, never guessed at. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

from plaudit.errors import Invalid

INTEGER = re.compile(r"[0-9]{1,9}", re.ASCII)

T = TypeVar("T")


def single(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The parameters by name. Raises `Invalid` for one given twice: which of them was meant cannot be known."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise Invalid(name, f"{name} is given more than once")
        found[name] = value
    return found


def integer(query: Mapping[str, str], name: str, *, low: int, high: int, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not INTEGER.fullmatch(text) or not low <= int(text) <= high:
        raise Invalid(name, f"{name} must be an integer from {low} to {high}")
    return int(text)


def choice(query: Mapping[str, str], name: str, choices: Mapping[str, T], default: T) -> T:
    text = query.get(name)
    if text is None:
        return default
    if text not in choices:
        raise Invalid(name, f"{name} must be one of {', '.join(choices)}")
    return choices[text]
