"""The command line where the votes are in PostgreSQL: what `plaudit doctor` finds, and what is only for files."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import plaudit, started
from loopback import free_port, wait_until
from postgres_server import PASSWORD, PostgresServer

from plaudit import rules
from plaudit.store.postgres import PostgresStore

REFUSAL = "PostgreSQL is backed up and restored with its own tools, pg_basebackup and a log archive, or pg_dump"


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def database(postgres_url, monkeypatch):
    """The setting that names an empty database."""
    monkeypatch.setenv("PLAUDIT_DATABASE_URL", postgres_url)
    return postgres_url


def start_once(url: str) -> None:
    async def open_and_close() -> None:
        store = await PostgresStore.open(url, rules.decide, now=lambda: 1)
        await store.close()

    asyncio.run(open_and_close())


def place(server) -> str:
    return f"127.0.0.1:{server.port}"


def test_a_sound_server_is_called_sound(database, postgres, capsys):
    start_once(database)
    said = plaudit(capsys, "doctor")
    assert (said.code, said.err, "✘" in said.out) == (0, "", False)
    assert f"✔ PostgreSQL {place(postgres)}: version 18." in said.out
    assert "✔ Clock: " in said.out
    assert "✔ Connections: 22 of 97 at the most" in said.out
    assert "✔ Standbys: 0, and commits wait for none: if this machine is lost" in said.out
    assert "✔ Tables: up to date\n" in said.out


def test_before_the_first_start_nothing_is_made(postgres, database, capsys):
    said = plaudit(capsys, "doctor")
    assert (said.code, "✔ Tables: the next start, or `plaudit migrate`, will do 1 (votes)" in said.out) == (0, True)
    assert postgres.sql("SELECT to_regnamespace('plaudit') IS NULL", database=database.rpartition("/")[2]) == "t"


def test_more_connections_than_there_are_is_wrong(database, monkeypatch, capsys):
    """Counted over all workers, and twice, for servers that are restarted one after the other."""
    start_once(database)
    monkeypatch.setenv("PLAUDIT_WORKERS", "5")
    said = plaudit(capsys, "doctor")
    assert (said.code, said.out.count("✘")) == (1, 1)
    assert "✘ Connections: 110 of 97 at the most, for 5 workers with 10 + 1 each, twice while they are restarted; " in (
        said.out)


def test_hosts_are_examined_one_by_one(postgres_server, monkeypatch, capsys):
    """One is a standby, one is not there, and the standby that commits wait for has another name."""
    primary, nobody = postgres_server(), free_port()
    start_once(primary.url())
    standby = postgres_server(standby_of=primary, name="b")
    primary.alter(synchronous_standby_names="other")
    hosts = f"{place(standby)},127.0.0.1:{nobody},{place(primary)}"
    monkeypatch.setenv("PLAUDIT_DATABASE_URL", f"postgresql://postgres:{PASSWORD}@{hosts}/postgres")
    said = plaudit(capsys, "doctor")
    assert (said.code, said.out.count("✘"), PASSWORD in said.out + said.err) == (1, 2, False)
    assert f"✔ PostgreSQL {place(standby)}: version 18." in said.out
    assert f"✘ PostgreSQL 127.0.0.1:{nobody}: cannot be used (" in said.out
    assert "✘ Standbys: 1, and commits wait for: other; none of those is there, so every vote gets 503" in said.out
    assert "the next failover may then lose some" in said.out
    primary.alter(synchronous_standby_names="b")
    assert "✔ Standbys: 1, and commits wait for: b; 1 there" in plaudit(capsys, "doctor").out
    primary.stop()
    assert "✘ Primary: no host takes writes" in plaudit(capsys, "doctor").out
    standby.promote()
    primary.start()
    both = plaudit(capsys, "doctor").out
    assert f"✘ Primary: {place(standby)} and {place(primary)} both take writes, so votes part ways" in both


def test_what_could_lose_an_answered_vote_is_wrong(postgres_server, monkeypatch, capsys):
    """So is a log that cannot be archived."""
    server = postgres_server(fsync="off", archive_mode="on", archive_command="false")
    monkeypatch.setenv("PLAUDIT_DATABASE_URL", server.url())
    server.sql("CREATE TABLE t (i int)", "SELECT pg_switch_wal()")
    said = wait_until(lambda: "Log archive" in (said := plaudit(capsys, "doctor")).out and said)
    assert said.code == 1
    assert "✘ Safety: fsync = off; with that, answered votes could be lost" in said.out
    assert "✘ Log archive: the last attempt failed" in said.out


@pytest.fixture(scope="module")
def asking():
    """A server that asks the role ann for her password, and has a database in which a comment may be garbled."""
    server = PostgresServer.create()
    hba = server.data / "pg_hba.conf"
    hba.write_text("host all ann 127.0.0.1/32 scram-sha-256\n" + hba.read_text(encoding="utf-8"), encoding="utf-8")
    server.sql("SELECT pg_reload_conf()", "CREATE ROLE ann LOGIN PASSWORD 'right'",
               "CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
    yield server
    server.remove()


LINE = "Check the line for this host, port, database and role in the password file that PGPASSFILE names (here: "
OPEN = "The password file pgpass is not used, because others can read it; run: chmod 600 pgpass"


@pytest.mark.filterwarnings("ignore:password file")  # pytest undoes what the program has set
@pytest.mark.parametrize(("address", "said"), [
    ("ann:wrong@{}/postgres", f'password authentication failed for user "ann". {LINE}pgpass)'),
    ("ann@{}/postgres", f'password authentication failed for user "ann". {OPEN}'),
    ("postgres@{}/nowhere", 'database "nowhere" does not exist. Make that database, or put the address right'),
    ("postgres@{}/postgres?sslmode=verify-full&sslrootcert=ca.pem", "sslrootcert=ca.pem cannot be read. Check"),
    ("postgres@127.0.0.1:1/postgres", "connection refused. Check host and port in the address"),
    ("postgres@{}/ascii", "server_encoding = SQL_ASCII"),
])
def test_each_fault_is_told_once_with_what_helps(asking, address, said, monkeypatch, capsys):
    """In a line by the server that does not start, without the driver's warnings; and `plaudit doctor` calls for no
    primary where no server could be asked."""
    url = f"postgresql://{address.format(place(asking))}"
    Path("pgpass").write_text("*:*:*:ann:right\n", encoding="utf-8")
    Path("pgpass").chmod(0o644 if said.endswith(OPEN) else 0o600)
    environ = {"PLAUDIT_DATABASE_URL": url, "PGPASSFILE": "pgpass"}
    refused = subprocess.run([sys.executable, "-m", "plaudit", "serve", "--port", "0"], check=False, text=True,
                             capture_output=True, env=os.environ | environ)
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)
    assert said in refused.stderr
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    examined = plaudit(capsys, "doctor")
    assert (examined.code, examined.out.count("✘")) == (1, 1)
    assert said.replace(". ", "). ", 1) in examined.out


def test_another_encoding_needs_another_database(asking, monkeypatch, capsys):
    """The server's setting would change nothing of it."""
    monkeypatch.setenv("PLAUDIT_DATABASE_URL", asking.url("ascii"))
    for command in ("migrate", "doctor"):
        said = plaudit(capsys, command)
        assert re.search("make a new (one|database) with ENCODING 'UTF8'", said.out + said.err)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("command", [["backup", "votes.db"], ["restore", "votes.db"]])
def test_commands_for_files_say_what_to_use_instead(command, capsys):
    said = plaudit(capsys, *command)
    assert (said.code, said.out, list(Path().iterdir())) == (2, "", [])
    assert said.err.startswith(f"plaudit: {REFUSAL}")
    assert "docs/operations/votes.md" in said.err


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_greeting_shows_no_password(workers, database, tmp_path, monkeypatch):
    """One process or several, it comes when all are there, and says what they share."""
    monkeypatch.setenv("PLAUDIT_LIMITS_URL", f"valkey://ann:{PASSWORD}@127.0.0.1:1/0")
    with started(tmp_path, "serve", "--port", "0", "--workers", workers) as (_, lines):
        shown = database.replace(f":{PASSWORD}@", "@")
        assert f"Database:        {shown}" in lines
        assert (f"Workers:         {workers}" in lines) == (workers != "1")
        assert "Shared limits:   valkey://ann@127.0.0.1:1/0" in lines
        assert len([line for line in lines if line.startswith("Plaudit serves")]) == 1
    assert PASSWORD not in "\n".join(lines) + (tmp_path / "log").read_text(encoding="utf-8")


@pytest.mark.parametrize(("url", "shown"), [
    ("postgresql://ann:secret@a,b:77/votes?sslmode=require", "postgresql://ann@a,b:77/votes?sslmode=require"),
    ("postgresql://a/votes?user=ann&password=secret&sslpassword=secret", "postgresql://a/votes?user=ann"),
])
def test_a_password_is_not_among_the_settings_that_are_shown(url, shown, monkeypatch, capsys):
    monkeypatch.setenv("PLAUDIT_DATABASE_URL", url)
    said = plaudit(capsys, "config", "show")
    assert f'database_url = "{shown}"\n' in said.out
    assert "secret" not in said.out


def test_several_workers_on_one_file_are_refused(capsys):
    """With the reason, and nothing is made."""
    said = plaudit(capsys, "serve", "--workers", "2", "--port", "0")
    assert (said.code, said.out, list(Path().iterdir())) == (2, "", [])
    assert said.err == (
        "plaudit: --workers: one SQLite file takes one server: with several writing processes, single votes waited 1.6 "
        "to 2.6 seconds. Set workers = 1, or database_url to a PostgreSQL server\n")
