"""What must not be known: made at the first start, kept in the data folder, never in a setting, a log or a message."""

import secrets
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from plaudit.settings import private_files
from plaudit.settings.loading import SettingsError

FILE_NAME = "secrets.toml"
DEVELOPMENT_KEY_NAME = "development-key.pem"
NAMES = ("session_secret", "guest_pepper")
LENGTH_MIN = 32  # characters: 128 bits at least, when they are hexadecimal digits

HEAD = """\
# Plaudit's secrets. Whoever has them can speak for every visitor and guest: keep the file private and back it up.
# Another session_secret ends all sessions. Another guest_pepper makes strangers of all guests and visitors.
"""


@dataclass(frozen=True, slots=True)
class Secrets:
    session_secret: bytes = field(repr=False)  # signs the session tokens of visitors
    guest_pepper: bytes = field(repr=False)  # turns device and user ids of guests into names


def secrets_file(data_path: Path) -> Path:
    return data_path / FILE_NAME


def open_secrets(data_path: Path, environ: Mapping[str, str]) -> tuple[Secrets, bool]:
    """The secrets, and whether they have just been made. The environment wins over the file.

    Raises `SettingsError` when one is empty, too short or readable by others.
    """
    given: dict[str, object] = {
        name: environ[f"PLAUDIT_{name.upper()}"] for name in NAMES if f"PLAUDIT_{name.upper()}" in environ
    }
    created = False
    if len(given) < len(NAMES):
        created = create_secrets(data_path)
        given = _read(secrets_file(data_path)) | given
    return Secrets(**{name: _checked(name, given, data_path) for name in NAMES}), created


def create_secrets(data_path: Path) -> bool:
    """Make the file unless it is there. Raises `SettingsError`."""
    lines = [f'{name} = "{secrets.token_hex(32)}"\n' for name in NAMES]
    try:
        private_files.make_folder(data_path)
        return not secrets_file(data_path).exists() and private_files.create(secrets_file(data_path),
                                                                            HEAD + "".join(lines))
    except OSError as error:
        raise SettingsError(f"{data_path}: cannot be written ({error.strerror}); choose another data_dir, or make it "
                            "writable for the user that runs Plaudit") from error


def development_key(data_path: Path, generate: Callable[[], str]) -> str:
    """The private key, PEM, of the issuer that development mode has. Raises `SettingsError`."""
    path = data_path / DEVELOPMENT_KEY_NAME
    try:
        private_files.make_folder(data_path)
        if not path.exists():
            private_files.create(path, generate())
    except OSError as error:
        raise SettingsError(f"{path}: cannot be written ({error.strerror})") from error
    return read_private(path)


def client_secret(path: Path) -> str:
    """What a file holds, for an identity provider. Raises `SettingsError`."""
    secret = read_private(path).strip()
    if not secret:
        raise SettingsError(f"{path}: is empty; put the client's secret there, or remove client_secret_file")
    return secret


def read_private(path: Path) -> str:
    """Raises `SettingsError`."""
    try:
        return private_files.read(path)
    except private_files.NotPrivate as error:
        raise SettingsError(str(error)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read ({error}); run Plaudit as the user that owns it") from error


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(read_private(path))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: is not valid TOML ({error}); restore it from a backup") from error


def _checked(name: str, given: Mapping[str, object], data_path: Path) -> bytes:
    value, place = given.get(name), f"{secrets_file(data_path)} (or PLAUDIT_{name.upper()})"
    if not value or not isinstance(value, str):
        raise SettingsError(f"{place}: {name} is empty; put {LENGTH_MIN} random characters there, such as from "
                            "`openssl rand -hex 32`")
    if len(value) < LENGTH_MIN:
        raise SettingsError(f"{place}: {name} is shorter than {LENGTH_MIN} characters; take `openssl rand -hex 32`")
    return value.encode()
