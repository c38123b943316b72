"""Files that only the operator may read: made whole or not at all, and refused when others can read them."""

import os
import secrets
import stat
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600
OTHERS = 0o077


class NotPrivate(Exception):
    """Others can read a file that holds secrets. The message says what to do."""


def make_folder(folder: Path) -> None:
    """Make it with mode 0700 unless it is there. Raises `OSError`."""
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)


def create(path: Path, content: str) -> bool:
    """Put the content there, whole, unless there is a file already; say whether it was put. Raises `OSError`."""
    draft = _draft(path, content)
    try:
        os.link(draft, path)  # fails when the name is taken, which a rename would not
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    sync_folder(path.parent)
    return True


def replace(path: Path, content: str) -> None:
    """Put the content there, whole, whatever was there before. Raises `OSError`."""
    _draft(path, content).replace(path)
    sync_folder(path.parent)


def read(path: Path) -> str:
    """Raises `NotPrivate`, `OSError`."""
    with path.open(encoding="utf-8") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & OTHERS:
            raise NotPrivate(f"{path}: others can read it (mode {mode:04o}); run: chmod 600 {path}")
        return file.read()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _draft(path: Path, content: str) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft
