"""`plaudit restore SOURCE`"""

from pathlib import Path
from typing import Annotated

import typer

from plaudit.cli import Failed
from plaudit.cli.options import Config, read, sqlite_file


def restore(source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A file made by `plaudit backup`.")],
            config: Config = None,
            verify: Annotated[bool, typer.Option(
                "--verify", help="Read the restored database once more, in its place, and compare.")] = False,
            dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check the backup; change nothing.")] = False,
            ) -> None:
    """Put a backup in the place of the database.

    The backup is read whole and checked first: integrity, schema, counts. The server must be stopped. The old
    database is kept beside the new one, and its name is printed.

    Examples:

      plaudit restore --dry-run /backups/votes-2026-11-22.db

      plaudit restore --verify /backups/votes-2026-11-22.db
    """
    from plaudit.store import backup

    if dry_run:
        print(f"{source}: good; {backup.inspect(source)}")
        return
    path = sqlite_file(read(config))
    inventory, aside = backup.restore(source, path)
    print(f"{path}: {inventory}")
    if verify and backup.inspect(path) != inventory:
        raise Failed(f"{path}: is not what was restored; is the disk in order? The old database is {aside}")
    if aside:
        print(f"The old database is now {aside}")
