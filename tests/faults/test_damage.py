"""Damaged files, and the way back from a backup."""

import asyncio
import os
import shutil
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from answers import ask, flaw
from load import Load, settle, vote
from register import Register, violations
from serving import until

from plaudit.store.sqlite_file import PAGE_BYTES

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stopped(plaudit):
    """A server that was loaded and stopped: with its people and what they were told."""
    server, register = plaudit(), Register()
    await server.start()
    people = await settle(server)
    async with Load(server, people, register):
        await until(lambda: register.acknowledged >= 1000)
    assert await server.stop() == 0
    return server, people, register


@pytest.fixture
def backup(stopped, tmp_path):
    server, _, _ = stopped
    destination = tmp_path / "backup.db"
    made = server.run("backup", str(destination))
    assert made.returncode == 0, made.stderr
    return destination


def spoil(path, table):
    """Overwrite the middle of one of the table's leaf pages, as a failing disk does."""
    with closing(apsw.Connection(str(path))) as connection:
        pages = connection.execute(
            "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno", (table,)).fetchall()
    with path.open("r+b") as file:
        file.seek((pages[len(pages) // 2][0] - 1) * PAGE_BYTES)
        file.write(b"\xa5" * (PAGE_BYTES // 2))


@pytest.mark.parametrize("table", ["messages", "feedback", "history"])
async def test_a_damaged_page_stops_all_writing_until_a_backup_is_restored(stopped, backup, table):
    """The log says what to do, votes get 503, and doing what it says brings everything back."""
    server, people, register = stopped
    spoil(server.database, table)
    damaged = server.database.read_bytes()
    await server.start("/livez")
    assert await server.status("/readyz") == 503
    for person in people[:4]:
        refused = await ask_to_vote(server, person)
        assert (refused.status, flaw(person.contract, refused)) == (503, None)
    assert await server.stop() == 0
    assert server.database.read_bytes() == damaged
    told = [event for event in server.events if event["event"] == "database damaged"]
    assert "plaudit restore BACKUP --verify" in told[-1]["advice"]

    restored = server.run("restore", str(backup), "--verify")
    assert restored.returncode == 0, restored.stderr
    await server.start()
    assert [(await vote(server, person, person.message_ids[0], register)).status for person in people[:4]] == 4 * [200]
    assert await server.stop() == 0
    assert violations(register, server.database) == []


async def ask_to_vote(server, person):
    message_id = person.message_ids[0]
    headers, body = person.headers, {"rating": 1, "feedback": "like"}
    return await ask(server.port, "POST", person.path(message_id), headers, body)


@pytest.mark.parametrize("kept", [0.0, 0.4, 0.8])
async def test_a_log_cut_short_after_a_kill_gives_an_earlier_moment(stopped, backup, kept):
    """SQLite's checksums end the log where it was cut, and nothing else can tell that there was more. What is left is
    whole and the server takes votes; the check sees that some are gone. Restoring works as ever."""
    server, people, register = stopped
    before = register.acknowledged
    await server.start()
    async with Load(server, people, register):
        await until(lambda: register.acknowledged >= before + 300)
        server.kill()
    cut_short(Path(f"{server.database}-wal"), kept)
    await server.start()
    assert await server.stop() == 0
    assert {violation.split()[0] for violation in violations(register, server.database)} == {"I1"}
    assert violations(register, server.database, before) == []

    assert server.run("restore", str(backup), "--verify").returncode == 0
    assert violations(register, server.database, before) == []


def cut_short(path, kept):
    os.truncate(path, int(path.stat().st_size * kept))


async def test_a_backup_made_under_load_is_one_moments_whole_truth(stopped, tmp_path):
    """It has every vote that was acknowledged before it was begun; it holds up nobody; restored, it serves."""
    server, people, register = stopped
    destination = tmp_path / "under-load.db"
    await server.start()
    async with Load(server, people, register) as load:
        await until(lambda: register.acknowledged >= 2000)
        begun = register.acknowledged
        made = await asyncio.to_thread(server.run, "backup", str(destination))
        ended = register.acknowledged
        assert ended > begun
        await until(lambda: register.acknowledged >= ended + 500)
    assert made.returncode == 0, made.stderr
    assert set(load.statuses) == {200}
    assert await server.stop() == 0
    assert violations(register, server.database) == []
    assert violations(register, shutil.copyfile(destination, tmp_path / "copy.db"), begun) == []
    assert violations(register, tmp_path / "copy.db") != []  # the control: it is no later moment's

    assert server.run("restore", str(destination), "--verify").returncode == 0
    await server.start()
    assert [(await vote(server, person, person.message_ids[0], register)).status for person in people[:4]] == 4 * [200]
    assert await server.stop() == 0
