"""`plaudit backup DEST`"""

from pathlib import Path
from typing import Annotated

import typer

from plaudit.cli.options import Config, read, sqlite_file


def backup(destination: Annotated[Path, typer.Argument(metavar="DEST", help="The file to make.")],
           config: Config = None) -> None:
    """Copy the database into a new file, while the server runs.

    The copy is one moment's whole truth and is checked before it gets its name. An existing file is not overwritten.
    Back up the secrets in the data folder too, once: without guest_pepper all guests and visitors are strangers.

    Examples:

      plaudit backup /backups/votes-2026-11-22.db

      plaudit backup "/backups/votes-$(date +%F).db" --config /etc/plaudit.toml
    """
    from plaudit.store.backup import backup as copy

    inventory = copy(sqlite_file(read(config)), destination)
    print(f"{destination}: {inventory}")
