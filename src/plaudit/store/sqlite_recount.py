"""The totals are there and of the right zones before an SQLite database takes votes."""

from collections.abc import Mapping
from functools import partial

import apsw

from plaudit.store.recount import is_due, keep
from plaudit.store.sqlite_plans import run


def keep_totals(connection: apsw.Connection, zones: Mapping[str, str]) -> None:
    """In one transaction; one that is interrupted is begun again by the next start."""
    with connection:
        if run(connection, partial(is_due, zones)):
            run(connection, partial(keep, zones))
