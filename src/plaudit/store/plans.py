"""What is read and written, step by step, without a database.

A plan is a generator: it yields a step, is sent the rows that the step gave, and returns its result. Each store runs
the same plans inside one transaction in its own way, so that they cannot come to mean different things. A plan may be
begun again from its start, so whoever runs plans is given the function that makes one.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

Row = Sequence[Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ask:
    """One statement of queries.sql, answered with all of its rows.

    `parts` fill the statement's {gaps}: fixed pieces of SQL, never a caller's text.
    """

    statement: str
    bindings: Mapping[str, Any]
    parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Put:
    """Rows for one inserting statement, sorted by key and each key once; answered with no rows.

    All of them are written. Where somebody else has come first with one of them, the plan is begun again.
    """

    statement: str
    rows: Sequence[Row]


Plan = Callable[[], Generator[Ask | Put, Sequence[Row], T]]
Steps = Generator[Ask | Put, Sequence[Row], T]
