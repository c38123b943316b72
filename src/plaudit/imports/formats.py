"""Which formats there are: how a file of each is taken apart, and what a line of it tells."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from plaudit.imports import dify, langfuse, open_webui, plaudit
from plaudit.imports.files import Record, csv_rows, json_items, json_lines
from plaudit.imports.format import Format
from plaudit.imports.importing import Understand

CSV = ".csv"
LINES = frozenset((".jsonl", ".ndjson"))


@dataclass(frozen=True, slots=True)
class Reader:
    """`lists`: the names under which an object holds the list of what is read."""

    understand: Understand
    lists: Collection[str] = ()
    has_csv: bool = False
    only_lines: bool = False

    def records(self, file: BinaryIO, path: Path) -> Iterator[Record]:
        """By the ending of the file's name. Raises `Unreadable`."""
        if self._has_json_lines(path):
            return json_lines(file)
        return csv_rows(file) if self._is_csv(path) else json_items(file, self.lists)

    def place(self, path: Path) -> str:
        """What the file is counted in."""
        return "line" if self._has_json_lines(path) or self._is_csv(path) else "item"

    def _has_json_lines(self, path: Path) -> bool:
        return self.only_lines or path.suffix.lower() in LINES

    def _is_csv(self, path: Path) -> bool:
        return self.has_csv and path.suffix.lower() == CSV


READERS = {
    Format.PLAUDIT: Reader(plaudit.understood, only_lines=True),
    Format.DIFY: Reader(dify.understood, dify.LISTS, has_csv=True),
    Format.OPEN_WEBUI: Reader(open_webui.understood, open_webui.LISTS),
    Format.LANGFUSE: Reader(langfuse.understood, langfuse.LISTS, has_csv=True),
}
