"""Whoever has this folder in its PYTHONPATH keeps neither totals nor a queue for review: what those cost is measured by
the difference. A Python process runs this file when it starts."""

from collections.abc import Mapping, Sequence

from plaudit.store import sqlite_writer
from plaudit.store.derived import Changed
from plaudit.store.plans import Steps


def keep_nothing(_changes: Sequence[Changed], _zones: Mapping[str, str]) -> Steps[None]:
    yield from ()


setattr(sqlite_writer, "keep", keep_nothing)  # noqa: B010 -- it is imported there, not exported
