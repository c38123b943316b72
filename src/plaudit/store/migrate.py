"""Numbered migrations, applied at start. Each is one transaction; running them again does nothing."""

import apsw

from plaudit.store.migration import WrongDatabase as WrongDatabase  # noqa: PLC0414 -- given on
from plaudit.store.migration import known

APPLICATION_ID = 0x506C6175  # "Plau", so that a stranger's database is not taken for ours


def migrations() -> list[tuple[int, str]]:
    """(number, SQL), ascending."""
    return [(migration.number, migration.sql) for migration in known("sqlite")]


def migrate(connection: apsw.Connection) -> None:
    """Bring a database to this version; the connection's transactions must begin IMMEDIATE.

    Raises `WrongDatabase` for one from the future, or one that is not Plaudit's.
    """
    mine = migrations()
    _refuse_strangers(connection, newest=mine[-1][0])
    for number, sql in mine:
        with connection:
            if version(connection) < number:
                connection.execute(sql)
                connection.execute(f"PRAGMA user_version = {number}")
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def version(connection: apsw.Connection) -> int:
    number: int = connection.pragma("user_version")
    return number


def _refuse_strangers(connection: apsw.Connection, *, newest: int) -> None:
    found = version(connection)
    if found > newest:
        raise WrongDatabase(
            f"This database was written by a newer Plaudit (schema {found}; this one knows {newest}). "
            "Upgrade Plaudit, or restore a backup made before the upgrade.")
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").get
    if tables and connection.pragma("application_id") != APPLICATION_ID:
        raise WrongDatabase("This is an SQLite database, but not one of Plaudit's. Set database_url to another file.")
