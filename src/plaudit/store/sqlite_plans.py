"""Plans, run on an SQLite connection inside the transaction that is open there."""

from collections.abc import Sequence
from typing import Any, TypeVar

import apsw

from plaudit.store.plans import Ask, Plan, Put, Row
from plaudit.store.queries import queries
from plaudit.store.rows import to_json

T = TypeVar("T")


def run(connection: apsw.Connection, plan: Plan[T]) -> T:
    steps = plan()
    found: Sequence[Row] = ()
    try:
        step = next(steps)
        while True:
            found = _ask(connection, step) if isinstance(step, Ask) else _put(connection, step)
            step = steps.send(found)
    except StopIteration as end:
        result: T = end.value
        return result


def _ask(connection: apsw.Connection, step: Ask) -> Sequence[Row]:
    statement = queries()[step.statement].format(**step.parts)
    return connection.execute(statement, {name: _bound(value) for name, value in step.bindings.items()}).fetchall()


def _put(connection: apsw.Connection, step: Put) -> Sequence[Row]:
    connection.executemany(queries()[step.statement], step.rows)
    return ()


def _bound(value: Any) -> Any:
    """SQLite has no arrays: a list goes as JSON, which the statement takes apart."""
    return to_json(value) if isinstance(value, list) else value
