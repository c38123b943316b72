"""Why PostgreSQL could not be used, in words for who has to put it right, and what to do about it."""

import os
import socket
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import asyncpg

from plaudit.store.failures import CannotOpen
from plaudit.store.postgres_server import without_password

OTHERS = stat.S_IRWXG | stat.S_IRWXO
TLS_FILES = {"sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY", "sslcrl": "PGSSLCRL"}
# The driver tells how it noticed, not what has happened.
LOST = (asyncpg.InterfaceError, asyncpg.InternalClientError, asyncpg.PostgresConnectionError, ConnectionError,
        asyncpg.AdminShutdownError, asyncpg.CrashShutdownError)
TLS = "Check sslmode and sslrootcert in the address, and the server's certificate"
ADVICE = (
    (asyncpg.InsufficientPrivilegeError, ("Run `plaudit migrate` as the role that owns the tables (see rights in "
                                         "docs/operations/postgresql.md)")),
    (asyncpg.InvalidAuthorizationSpecificationError, "Check the role in the address, and the server's pg_hba.conf"),
    (asyncpg.InvalidCatalogNameError, "Make that database, or put the address right"),
    (asyncpg.TargetServerAttributeNotMatched, "Start the primary, or name it in the address"),
    (asyncpg.TooManyConnectionsError, "Raise max_connections, or lower workers or database_connections"),
    (ssl.SSLError, TLS),
    (OSError, "Check host and port in the address, and that the server runs"),
)
OTHERWISE = "Check the address, and the server's log"


def cannot_open(url: str, error: BaseException) -> CannotOpen:
    """What an operator is told, without the password."""
    return CannotOpen(f"Cannot open the database {explained(url, error)}")


def explained(url: str, error: BaseException) -> str:
    return f"{without_password(url)}: {reason(url, error)}. {advice(url, error)}."


def reason(url: str, error: BaseException) -> str:
    """One line; the server's own sentence where it has one, which names the role but not the password."""
    match error:
        case TimeoutError():
            said = "no answer in time"
        case asyncpg.TargetServerAttributeNotMatched():
            said = "no host takes writes"
        case socket.gaierror():
            said = "the host is not known"
        case ConnectionRefusedError():
            said = "connection refused"
        case ssl.SSLError():
            said = _line(error)
        case OSError():
            said = " and ".join(_unreadable(url)) or error.strerror or _line(error)
        case _:
            said = _line(error)
    return said


def lost(url: str, error: BaseException) -> str:
    """As `reason`, of a connection that was in use."""
    return "the connection to the server was lost" if isinstance(error, LOST) else reason(url, error)


def advice(url: str, error: BaseException) -> str:
    """What to do, as a sentence without its full stop."""
    match error:
        case asyncpg.InvalidPasswordError():
            return _about_password(url)
        case OSError() if any(_unreadable(url)):
            return "Check the name, and that this user may read it"
        case ConnectionError() if "SSL" in str(error):
            return TLS
    return next((what for kind, what in ADVICE if isinstance(error, kind)), OTHERWISE)


def _about_password(url: str) -> str:
    path = password_file(url)
    if path.is_file() and path.stat().st_mode & OTHERS:
        return f"The password file {path} is not used, because others can read it; run: chmod 600 {path}"
    return (f"Check the line for this host, port, database and role in the password file that PGPASSFILE names (here: "
            f"{path}{'' if path.exists() else ', which is not there'})")


def password_file(url: str) -> Path:
    """The one that the driver looks into."""
    named = dict(parse_qsl(urlsplit(url).query)).get("passfile") or os.environ.get("PGPASSFILE")
    return Path(named) if named else Path("~/.pgpass").expanduser()


def _unreadable(url: str) -> Iterator[str]:
    query = dict(parse_qsl(urlsplit(url).query))
    for name, variable in TLS_FILES.items():
        path = query.get(name) or os.environ.get(variable)
        if path and not os.access(path, os.R_OK):
            yield f"{name}={path} cannot be read"


def _line(error: BaseException) -> str:
    """The lines below the first may show a row."""
    return str(error).partition("\n")[0].rstrip(".") or type(error).__name__
