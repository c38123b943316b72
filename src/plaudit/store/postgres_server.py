"""PostgreSQL as seen from here: how it is reached and what is asked of it. What its driver raises becomes ours here."""

import asyncio
import math
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import asyncpg
import structlog

from plaudit.errors import Unavailable
from plaudit.store.failures import CannotOpen

CONNECT_SECONDS = 1.5  # a host that says nothing must leave time for the next one
STATEMENT_MILLISECONDS = 6000  # for what a caller who gave up after five seconds has left running
SCHEMA = "plaudit"  # the database may be shared with the application
SESSION = {  # whatever the server, the database or the role has for it
    "application_name": "plaudit", "search_path": SCHEMA, "timezone": "UTC", "jit": "off",
    "statement_timeout": str(STATEMENT_MILLISECONDS),
    "idle_in_transaction_session_timeout": str(STATEMENT_MILLISECONDS),
    "lock_timeout": "0",
    "client_min_messages": "warning",  # in a warning stands that a commit did not wait for the standby
    "default_transaction_isolation": "read committed",  # for this, the statements were written
    "standard_conforming_strings": "on",
}
CHOOSE_ATTRIBUTES = "read-write"  # of several hosts, the one that takes writes

# What happens to a database rather than in our code. Everything else that the driver raises is a bug and stays one.
OUTAGES = (
    OSError,  # with it TimeoutError and ConnectionError
    asyncpg.InterfaceError,  # the connection went away under the statement
    asyncpg.InternalClientError,  # no host takes writes now, or the server has just said on it that it stops
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,  # too many connections, no memory, disk full
    asyncpg.OperatorInterventionError,  # stopped, starting, or cancelled
    asyncpg.PostgresSystemError,
    asyncpg.InternalServerError,
    asyncpg.ReadOnlySQLTransactionError,  # the primary has become a standby
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidCachedStatementError,  # a migration has changed what a prepared statement gives
    asyncpg.TransactionRollbackError,  # deadlock and serialization failures, after the last attempt
    asyncpg.InvalidAuthorizationSpecificationError,
)

REFUSED_SETTINGS = """
SELECT name || ' = ' || setting FROM pg_settings
WHERE (name, setting) IN (('fsync', 'off'), ('full_page_writes', 'off'))
   OR (name = 'server_encoding' AND setting <> 'UTF8')"""

ENCODE = "A database keeps its encoding: make a new one with ENCODING 'UTF8', as docs/operations/postgresql.md shows"

# A commit must mean "on stable storage", also the standby's, whatever the server's default is; what is stronger stays.
# It is set always, so that a default that is changed later changes nothing here.
AT_LEAST_DURABLE = """
SELECT set_config('synchronous_commit', CASE level WHEN 'remote_apply' THEN level ELSE 'on' END, false)
FROM current_setting('synchronous_commit') AS level"""

# A commit that waits for a standby is ended neither by a timeout of the server's nor by its caller's leaving. While the
# standby is away, those that were given up would take all of the server's connections, its operator's included.
END_GIVEN_UP = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE wait_event = 'SyncRep' AND usename = current_user AND application_name = current_setting('application_name')
  AND state_change < now() - current_setting('statement_timeout')::interval"""

log = structlog.get_logger("plaudit.store")

# The driver's words for a password file that it does not use; `postgres_advice` has ours, when the server refuses.
warnings.filterwarnings("ignore", "password file", UserWarning, "asyncpg")


@dataclass(slots=True)
class Servers:
    """The hosts of a `postgresql://` address and which of them was the primary when last seen."""

    url: str = field(repr=False)
    hosts: list[tuple[str | None, int | None]] = field(init=False)
    _doubted_at_seconds: float = field(init=False, default=-math.inf)

    def __post_init__(self) -> None:
        self.hosts = hosts(self.url)

    async def connect(self, session: Mapping[str, str] | None = None, **options: Any) -> asyncpg.Connection:
        """A connection to the first host that takes writes, the one that took them last asked first.

        `session`: further settings of PostgreSQL's for it. Raises one of `OUTAGES`, and `CannotOpen` for a server on
        which a commit does not mean "stored".
        """
        failure: BaseException = CannotOpen("database_url names no host")
        asked = self.hosts  # others may connect meanwhile, and find the primary too
        for place, (host, port) in enumerate(asked):
            try:
                connection = await self._connect_to(host, port, session or {}, **options)
            except OUTAGES as error:
                failure = error
                continue
            if self.hosts[0] != (host, port):
                self.hosts = [*asked[place:], *asked[:place]]
                log.warning("database primary changed", host=host, port=port)
            return connection
        raise failure

    def doubt(self) -> None:
        """A host that let a transaction wait too long is asked last: without knowing it, it may be the primary no more.

        It still says that it takes writes while it waits for a standby that has followed another. A standby says in
        milliseconds that it takes none, so a primary that is only slow loses nothing.
        """
        now_seconds = time.monotonic()
        if now_seconds - self._doubted_at_seconds > CONNECT_SECONDS * len(self.hosts):  # once, however many waited
            self._doubted_at_seconds = now_seconds
            self.hosts = [*self.hosts[1:], self.hosts[0]]

    async def _connect_to(self, host: str | None, port: int | None, session: Mapping[str, str], **options: Any
                          ) -> asyncpg.Connection:
        async with asyncio.timeout(CONNECT_SECONDS):
            connection = await asyncpg.connect(
                self.url, host=host, port=port, target_session_attrs=_attributes(self.url),
                server_settings={**SESSION, **session}, **options)
            try:
                await _check(connection)
            except BaseException:
                connection.terminate()
                raise
        return connection


async def _check(connection: asyncpg.Connection) -> None:
    if found := await connection.fetch(REFUSED_SETTINGS):
        raise CannotOpen(_refusal([row[0] for row in found]))
    await connection.execute(AT_LEAST_DURABLE)
    await connection.execute(END_GIVEN_UP)


def _refusal(settings: list[str]) -> str:
    remedy = ENCODE if all(setting.startswith("server_encoding") for setting in settings) else (
        "Change the server's setting, or use another server")
    return (f"This PostgreSQL database has {', '.join(settings)}: with that, votes that were answered could be lost or "
            f"garbled. {remedy}.")


def hosts(url: str) -> list[tuple[str | None, int | None]]:
    """(host, port) each; a part that the address leaves out is None, and libpq's defaults hold for it."""
    places = urlsplit(url).netloc.rpartition("@")[2]
    found = [_host(place) for place in places.split(",")] if places else [(None, None)]
    return [(host or None, int(port) if port else None) for host, port in found]


def _host(place: str) -> tuple[str, str]:
    host, _, port = place.rpartition(":") if not place.endswith("]") and ":" in place else (place, "", "")
    return host.strip("[]"), port


def _attributes(url: str) -> str:
    return parse_qs(urlsplit(url).query).get("target_session_attrs", [CHOOSE_ATTRIBUTES])[0]


def without_password(url: str) -> str:
    """The address as it may be shown and logged; little of one that a password's own / or # has cut in two."""
    parts = urlsplit(url)
    if "@" in parts.path + parts.fragment:
        return f"{parts.scheme}://"
    user, at, places = parts.netloc.rpartition("@")
    rest = [(name, value) for name, value in parse_qsl(parts.query) if "password" not in name.lower()]
    shown = urlencode(rest, safe="/:,")
    return parts._replace(netloc=f"{user.partition(':')[0]}{at}{places}", query=shown).geturl()


def unavailable(error: BaseException) -> Unavailable:
    """What the caller is told: nothing of the database's own words, which may hold what was sent to it."""
    if isinstance(error, Unavailable):
        return error
    if isinstance(error, TimeoutError):
        return Unavailable("The database did not answer in time")
    return Unavailable("The database cannot be used now")


def without_data(bug: asyncpg.PostgresError) -> RuntimeError:
    """A bug as it may be logged: the server's DETAIL shows a whole row, the driver's words the value it was given."""
    words = bug.message or "a value that cannot be sent"  # the driver's own errors have no message from the server
    return RuntimeError(f"{type(bug).__name__}: {words}")
