"""The form above every page of numbers: which time, which answers. It works as a form, and says what is chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plaudit.counts import Attribute, Dimension
from plaudit.http.dashboard.view import ALWAYS, ARM, DAYS, NONE, Pairs, View
from plaudit.http.dashboard.visit import Visit
from plaudit.http.dashboard.words import Words
from plaudit.model import AuthLevel

NAMED_MAX = 200  # values of one list: nobody looks through more
NEW_TIME = dict.fromkeys(("from", "to", "cursor", "done"))  # what another time does away with
TIME = frozenset({"days", "from", "to"})
Values = Mapping[Dimension, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Named:
    value: str
    name: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """A list to choose from; its first entry is "any"."""

    parameter: str
    name: str
    options: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set, and the same page without it."""

    name: str
    value: str
    without: str


@dataclass(frozen=True, slots=True)
class FilterForm:
    """`others`: what the address says beside, to be kept when the form is sent."""

    presets: tuple[tuple[Named, str], ...]
    since: str
    until: str
    choices: tuple[Choice, ...]
    chips: tuple[Chip, ...]
    others: Pairs
    without: str


def filter_form(visit: Visit, values: Values) -> FilterForm:
    choices = _choices(visit, values)
    shown = {choice.parameter for choice in choices}
    return FilterForm(
        presets=tuple(_presets(visit)),
        since=visit.view.get("from"), until=visit.view.get("to"),
        choices=tuple(choices),
        chips=tuple(_chip(visit, choices, name, value) for name, value in visit.view.filters if name in shown),
        others=tuple(pair for pair in visit.view.pairs if pair[0] not in shown | TIME | {"cursor", "done"}),
        without=visit.view.url(visit.here, **dict.fromkeys(name for name, _ in visit.view.filters)),
    )


def _presets(visit: Visit) -> list[tuple[Named, str]]:
    found = []
    for days in (*DAYS, ALWAYS):
        named = Named(days, visit.words.t(f"filter.days.{days}"), chosen=visit.view.days == days)
        found.append((named, visit.view.url(visit.here, **NEW_TIME, days=days)))
    return found


def _choices(visit: Visit, values: Values) -> list[Choice]:
    words, view = visit.words, visit.view
    found = [_listed(words, view, str(by), by, values.get(by, ()))
             for by in (Dimension(attribute) for attribute in Attribute)
             if by.attribute not in {Attribute.ARM, Attribute.AUTH_LEVEL, Attribute.REASON}]
    experiments = {by for by in values if by.attribute is Attribute.ARM}
    experiments |= {Dimension(Attribute.ARM, name.removeprefix(ARM)) for name, _ in view.pairs if name.startswith(ARM)}
    found += [_listed(words, view, str(by), by, values.get(by, ())) for by in sorted(experiments, key=str)]
    found.append(_fixed(words, view, "auth_level", "dimension.auth_level",
                        [(level.value, f"auth_level.{level}") for level in AuthLevel]))
    found.append(_fixed(words, view, "has_comment", "filter.has_comment",
                        [("yes", "filter.with_comment"), ("no", "filter.without_comment")]))
    return found


def _listed(words: Words, view: View, parameter: str, by: Dimension, values: Sequence[str]) -> Choice:
    """The values that there are, and the one that is asked for even if there is no such."""
    asked = view.get(parameter)
    names = dict.fromkeys([*values[:NAMED_MAX], *([asked] if asked and asked != NONE else [])])
    options = [Named("", words.t("filter.any"), chosen=not asked),
               *[Named(name, name, chosen=name == asked) for name in names],
               Named(NONE, words.t("value.none"), chosen=asked == NONE)]
    return Choice(parameter, words.dimension(by), tuple(options))


def _fixed(words: Words, view: View, parameter: str, key: str, options: Sequence[tuple[str, str]]) -> Choice:
    asked = view.get(parameter)
    return Choice(parameter, words.t(key), (
        Named("", words.t("filter.any"), chosen=not asked),
        *[Named(value, words.t(name), chosen=value == asked) for value, name in options]))


def _chip(visit: Visit, choices: Sequence[Choice], parameter: str, value: str) -> Chip:
    choice = next(choice for choice in choices if choice.parameter == parameter)
    name = next((option.name for option in choice.options if option.value == value), value)
    return Chip(choice.name, name, visit.view.url(visit.here, **{parameter: None}))


