"""From a file, the environment and the command line to `Configuration`, or to errors that name the line.

What comes later wins: the default, `plaudit.toml`, `PLAUDIT_…` in the environment, an option of the command.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self

import msgspec
from msgspec import Struct

from plaudit.model import Project
from plaudit.settings import checks
from plaudit.settings.projects import projects_of
from plaudit.settings.table import SECTIONS, PlanTable, Settings, environment_name
from plaudit.settings.toml_lines import KeyPath, key_lines, line_of

FILE_NAME = "plaudit.toml"
FILE_BYTES_MAX = 1_048_576
FILE_VARIABLE = "PLAUDIT_CONFIG"
SECRET_VARIABLES = ("PLAUDIT_SESSION_SECRET", "PLAUDIT_GUEST_PEPPER")  # read by `secrets`


class SettingsError(Exception):
    """The settings cannot be used: one line for each thing that is wrong, with its place and what to do."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """Settings that have been checked, with the projects as the core knows them."""

    settings: Settings
    projects: tuple[Project, ...]  # the default project first
    file: Path | None  # None: there is no file, and the one project is built in

    @property
    def default_project(self) -> Project:
        return self.projects[0]

    def with_settings(self, settings: Settings) -> Self:
        """The same with settings that have become known since, such as a port that was left open."""
        return replace(self, settings=settings)


def load(file: Path | None, environ: Mapping[str, str], options: Mapping[str, Any] | None = None) -> Configuration:
    """Read and check everything. Without `file`, `PLAUDIT_CONFIG` or else `plaudit.toml`, if it is there, is read.

    Raises `SettingsError`.
    """
    path = _file(file, environ)
    text = _read(path) if path else ""
    raw, environment = _parse(text, path), _environment(environ)
    given = {name: value for name, value in (options or {}).items() if value is not None}
    source = _Source(str(path), key_lines(text), frozenset(environment), frozenset(given))
    raw |= environment | given
    settings = _convert(raw, source)
    found = [source.sentence(where, text) for where, text in checks.problems(settings)]
    if found:
        raise SettingsError("\n".join(found))
    return Configuration(settings, projects_of(settings), path)


def built_in(settings: Settings) -> Configuration:
    """These settings, and whatever file there may be left aside."""
    return Configuration(settings, projects_of(settings), None)


# ---------------------------------------------------------------- the file


def _file(file: Path | None, environ: Mapping[str, str]) -> Path | None:
    if file is None and (named := environ.get(FILE_VARIABLE)):
        file = Path(named)
    if file is not None:
        return file
    return Path(FILE_NAME) if Path(FILE_NAME).exists() else None


def _read(path: Path) -> str:
    try:
        content = path.read_bytes()
        if len(content) > FILE_BYTES_MAX:
            raise SettingsError(f"{path}: larger than {FILE_BYTES_MAX} bytes; is it the right file?")
        return content.decode()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}); check the path, or start without a file"
                            ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not UTF-8; save it as UTF-8") from error


def _parse(text: str, path: Path | None) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, _, place = str(error).rpartition(" (at ")
        number = re.match(r"line (\d+)", place)
        line = number[1] if number else len(text.splitlines())  # it says "at end of document"
        raise SettingsError(f"{path}:{line}: is not valid TOML: {what}") from error


# ---------------------------------------------------------------- the environment


def _environment(environ: Mapping[str, str]) -> dict[str, Any]:
    names = {environment_name(name): name for name in _scalars()}
    found = {}
    for variable, text in environ.items():
        if variable in names:
            found[names[variable]] = _value(variable, names[variable], text)
        elif variable.startswith("PLAUDIT_") and variable not in (FILE_VARIABLE, *SECRET_VARIABLES):
            raise SettingsError(f"{variable}: there is no such setting{_hint(variable, [*names])}")
    return found


def _scalars() -> list[str]:
    return [name for name in Settings.__struct_fields__ if name not in ("plans", "projects")]


def _value(variable: str, name: str, text: str) -> Any:
    """A text as the setting's type: lists are separated by commas."""
    field = next(field for field in msgspec.structs.fields(Settings) if field.name == name)
    is_list = isinstance(field.default, tuple)
    value: Any = [part.strip() for part in text.split(",") if part.strip()] if is_list else text
    try:
        return msgspec.convert(value, field.type, strict=False)
    except msgspec.ValidationError as error:
        expected = _plain(str(error)).partition(", got ")[0]  # a variable is always text
        raise SettingsError(f"{variable}: {expected}{_choices((name,), str(error))}") from error


# ---------------------------------------------------------------- from raw to typed


@dataclass(frozen=True, slots=True)
class _Source:
    """Where each value came from, to say it in a message."""

    file: str
    lines: dict[KeyPath, int]
    environment: frozenset[str]
    options: frozenset[str]

    def sentence(self, path: KeyPath, text: str) -> str:
        name = str(path[0]) if path else ""
        if name in self.options:
            return f"--{name.replace('_', '-')}: {text}"
        if name in self.environment:
            return f"{environment_name(name)}: {text}"
        return f"{self.file}:{line_of(path, self.lines) or 1}: {dotted(path)}: {text}"


def dotted(path: KeyPath) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def _convert(raw: dict[str, Any], source: _Source) -> Settings:
    try:
        return msgspec.convert(raw, Settings)
    except msgspec.ValidationError as error:
        path, text = _located(str(error), raw)
        raise SettingsError(source.sentence(path, text)) from error


def _located(message: str, raw: dict[str, Any]) -> tuple[KeyPath, str]:
    """msgspec says `… - at `$.projects[0].name``; an unknown or a missing field is named before that."""
    what, _, place = message.partition(" - at `$")
    path = tuple(_steps(place.removesuffix("`"), raw))
    if unknown := re.fullmatch(r"Object contains unknown field `(.*)`", what, re.DOTALL):
        return (*path, unknown[1]), f"there is no such setting{_hint(unknown[1], _known(path))}"
    if missing := re.fullmatch(r"Object missing required field `(.*)`", what):
        return path, f'"{missing[1]}" is missing; add it'
    return path, _plain(what) + _choices(path, what)


def _steps(place: str, raw: dict[str, Any]) -> Iterator[str | int]:
    for name, index in re.findall(r"\.([A-Za-z0-9_-]+)|\[(\d+|\.\.\.)\]", place):
        if index == "...":
            yield _wrong_plan(raw["plans"])
        else:
            yield name or int(index)


def _wrong_plan(plans: dict[str, Any]) -> str:
    """msgspec does not say which key of a dictionary holds the wrong value, so ask one by one."""
    for name, table in plans.items():
        try:
            msgspec.convert(table, PlanTable)
        except msgspec.ValidationError:
            return name
    raise AssertionError(plans)  # pragma: no cover -- one of them has just been refused


def _known(path: KeyPath) -> list[str]:
    """The names that could have been meant there."""
    return list(_table(path).__struct_fields__)


def _table(path: KeyPath) -> type[Struct]:
    tables = {title.strip("`[]").removeprefix("projects."): table for title, table in SECTIONS}
    if path[:1] == ("plans",):
        return PlanTable
    names = [step for step in path if isinstance(step, str)]
    return tables[{"texts": "reasons"}.get(names[-1], names[-1])] if names else Settings


def _choices(path: KeyPath, what: str) -> str:
    """What could have been chosen, for a value that is none of it."""
    if not what.startswith("Invalid enum value"):
        return ""
    *around, name = [step for step in path if isinstance(step, str)]
    field = next(field for field in msgspec.structs.fields(_table(tuple(around))) if field.name == name)
    schema = msgspec.json.encode(msgspec.json.schema(field.type)).decode()
    values = msgspec.json.decode(re.findall(r'"enum":(\[[^]]*])', schema)[0])
    return f"; choose from {', '.join(values)}"


def _hint(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; known are {', '.join(known)}"


def _plain(message: str) -> str:
    words = {"`str`": "text in quotes", "`int`": "a whole number", "`float`": "a number", "`bool`": "true or false",
             "`array`": "a list in brackets", "`object`": "a table", "`null`": "nothing"}
    for code, word in words.items():
        message = message.replace(code, word)
    return message[:1].lower() + message[1:]
