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

from plaudit.model import Project, ReceiptAlgorithm, ReceiptKey, Scope, ServerKey
from plaudit.settings import private_files
from plaudit.settings.loading import SettingsError
from plaudit.settings.receipt_keys import key_bytes
from plaudit.settings.secrets import read_private

FILE_NAME = "keys.toml"
HEAD = ("# Kept by `plaudit key new` and `plaudit key revoke`. Server keys are here as SHA-256 only, receipt keys as\n"
        "# what receipts are checked with.\n\n")


class KeyRecord(Struct, frozen=True, forbid_unknown_fields=True):
    project: str
    id: str
    sha256: str
    scopes: tuple[Scope, ...]
    created: str  # RFC 3339


class ReceiptKeyRecord(Struct, frozen=True, forbid_unknown_fields=True):
    project: str
    id: str
    algorithm: ReceiptAlgorithm
    key: str  # base64url without padding: Ed25519's public key, or for HS256 the secret itself
    created: str  # RFC 3339


class Keys(Struct, frozen=True, forbid_unknown_fields=True):
    server_keys: tuple[KeyRecord, ...] = ()
    publishable_keys: dict[str, str] = {}  # by project
    receipt_keys: tuple[ReceiptKeyRecord, ...] = ()

    @property
    def ids(self) -> list[str]:
        """Of both kinds: no two keys have the same."""
        return [*(key.id for key in self.server_keys), *(key.id for key in self.receipt_keys)]


def keys_file(data_path: Path) -> Path:
    return data_path / FILE_NAME


def read_keys(data_path: Path) -> Keys:
    """Raises `SettingsError`."""
    path = keys_file(data_path)
    if not path.exists():
        return Keys()
    try:
        keys = msgspec.convert(tomllib.loads(read_private(path)), Keys)
        for record in keys.receipt_keys:
            key_bytes(record.key)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, ValueError) as error:
        raise SettingsError(f"{path}: cannot be understood ({error}); restore it from a backup, or remove it and make "
                            "new keys with `plaudit key new`") from error
    return keys


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
        _refuse_taken(keys, record.id)
        named = {record.project: publishable} if publishable else {}
        _write(data_path, msgspec.structs.replace(
            keys, server_keys=(*keys.server_keys, record), publishable_keys=keys.publishable_keys | named))


def add_receipt_key(data_path: Path, record: ReceiptKeyRecord) -> None:
    """Believe one more key's receipts. Raises `SettingsError`."""
    with _locked(data_path):
        keys = read_keys(data_path)
        _refuse_taken(keys, record.id)
        _write(data_path, msgspec.structs.replace(keys, receipt_keys=(*keys.receipt_keys, record)))


def revoke_key(data_path: Path, key_id: str) -> bool:
    """Forget a key; say whether it was there. Raises `SettingsError`."""
    with _locked(data_path):
        keys = read_keys(data_path)
        kept = msgspec.structs.replace(
            keys, server_keys=tuple(key for key in keys.server_keys if key.id != key_id),
            receipt_keys=tuple(key for key in keys.receipt_keys if key.id != key_id))
        if kept != keys:
            _write(data_path, kept)
        return kept != keys


def _refuse_taken(keys: Keys, key_id: str) -> None:
    if key_id in keys.ids:
        raise SettingsError(f'there is a key "{key_id}" already; choose another --id, or revoke it first')


def with_keys(projects: tuple[Project, ...], keys: Keys) -> tuple[Project, ...]:
    """The projects with the keys that were made while running."""
    return tuple(
        replace(
            project,
            publishable_key=project.publishable_key or keys.publishable_keys.get(project.id),
            server_keys=(*project.server_keys, *_of(project, keys)),
            receipt_keys=(*project.receipt_keys, *_receipt_keys(project, keys)),
        )
        for project in projects
    )


def _of(project: Project, keys: Keys) -> Iterator[ServerKey]:
    for key in keys.server_keys:
        if key.project == project.id:
            yield ServerKey(key.id, key.sha256, frozenset(key.scopes))


def _receipt_keys(project: Project, keys: Keys) -> Iterator[ReceiptKey]:
    for key in keys.receipt_keys:
        if key.project == project.id:
            yield receipt_key_of(key)


def receipt_key_of(record: ReceiptKeyRecord) -> ReceiptKey:
    """Raises `ValueError`, unless `read_keys` or `plaudit key new` made it."""
    return ReceiptKey(record.id, record.algorithm, key_bytes(record.key))


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
