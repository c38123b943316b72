"""The languages of the pages. A catalogue is a TOML file in `locales`: keys to sentences, with {places} for values.

What is put into a place is isolated where the language runs from right to left, so that a model's name or a percentage
does not turn the sentence around it (Unicode UAX #9, 2.4).
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from plaudit.http.accepted import accepted

ISOLATE, LEFT_TO_RIGHT, END = "\u2068", "\u2066", "\u2069"
CODES = ("en", "ar")
DEFAULT = CODES[0]


def _english(number: int) -> str:
    return "one" if number == 1 else "other"


def _arabic(number: int) -> str:
    """CLDR's plural rules."""
    if number in {0, 1, 2}:
        return ("zero", "one", "two")[number]
    rest = number % 100
    if 3 <= rest <= 10:  # noqa: PLR2004 -- the language's own bounds
        return "few"
    return "many" if rest >= 11 else "other"  # noqa: PLR2004 -- as above


PLURALS: Mapping[str, Callable[[int], str]] = {"en": _english, "ar": _arabic}


@dataclass(frozen=True, slots=True)
class Language:
    """`texts`: every sentence by its dotted key."""

    code: str
    direction: str
    texts: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.texts["language.name"]

    def text(self, key: str, /, **values: object) -> str:
        """A sentence. Raises `KeyError` for one that there is not, or a value that it wants."""
        return self.texts[key].format_map({name: self._placed(value) for name, value in values.items()})

    def plural(self, key: str, number: int, /, **values: object) -> str:
        """The sentence for so many; `{n}` in it is the number, as it is written."""
        return self.text(f"{key}.{PLURALS[self.code](number)}", n=f"{number:,}", **values)

    def figure(self, text: str) -> str:
        """A number, a range or a code: always read from left to right."""
        return text if self.direction == "ltr" else f"{LEFT_TO_RIGHT}{text}{END}"

    def _placed(self, value: object) -> str:
        return str(value) if self.direction == "ltr" else f"{ISOLATE}{value}{END}"


@cache
def language(code: str) -> Language:
    content = files(__package__).joinpath("locales", f"{code}.toml").read_text(encoding="utf-8")
    texts = dict(_flat(tomllib.loads(content)))
    return Language(code, texts["language.direction"], texts)


def chosen(asked: str | None, kept: str | None, header: str) -> Language:
    """By the address, else by the cookie, else by what the browser accepts."""
    for code in (asked, kept):
        if code in CODES:
            return language(code)
    return language(accepted(header, CODES, DEFAULT))


def _flat(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        found += _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else [(prefix + key, str(value))]
    return found
