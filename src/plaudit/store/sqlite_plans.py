"""Plans, run on an SQLite connection inside the transaction that is open there."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, TypeVar

import apsw

from plaudit.store.plans import Ask, Plan, Put, Row
from plaudit.store.queries import queries
from plaudit.store.rows import to_json

ROWS_MAX = 64  # a statement; one is prepared for each number of rows, so that there are not too many

T = TypeVar("T")


def run(connection: apsw.Connection, plan: Plan[T]) -> T:
    steps = plan()
    found: Sequence[Row] = ()
    try:
        step = next(steps)
        while True:
            found = _ask(connection, step) if isinstance(step, Ask) else put(connection, step)
            step = steps.send(found)
    except StopIteration as end:
        result: T = end.value
        return result


def _ask(connection: apsw.Connection, step: Ask) -> Sequence[Row]:
    statement = queries()[step.statement].format(**step.parts)
    return connection.execute(statement, {name: _bound(value) for name, value in step.bindings.items()}).fetchall()


def put(connection: apsw.Connection, step: Put) -> Sequence[Row]:
    for chunk in chunks(step.rows):
        statement = for_rows(step.statement, len(chunk), len(chunk[0]))
        connection.execute(statement, flat(chunk))
    return ()


@cache
def for_rows(name: str, rows: int, columns: int) -> str:
    """A statement of queries.sql for so many rows. Many rows a step: every step hands the interpreter lock over."""
    row = f"({', '.join('?' * columns)})"
    return queries()[name].format(rows=", ".join([row] * rows))


def chunks(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    return (rows[start:start + ROWS_MAX] for start in range(0, len(rows), ROWS_MAX))


def flat(rows: Sequence[Row]) -> list[Any]:
    return [value for row in rows for value in row]


def _bound(value: Any) -> Any:
    """SQLite has no arrays: a list goes as JSON, which the statement takes apart."""
    return to_json(value) if isinstance(value, list) else value
