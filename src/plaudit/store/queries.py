"""The statements of queries.sql, by name."""

import re
from functools import cache
from importlib.resources import files

NAME = re.compile(r"^-- (\w+) --$", re.MULTILINE)


@cache
def queries() -> dict[str, str]:
    """Name -> SQL, without its comments, so that a statement cache sees the same short text each time."""
    _, *parts = NAME.split(files(__package__).joinpath("queries.sql").read_text("utf-8"))
    return {name: _bare(text) for name, text in zip(parts[::2], parts[1::2], strict=True)}


def _bare(text: str) -> str:
    return "\n".join(line for line in text.strip().splitlines() if not line.startswith("--"))
