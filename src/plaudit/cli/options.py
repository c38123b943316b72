"""What several commands take, and how they read the settings."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from plaudit.cli import Misused
from plaudit.settings import Configuration, load

Config = Annotated[Path | None, typer.Option(
    help="The settings file; default: PLAUDIT_CONFIG, or plaudit.toml if it is there.", show_default=False)]
Host = Annotated[str | None, typer.Option(help="The address to listen on, as setting `host`.", show_default=False)]
Port = Annotated[int | None, typer.Option(help="The port to listen on, as setting `port`; 0 takes a free one.",
                                          show_default=False)]
Workers = Annotated[int | None, typer.Option(help="How many processes answer, as setting `workers`; PostgreSQL only.",
                                             show_default=False)]
ServerHost = Annotated[str | None, typer.Option(help="The server's --host, if it was given one.", show_default=False)]
ServerPort = Annotated[int | None, typer.Option(help="The server's --port, if it was given one.", show_default=False)]
Development = Annotated[bool | None, typer.Option(
    "--development", help="Serve a built-in token issuer, for trying things out; never in production.",
    show_default=False)]


def read(config: Path | None, **options: Any) -> Configuration:
    """The settings as file, environment and options give them. Raises `SettingsError`."""
    return load(config, os.environ, options)


def sqlite_file(configuration: Configuration) -> Path:
    """The database, for commands that know files only. Raises `Misused`."""
    if configuration.settings.on_postgres:
        raise Misused("PostgreSQL is backed up and restored with its own tools, pg_basebackup and a log archive, or "
                      "pg_dump --schema=plaudit: see docs/operations/votes.md")
    return configuration.settings.database_path
