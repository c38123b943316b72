"""The servers that tests start for themselves leave nothing behind, whatever happens to them or to the test run."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from loopback import children, is_running, wait_until

TESTS = Path(__file__).parents[1]

# A test run that is killed: it starts both servers, tells their processes, and waits.
RUN = """
import json, sys
sys.path.insert(0, sys.argv[1])
from loopback import children
from postgres_server import PostgresServer
from valkey_server import ValkeyServer
postgres, valkey = PostgresServer.create(), ValkeyServer()
valkey.start()
pids = [postgres.process.pid, *children(postgres.process.pid), valkey.process.pid]
print(json.dumps(pids), flush=True)
sys.stdin.read()
"""




def test_a_database_is_there_and_empty(postgres_url, postgres):
    """Each test has its own, in UTF-8, and what is committed there is on stable storage."""
    database = postgres_url.rpartition("/")[2]
    assert postgres.sql("SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', 'plaudit')",
                        database=database) == "0"
    assert postgres.sql("SHOW server_encoding", "SHOW fsync", "SHOW synchronous_commit") == "UTF8\non\non"


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_was_committed_is_there_after_it_ended(postgres_server, end):
    server = postgres_server()
    server.sql("CREATE TABLE kept (id integer)", "INSERT INTO kept VALUES (1)")
    processes = [server.process.pid, *children(server.process.pid)]
    getattr(server, end)()
    assert not any(map(is_running, processes))
    server.start()
    assert server.sql("SELECT id FROM kept") == "1"


def test_a_standby_follows_and_is_promoted(postgres_server):
    """A commit on the primary that waited for it is there when the primary is gone."""
    primary = postgres_server()
    standby = postgres_server(standby_of=primary, name="b")
    primary.alter(synchronous_standby_names="b", synchronous_commit="remote_apply")
    primary.sql("CREATE TABLE kept (id integer)")
    primary.kill()
    standby.promote()
    standby.sql("INSERT INTO kept VALUES (1)")
    assert standby.sql("SELECT id FROM kept") == "1"


def test_nothing_is_left_of_a_killed_server(postgres_server):
    """No process, no file, no shared memory."""
    server = postgres_server()
    identifier = server._told()[6].split()[1]
    server.kill()
    server.remove()
    assert not server.folder.exists()
    assert identifier not in [line.split()[1] for line in Path("/proc/sysvipc/shm").read_text().splitlines()]


@pytest.fixture
def open_folder():
    """Where PostgreSQL may write, whoever runs it."""
    folder = tempfile.mkdtemp(prefix="plaudit-servers-")
    Path(folder).chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_no_server_survives_a_test_run_that_is_killed(open_folder):
    """`kill -9` of the run ends them all."""
    run = subprocess.Popen([sys.executable, "-c", RUN, str(TESTS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                           env={**os.environ, "TMPDIR": open_folder})
    pids = json.loads(run.stdout.readline())
    assert len(pids) > 3
    assert all(map(is_running, pids))
    run.send_signal(signal.SIGKILL)
    run.communicate()
    wait_until(lambda: not any(map(is_running, pids)))


def test_valkey_keeps_nothing_from_test_to_test(valkey):
    assert valkey._ask(b"SET key value\r\n") == b"+OK\r\n"
    valkey.empty()
    assert valkey._ask(b"GET key\r\n") == b"$-1\r\n"


def test_valkey_is_paused_and_killed(valkey_server):
    server = valkey_server()
    server.pause()
    server.go_on()
    assert server._ask(b"PING\r\n") == b"+PONG\r\n"
    server.kill()
    assert not server.running
    server.start()
    assert server._ask(b"PING\r\n") == b"+PONG\r\n"
