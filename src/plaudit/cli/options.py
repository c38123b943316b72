"""What several commands take, and how they read the settings."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from plaudit.settings import Configuration, load

Config = Annotated[Path | None, typer.Option(
    help="The settings file; default: PLAUDIT_CONFIG, or plaudit.toml if it is there.", show_default=False)]
Host = Annotated[str | None, typer.Option(help="The address to listen on, as setting `host`.", show_default=False)]
Port = Annotated[int | None, typer.Option(help="The port to listen on, as setting `port`; 0 takes a free one.",
                                          show_default=False)]
ServerHost = Annotated[str | None, typer.Option(help="The server's --host, if it was given one.", show_default=False)]
ServerPort = Annotated[int | None, typer.Option(help="The server's --port, if it was given one.", show_default=False)]
Development = Annotated[bool | None, typer.Option(
    "--development", help="Serve a built-in token issuer, for trying things out; never in production.",
    show_default=False)]


def read(config: Path | None, **options: Any) -> Configuration:
    """The settings as file, environment and options give them. Raises `SettingsError`."""
    return load(config, os.environ, options)
