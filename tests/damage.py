"""What a failing disk does to a database that nobody has open."""

from contextlib import closing
from pathlib import Path

import apsw


def wreck(path: Path) -> None:
    """Overwrite every page but those with the schema, so that the file still opens as a database of ours."""
    with closing(apsw.Connection(str(path))) as connection:
        page_bytes = connection.pragma("page_size")
        pages = connection.execute("SELECT pageno FROM dbstat WHERE name != 'sqlite_schema'").fetchall()
    with path.open("r+b") as file:
        for page, in pages:
            file.seek((page - 1) * page_bytes)
            file.write(b"\xff" * page_bytes)
