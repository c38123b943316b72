"""A copy is one moment's whole truth, taken while votes go on; what it replaces is kept."""

import asyncio
import itertools
import os
import shutil

import pytest
from examples import DISLIKE, LIKE, a_message, a_vote

from plaudit.rules import decide
from plaudit.store.backup import PART_BYTES, BackupFailed, Inventory, backup, inspect, restore
from plaudit.store.failures import DatabaseInUse
from plaudit.store.sqlite import SqliteStore
from plaudit.store.sqlite_migrate import newest_version

pytestmark = pytest.mark.anyio


@pytest.fixture
def database(sqlite_path):
    """Only SQLite's is a file."""
    return sqlite_path


@pytest.fixture
def opened(clock):
    return lambda path: SqliteStore.open(path, decide, now=clock)


async def history(opened, path):
    """What a database says, once a server has been started on it; and that it takes votes."""
    store = await opened(path)
    found = await store.history("acme", "m-1")
    assert (await store.submit(a_vote())).revision == len(found) + 1
    await store.close()
    return found


async def voting(store, accepted):
    """Vote until cancelled."""
    while True:
        accepted.append(await store.submit(a_vote(vote=DISLIKE if len(accepted) % 2 else LIKE, comment="x" * 500)))


async def test_a_copy_taken_under_load_is_a_moments_whole_truth(store, opened, sqlite_path, tmp_path):
    """It has the votes up to one of them and none after, at least all that were answered before it began."""
    await store.register([a_message()])
    accepted = [await store.submit(a_vote(comment=f"number {n}")) for n in range(100)]
    voter = asyncio.create_task(voting(store, accepted))
    copy = tmp_path / "copy.db"
    inventory = await asyncio.to_thread(backup, sqlite_path, copy)
    voter.cancel()
    await asyncio.wait([voter])
    assert inventory == inspect(copy) == Inventory(
        schema=newest_version(), messages=1, feedback=1, history=inventory.history)
    restored, aside = restore(copy, tmp_path / "elsewhere" / "plaudit.db")
    found = await history(opened, tmp_path / "elsewhere" / "plaudit.db")
    assert (restored, aside) == (inventory, None)
    assert 100 <= len(found) == inventory.history
    assert found == (await store.history("acme", "m-1"))[:len(found)]


async def test_a_copy_is_put_on_the_disk_in_small_parts(store, sqlite_path, tmp_path, monkeypatch):
    """Never much at once, for votes wait while it is written."""
    await store.register([a_message(f"m-{n}", content="x" * 100_000) for n in range(300)])
    sizes, fsync = [0], os.fsync

    def seen(descriptor):
        sizes.append(os.fstat(descriptor).st_size)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", seen)
    await asyncio.to_thread(backup, sqlite_path, tmp_path / "copy.db")
    *parts, _folder = sizes
    assert parts[-1] == (tmp_path / "copy.db").stat().st_size > 5 * PART_BYTES
    assert max(after - before for before, after in itertools.pairwise(parts)) < 2 * PART_BYTES


async def test_what_is_replaced_is_kept_with_its_last_votes(store, opened, sqlite_path, tmp_path):
    """After a crash the newest votes are in the log only: it goes aside with its database, not into the copy."""
    await store.register([a_message()])
    await store.submit(a_vote(comment="in the copy"))
    backup(sqlite_path, tmp_path / "copy.db")
    await store.submit(a_vote(comment="after it"))
    crashed = tmp_path / "crashed.db"
    for suffix in ("", "-wal"):
        shutil.copyfile(f"{sqlite_path}{suffix}", f"{crashed}{suffix}")
    _, aside = restore(tmp_path / "copy.db", crashed)
    assert [it.comment for it in await history(opened, crashed)] == ["in the copy"]
    assert [it.comment for it in await history(opened, aside)] == ["in the copy", "after it"]


async def test_a_log_without_its_database_does_not_get_into_the_copy(store, opened, sqlite_path, tmp_path):
    """Somebody deleted the database but not the log beside it."""
    await store.register([a_message()])
    backup(sqlite_path, tmp_path / "copy.db")
    await store.submit(a_vote(comment="of another life"))
    path = tmp_path / "plaudit-2.db"
    shutil.copyfile(f"{sqlite_path}-wal", f"{path}-wal")
    _, aside = restore(tmp_path / "copy.db", path)
    assert f"{aside.name}-wal" in {it.name for it in tmp_path.iterdir()}
    assert await history(opened, path) == []


async def test_a_database_in_use_is_not_replaced(store, sqlite_path, tmp_path):
    """The server goes on as before."""
    await store.register([a_message()])
    backup(sqlite_path, tmp_path / "copy.db")
    with pytest.raises(DatabaseInUse):
        restore(tmp_path / "copy.db", sqlite_path)
    assert (await store.submit(a_vote())).revision == 1


async def test_a_link_goes_on_leading_to_the_database(store, opened, sqlite_path, tmp_path):
    """What it leads to is replaced, not the link."""
    await store.register([a_message()])
    backup(sqlite_path, tmp_path / "copy.db")
    link, real = tmp_path / "link.db", tmp_path / "disk" / "real.db"
    link.symlink_to(real)
    restore(tmp_path / "copy.db", link)
    assert link.is_symlink()
    assert await history(opened, real) == []


async def test_a_copy_is_for_its_owners_eyes(store, sqlite_path, tmp_path):
    """It holds what people wrote; no half of it is left lying about either."""
    await store.check()
    copy = tmp_path / "copy.db"
    backup(sqlite_path, copy)
    assert copy.stat().st_mode & 0o777 == 0o600
    assert {it.name for it in tmp_path.iterdir()} == {
        "copy.db", "plaudit.db", "plaudit.db-wal", "plaudit.db-shm", "plaudit.db.lock"}


@pytest.mark.parametrize("where", ["copy.db", "nowhere/copy.db"])
async def test_a_copy_that_cannot_be_made_leaves_nothing_behind(store, sqlite_path, tmp_path, where):
    """Neither over another file nor into a folder that is not there."""
    await store.check()
    (tmp_path / "copy.db").write_text("another file")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(BackupFailed):
        backup(sqlite_path, tmp_path / where)
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "copy.db").read_text() == "another file"
