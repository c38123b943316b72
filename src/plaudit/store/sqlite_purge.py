"""What was deleted is removed from the files as well.

SQLite writes noughts over what it deletes (`secure_delete`), but whatever a page held before its rows were moved to
another one, and the words that no text has any more, stay where they are until something is written over them. Only a
file that is written anew has nothing in it but its rows.
"""

from pathlib import Path

import apsw

from plaudit.store import sqlite_file

BUSY_MILLISECONDS = 1000  # for those who still read what was there before; votes wait as well


def purge(connection: apsw.Connection, path: Path, bytes_max: int | None) -> bool:
    """Write the file anew and empty the log; outside of any transaction. False: it is larger than `bytes_max`, or
    somebody kept on reading."""
    if bytes_max is not None and path.stat().st_size > bytes_max:
        return False
    connection.execute("INSERT INTO search (search) VALUES ('optimize')")
    connection.execute("VACUUM")
    connection.set_busy_timeout(BUSY_MILLISECONDS)
    try:
        [[busy, _, _]] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.set_busy_timeout(sqlite_file.BUSY_MILLISECONDS)
    return not busy
