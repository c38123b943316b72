"""Migrations on SQLite, where one process has the file to itself.

So there is nothing to wait for and no older release beside this one: every migration runs at start, whatever its phase,
each in one transaction. `PRAGMA user_version` is the number of the last. There is no way back but a backup.
"""

from contextlib import closing
from pathlib import Path

import apsw

from plaudit.store.copy_tables import UNFINISHED, UNFINISHED_COPY
from plaudit.store.failures import CannotOpen, WrongDatabase
from plaudit.store.migration import Migration, Run, bare, known
from plaudit.store.sqlite_file import HOW_TO_RESTORE, OUTAGES, damage, lock, open_reader, open_writer

APPLICATION_ID = 0x506C6175  # "Plau", so that a stranger's database is not taken for ours


def migrate(connection: apsw.Connection) -> list[Migration]:
    """Bring a database to this release; what was done. The connection's transactions must begin IMMEDIATE.

    Raises `WrongDatabase` for one from the future, one that is not Plaudit's, or an unfinished copy.
    """
    migrations = due(connection)
    if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (UNFINISHED,)).get:
        raise WrongDatabase(UNFINISHED_COPY)
    for migration in migrations:
        with connection:
            connection.execute(migration.sql)
            while migration.run is Run.BATCHES and connection.changes():
                connection.execute(bare(migration.sql))
            connection.execute(f"PRAGMA user_version = {migration.number}")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    return migrations


def due(connection: apsw.Connection) -> list[Migration]:
    """What `migrate` would do. Raises `WrongDatabase`."""
    _refuse_strangers(connection)
    return [migration for migration in known("sqlite") if migration.number > version(connection)]


def version(connection: apsw.Connection) -> int:
    number: int = connection.pragma("user_version")
    return number


def newest_version() -> int:
    """The version that this release makes."""
    return known("sqlite")[-1].number


def _refuse_strangers(connection: apsw.Connection) -> None:
    found, newest = version(connection), newest_version()
    if found > newest:
        raise WrongDatabase(
            f"This database was written by a newer Plaudit (schema {found}; this one knows {newest}). "
            "Upgrade Plaudit, or restore a backup made before the upgrade.")
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").get
    if tables and connection.pragma("application_id") != APPLICATION_ID:
        raise WrongDatabase("This is an SQLite database, but not one of Plaudit's. Set database_url to another file.")


# ---------------------------------------------------------------- a file that no server has open


def migrate_file(path: Path) -> list[Migration]:
    """What was done to the database at `path`, which is made if need be.

    Raises `DatabaseInUse` while a server runs, `CannotOpen`, `WrongDatabase`.
    """
    with closing(lock(path)):
        try:
            with closing(open_writer(path)) as connection:
                if found := damage(connection):
                    raise CannotOpen(f"The database {path} is damaged: {found}. {HOW_TO_RESTORE}")
                return migrate(connection)
        except OUTAGES as error:
            raise CannotOpen(f"Cannot open the database {path}: {error}. {HOW_TO_RESTORE}") from error


def due_in_file(path: Path) -> list[Migration]:
    """What `migrate_file` would do; a server may run. Raises `CannotOpen`, `WrongDatabase`."""
    if not path.exists():
        return known("sqlite")
    try:
        with closing(open_reader(path)) as connection:
            return due(connection)
    except OUTAGES as error:
        raise CannotOpen(f"Cannot open the database {path}: {error}. {HOW_TO_RESTORE}") from error
