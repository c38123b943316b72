"""A power cut: of each file only what was synchronised is left. kill -9 cannot show this, for the kernel lives on.

A preloaded library keeps a copy of each file whenever it is synchronised; together those copies are the disk after the
power failed. A commit that is acknowledged without an fsync is missing there.
"""

import shutil
from pathlib import Path

import pytest
from load import Load, register_bulk, settle
from register import Register, violations
from serving import until

pytestmark = pytest.mark.anyio

VOTES = 500
BULK_MESSAGES = 200  # of 16 KiB: more than makes SQLite move its short log into the database
ALTERED = str(Path(__file__).with_name("altered_server.py"))


@pytest.fixture
def durable(tmp_path):
    """Where the files are as they would be after a power cut."""
    folder = tmp_path / "durable"
    folder.mkdir()
    return folder


@pytest.fixture
def settled(plaudit, preloaded, durable):
    async def start(alterations, **variables):
        """A server whose synchronised files are kept, its people, and where its database would be left."""
        server = plaudit(launcher=(ALTERED, alterations))
        await server.start()
        people = await settle(server)
        assert await server.stop() == 0
        left = shutil.copyfile(server.database, durable / server.database.name)
        server.environment = preloaded("slow_fsync", "power_cut", DURABLE=str(durable), **variables)
        await server.start()
        return server, people, left

    return start


async def cut_behind_a_checkpoint(server, people, left):
    """What the check says of the disk when the power fails in the middle of a load."""
    register = Register()
    async with Load(server, people, register):
        await more(register)
        before = left.stat().st_mtime_ns
        await register_bulk(server, BULK_MESSAGES, 16 * 1024)
        await until(lambda: left.stat().st_mtime_ns != before)  # a checkpoint is on the disk
        await more(register)
        server.kill()
    return violations(register, left)


async def more(register):
    enough = register.acknowledged + VOTES
    await until(lambda: register.acknowledged >= enough or register.flaws)


async def test_whatever_was_acknowledged_survives_it(settled):
    """`synchronous=FULL`: the answer comes after the fsync."""
    assert await cut_behind_a_checkpoint(*await settled("short_log")) == []


async def test_a_store_that_does_not_wait_for_the_disk_is_found_out(settled):
    """The control: with `synchronous=NORMAL` the same check fails, and kill -9 would have shown nothing."""
    found = await cut_behind_a_checkpoint(*await settled("short_log,synchronous_normal"))
    assert any(violation.startswith("I1") for violation in found)
    assert not any(violation.startswith(("I3", "I4", "I7")) for violation in found)


async def test_what_was_acknowledged_after_the_disk_had_failed_survives_it_too(settled, tmp_path):
    """Whatever could not be synchronised then does not hold up what is synchronised later."""
    failing, register = tmp_path / "failing", Register()
    server, people, left = await settled("short_log", FSYNC_FAIL_FILE=str(failing))
    async with Load(server, people, register) as load:
        await more(register)
        failing.touch()
        await until(lambda: load.statuses[503] >= 2 * len(people))
        failing.unlink()
        await more(register)
        server.kill()
    assert violations(register, left) == []
