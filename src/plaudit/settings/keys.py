"""Keys made while running, in `keys.toml` of the data folder: server keys as hashes, and publishable keys.

Keys that stand in `plaudit.toml` are the operator's and are never changed from here.
"""

import fcntl
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
from msgspec import Struct

from plaudit.model import Project, Scope, ServerKey
from plaudit.settings import private_files
from plaudit.settings.loading import SettingsError
from plaudit.settings.secrets import read_private

FILE_NAME = "keys.toml"
HEAD = "# Kept by `plaudit key new` and `plaudit key revoke`. Server keys are here as SHA-256 only.\n\n"


class KeyRecord(Struct, frozen=True, forbid_unknown_fields=True):
    project: str
    id: str
    sha256: str
    scopes: tuple[Scope, ...]
    created: str  # RFC 3339


class Keys(Struct, frozen=True, forbid_unknown_fields=True):
    server_keys: tuple[KeyRecord, ...] = ()
    publishable_keys: dict[str, str] = {}  # by project


def keys_file(data_path: Path) -> Path:
    return data_path / FILE_NAME


def read_keys(data_path: Path) -> Keys:
    """Raises `SettingsError`."""
    path = keys_file(data_path)
    if not path.exists():
        return Keys()
    try:
        return msgspec.convert(tomllib.loads(read_private(path)), Keys)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(f"{path}: cannot be understood ({error}); restore it from a backup, or remove it and make "
                            "new keys with `plaudit key new`") from error


def stamp(data_path: Path) -> tuple[int, int] | None:
    """Another one whenever the file is another one: every change replaces it. None without a file."""
    try:
        found = keys_file(data_path).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def add_key(data_path: Path, record: KeyRecord, publishable: str | None = None) -> None:
    """Store one more server key, and the project's publishable key if one is given. Raises `SettingsError`."""
    with _locked(data_path):
        keys = read_keys(data_path)
        if any(key.id == record.id for key in keys.server_keys):
            raise SettingsError(f'there is a key "{record.id}" already; choose another --id, or revoke it first')
        named = {record.project: publishable} if publishable else {}
        _write(data_path, Keys((*keys.server_keys, record), keys.publishable_keys | named))


def revoke_key(data_path: Path, key_id: str) -> bool:
    """Forget a server key; say whether it was there. Raises `SettingsError`."""
    with _locked(data_path):
        keys = read_keys(data_path)
        kept = tuple(key for key in keys.server_keys if key.id != key_id)
        if len(kept) < len(keys.server_keys):
            _write(data_path, Keys(kept, keys.publishable_keys))
        return len(kept) < len(keys.server_keys)


def with_keys(projects: tuple[Project, ...], keys: Keys) -> tuple[Project, ...]:
    """The projects with the keys that were made while running."""
    return tuple(
        replace(
            project,
            publishable_key=project.publishable_key or keys.publishable_keys.get(project.id),
            server_keys=(*project.server_keys, *_of(project, keys)),
        )
        for project in projects
    )


def _of(project: Project, keys: Keys) -> Iterator[ServerKey]:
    for key in keys.server_keys:
        if key.project == project.id:
            yield ServerKey(key.id, key.sha256, frozenset(key.scopes))


def _write(data_path: Path, keys: Keys) -> None:
    import tomlkit  # noqa: PLC0415 -- only the commands that change keys need it

    private_files.replace(keys_file(data_path), HEAD + tomlkit.dumps(msgspec.to_builtins(keys)))


@contextmanager
def _locked(data_path: Path) -> Iterator[None]:
    """One at a time changes the file. Raises `SettingsError` when the folder cannot be written."""
    try:
        private_files.make_folder(data_path)
        with (data_path / ".keys.lock").open("w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise SettingsError(f"{data_path}: cannot be written ({error.strerror})") from error
