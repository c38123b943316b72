"""`plaudit mcp`"""

from __future__ import annotations

from typing import Annotated

import typer

from plaudit.cli import Misused

KEY = "PLAUDIT_KEY"


def mcp(url: Annotated[str, typer.Option(envvar="PLAUDIT_URL", help="Where the server is.")] = "http://127.0.0.1:8000",
        ) -> None:
    """Let a language model ask for numbers and for the worst answers.

    Speaks the Model Context Protocol on standard input and output, as assistants start it; its tools only read. The
    server key is read from the environment, in PLAUDIT_KEY: make one that may do nothing else with
    `plaudit key new --scope feedback:read`.

    Examples:

      PLAUDIT_KEY=sk_… plaudit mcp

      PLAUDIT_KEY=sk_… plaudit mcp --url https://votes.example.com
    """
    import os
    from importlib import metadata

    key = os.environ.get(KEY)
    if not key:
        raise Misused(f"{KEY} is not set: `plaudit key new --scope feedback:read` makes a key for it")
    try:
        from plaudit.mcp import Tools, server
    except ModuleNotFoundError as missing:
        raise Misused("this needs the extra `mcp`: pip install 'plaudit[mcp]'") from missing
    server(Tools(url, key), metadata.version("plaudit")).run("stdio")
