"""A file that gets its name when it is whole. Until then it grows beside that, with a note of how far it is, from which
an export that was interrupted goes on."""

import json
import os
import time
from pathlib import Path
from typing import Any

from plaudit.cli import Failed, Misused
from plaudit.exports.exporting import Cursor, cursor_of

NOTE_SECONDS = 1.0  # between two notes


class Growing:
    """`asked` is what the export is of: what goes on must be the same."""

    def __init__(self, path: Path, asked: dict[str, Any]) -> None:
        self.path = path.with_name(f"{path.name}.part")
        self._note = path.with_name(f"{path.name}.part.json")
        self._final = path
        self._asked = asked
        self._noted_at = 0.0

    def begin(self, *, resume: bool) -> Cursor | None:
        """Where to go on; None: from the beginning. Raises `Misused` when it was begun with other options."""
        noted = self._noted() if resume else None
        self._file = self.path.open("r+b" if noted else "wb")
        if noted:
            self._file.truncate(noted["bytes"])
            self._file.seek(noted["bytes"])
        return cursor_of(noted["cursor"]) if noted else None

    def write(self, data: bytes, cursor: Cursor | None) -> None:
        """`cursor` goes on after it."""
        self._file.write(data)
        if cursor and time.monotonic() - self._noted_at >= NOTE_SECONDS:
            self.note(cursor)

    def note(self, cursor: Cursor) -> None:
        """On the disk in this order, so that a note never tells of more than there is."""
        self._file.flush()
        os.fsync(self._file.fileno())
        fresh = self._note.with_name(f"{self._note.name}.new")
        fresh.write_text(json.dumps({"cursor": str(cursor), "bytes": self._file.tell(), "asked": self._asked}), "utf-8")
        fresh.replace(self._note)
        self._noted_at = time.monotonic()

    def close(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def finish(self) -> None:
        """It gets its name."""
        self.path.replace(self._final)
        self.forget()

    def forget(self) -> None:
        """Nothing is left to go on with."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def _noted(self) -> dict[str, Any] | None:
        try:
            noted: dict[str, Any] = json.loads(self._note.read_text("utf-8"))
            size = self.path.stat().st_size
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise Failed(f"{self._note} cannot be read; remove it, or export without --resume") from error
        if noted["asked"] != self._asked:
            raise Misused(f"{self.path} was begun with other options; give the same ones, or leave out --resume, which "
                          "begins anew")
        return noted if size >= noted["bytes"] else None
