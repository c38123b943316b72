"""What is asked of the numbers: which answers, and how to look at them. Pure but for the request that it reads."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.requests import Request

from plaudit.counts import Attribute, Dimension, Period, Selection
from plaudit.errors import Invalid
from plaudit.http import hours
from plaudit.http.api.query import Reader, members, one_of, parameters, text_up_to
from plaudit.http.registration import ARMS_MAX
from plaudit.model import AuthLevel, Project

TEXT_LENGTH_MAX = 256
NAME_LENGTH_MAX = 128
ARM = "arm:"  # arm:greeting=b: of the experiment `greeting` the arm `b`
COMPARED_MAX = 100
MARGIN_DEFAULT, MARGIN_MIN, MARGIN_MAX = 0.02, 0.001, 0.5
WEIGHT_MIN, WEIGHT_MAX = 0.001, 1_000_000

_NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_name = text_up_to(NAME_LENGTH_MAX)
_text = text_up_to(TEXT_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class Asked:
    selection: Selection
    csv: bool
    more: Mapping[str, Any]  # what this operation alone asks


def read(request: Request, project: Project, readers: Mapping[str, Reader]) -> Asked:
    """`readers`: the parameters of this operation alone. Raises `Invalid`."""
    selection, more = selected(request, project, {**FORMAT, **readers}, repeated=("arms",))
    as_csv = more.pop("format", None)
    if as_csv is None:
        as_csv = prefers_csv(request.headers.get("accept", ""))
    return Asked(selection, as_csv, more)


def selected(request: Request, project: Project, readers: Mapping[str, Reader], repeated: Collection[str] = ()
             ) -> tuple[Selection, dict[str, Any]]:
    """Which answers, and what else was asked by `readers`. Raises `Invalid`."""
    given = [name for name in request.query_params if name.startswith(ARM)]
    known = {**filters(project.time_zone), **readers, **dict.fromkeys(given, _name)}
    found = parameters(request, known, repeated)
    more = {name: found.pop(name) for name in readers if name in found}
    arms = _arms({name: found.pop(name) for name in given})
    return Selection(**found, arms=arms), more


def filters(time_zone: str) -> dict[str, Reader]:
    """Which answers, of a project in that zone. An empty text asks for those that have none."""
    return {
        "since": partial(hours.read, time_zone=time_zone),
        "until": partial(hours.read, time_zone=time_zone),
        "model": text_or_none,
        "prompt_version": text_or_none,
        f"{ARM}EXPERIMENT": _name,  # stands for every experiment where the parameters are listed
        "locale": text_or_none,
        "platform": text_or_none,
        "auth_level": members(AuthLevel),
        "has_comment": one_of({"true": True, "false": False}),
    }


def _arms(given: Mapping[str, str]) -> dict[str, str]:
    if len(given) > ARMS_MAX:
        raise Invalid(ARM, f"is given more than {ARMS_MAX} times")
    for name in given:
        _name(name.removeprefix(ARM), name[:TEXT_LENGTH_MAX])
    return {name.removeprefix(ARM): arm for name, arm in given.items()}


# ---------------------------------------------------------------- readers


def text_or_none(text: str, name: str) -> str:
    return _text(text, name) if text else ""


def dimension(text: str, name: str) -> Dimension:
    """`model`, or `arm:greeting` for the arms of the experiment `greeting`."""
    attribute, colon, experiment = text.partition(":")
    if attribute == Attribute.ARM and experiment:
        return Dimension(Attribute.ARM, _name(experiment, name))
    if attribute not in [*Attribute] or attribute == Attribute.ARM or colon:
        plain = ", ".join(each for each in Attribute if each is not Attribute.ARM)
        raise Invalid(name, f"must be one of: {plain}, arm:EXPERIMENT")
    return Dimension(Attribute(attribute))


def compared(text: str, name: str) -> str | None:
    """The value of a dimension; an empty text is the arm of the answers that have none."""
    return text_or_none(text, name) or None


def number(low: float, high: float) -> Reader:
    def read_number(text: str, name: str) -> float:
        if not _NUMBER.fullmatch(text) or not low <= float(text) <= high:
            raise Invalid(name, f"must be a number from {low} to {high:,}")
        return float(text)

    return read_number


def weights(text: str, name: str) -> tuple[float, ...]:
    """`1,1` or `0.9,0.1`, as shares that add up to one."""
    read_weight = number(WEIGHT_MIN, WEIGHT_MAX)
    given = [read_weight(part, name) for part in text.split(",")[:COMPARED_MAX + 1]]
    return tuple(weight / sum(given) for weight in given)


FORMAT = {"format": one_of({"json": False, "csv": True})}
SERIES: dict[str, Reader] = {"per": members(Period)}
BY: dict[str, Reader] = {"by": dimension}
COMPARE: dict[str, Reader] = {
    **BY, "arms": compared, "margin": number(MARGIN_MIN, MARGIN_MAX), "expected": weights,
}


# ---------------------------------------------------------------- what must fit together


def required(asked: Asked, name: str) -> Any:
    """Raises `Invalid` when it was not given."""
    if name not in asked.more:
        raise Invalid(name, "is missing")
    return asked.more[name]


def check_arms(arms: Sequence[str | None]) -> None:
    """Raises `Invalid`, naming how several are given, which is not by commas: a model's name may hold some."""
    if len(arms) == 1 or len(set(arms)) != len(arms) or len(arms) > COMPARED_MAX:
        raise Invalid("arms", f"must name 2 to {COMPARED_MAX} different ones, each as a parameter of its own, such as "
                              "arms=v6&arms=v7; without it all are compared")


# ---------------------------------------------------------------- JSON or CSV


def prefers_csv(accept: str) -> bool:
    """Is `text/csv` named, and no less wanted than JSON? (RFC 9110, 12.5.1)"""
    wanted = dict(_range(part) for part in accept.lower().split(","))
    as_json = wanted.get("application/json", wanted.get("application/*", wanted.get("*/*", 0.0)))
    as_csv = wanted.get("text/csv", 0.0)
    return as_csv > 0 and (as_csv > as_json or (as_csv == as_json and "application/json" not in wanted))


def _range(part: str) -> tuple[str, float]:
    media_type, *parameters_ = (piece.strip() for piece in part.split(";"))
    quality = next((piece[2:] for piece in parameters_ if piece.startswith("q=")), "1")
    return media_type, float(quality) if re.fullmatch(r"[01](\.[0-9]{0,3})?", quality, re.ASCII) else 0.0
