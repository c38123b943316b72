"""A power cut: of each file only what reached the disk is left. kill -9 cannot show this, for the kernel lives on.

The server is stopped in the middle of a load by SIGSTOP, what its disk has of it is copied, mounted as after a crash
and compared with what was acknowledged by then.
"""

import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest
from load import Load, more, register_bulk, settle
from losing_disk import LosingDisk, Unmountable
from register import Register, violations
from serving import until

pytestmark = pytest.mark.anyio

CUTS = 3
VOTES = 500
BULK_MESSAGES = 200  # of 16 KiB: more than makes SQLite move its short log into the database
ALTERED = str(Path(__file__).with_name("altered_server.py"))


@pytest.fixture
def disk(tmp_path):
    with ExitStack() as mounted:
        try:
            yield mounted.enter_context(LosingDisk(tmp_path / "losing"))
        except Unmountable as error:
            pytest.skip(f"No power cut was tried, for no disk image can be mounted here: {error}")


@pytest.fixture
def settled(plaudit, disk):
    async def start(alterations, environment=None):
        """A server on the disk and its people, registered while all was well."""
        server = plaudit(database=disk.folder / "plaudit.db", around=disk.entered, launcher=(ALTERED, "short_log"))
        await server.start()
        people = await settle(server)
        assert await server.stop() == 0
        server.launcher, server.environment = (ALTERED, alterations), environment or {}
        await server.start()
        return server, people

    return start


async def cut_again_and_again(server, people, disk, folder):
    """What the check says of the disk each time when the power fails in the middle of a load."""
    register, found = Register(), []
    async with Load(server, people, register):
        for number in range(CUTS):
            await more(register, VOTES)
            await register_bulk(server, BULK_MESSAGES, 16 * 1024)
            await more(register, VOTES)
            found.append(await power_cut(server, disk, folder / f"cut-{number}", register))
        server.kill()
    return found


async def power_cut(server, disk, folder, register):
    await server.pause()
    left = await disk.after_a_power_cut(folder)
    acknowledged = register.acknowledged  # all that were sent before the pause have been read meanwhile
    server.resume()
    with left:
        for name in ("plaudit.db", "plaudit.db-wal"):
            if (left.seen_from_outside / name).exists():
                shutil.copyfile(left.seen_from_outside / name, folder / name)
    return violations(register, folder / "plaudit.db", acknowledged)


async def test_whatever_was_acknowledged_survives_it(settled, disk, tmp_path):
    """`synchronous=FULL`: the answer comes after the fsync."""
    server, people = await settled("short_log")
    assert await cut_again_and_again(server, people, disk, tmp_path) == CUTS * [[]]


async def test_a_store_that_does_not_wait_for_the_disk_is_found_out(settled, disk, tmp_path):
    """The control: with `synchronous=NORMAL` the same check fails each time; kill -9 would have shown nothing. Its log
    is not short, for what is moved into the database just before the cut has been flushed."""
    server, people = await settled("synchronous_normal")
    for found in await cut_again_and_again(server, people, disk, tmp_path):
        assert {violation.split()[0] for violation in found} == {"I1"}


async def test_a_disk_that_is_not_told_to_flush_is_found_out(settled, disk, tmp_path):
    """The control of the disk itself: a write that only left the file system is not yet safe."""
    server, people = await settled("short_log")
    disk.flush_no_more()
    for found in await cut_again_and_again(server, people, disk, tmp_path):
        assert any(violation.startswith("I1") for violation in found)


async def test_what_was_acknowledged_after_the_disk_had_failed_survives_it_too(settled, disk, preloaded, tmp_path):
    """Whatever could not be synchronised then does not hold up what is synchronised later."""
    failing, register = tmp_path / "failing", Register()
    server, people = await settled("short_log", preloaded("slow_fsync", FSYNC_FAIL_FILE=str(failing)))
    async with Load(server, people, register) as load:
        await more(register, VOTES)
        failing.touch()
        await until(lambda: load.statuses[503] >= 2 * len(people))
        failing.unlink()
        await more(register, VOTES)
        found = await power_cut(server, disk, tmp_path / "cut", register)
        server.kill()
    assert found == []
