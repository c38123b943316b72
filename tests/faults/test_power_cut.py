"""A power cut: of each file only what was synchronised is left. kill -9 cannot show this, for the kernel lives on.

A preloaded library keeps a copy of each file whenever it is synchronised; together those copies are the disk after the
power failed. A commit that is acknowledged without an fsync is missing there.
"""

import shutil
from pathlib import Path

import pytest
from load import Load, register_bulk, settle
from register import Register, violations
from serving import PLAUDIT, until

pytestmark = pytest.mark.anyio

VOTES = 500
LOG_MEGABYTES = 20  # more than makes SQLite move its log into the database
WRONG = str(Path(__file__).with_name("wrong_server.py"))


@pytest.fixture
def after_a_power_cut(plaudit, preloaded, tmp_path):
    async def violated(launcher):
        """What the check says of the disk when the power failed in the middle of a load, a checkpoint behind it."""
        server, register, durable = plaudit(launcher=launcher), Register(), tmp_path / "durable"
        await server.start()
        people = await settle(server)
        assert await server.stop() == 0
        durable.mkdir()
        left = durable / server.database.name
        shutil.copyfile(server.database, left)
        server.environment = preloaded("power_cut", DURABLE=str(durable))
        await server.start()
        async with Load(server, people, register):
            await until(lambda: register.acknowledged >= VOTES or register.flaws)
            first = left.stat().st_ino
            await register_bulk(server, LOG_MEGABYTES * 64, 16 * 1024)
            await until(lambda: left.stat().st_ino != first)  # a checkpoint is on the disk
            enough = register.acknowledged + VOTES
            await until(lambda: register.acknowledged >= enough or register.flaws)
            server.kill()
        return violations(register, left)

    return violated


async def test_whatever_was_acknowledged_survives_it(after_a_power_cut):
    """`synchronous=FULL`: the answer comes after the fsync."""
    assert await after_a_power_cut(PLAUDIT) == []


async def test_a_store_that_does_not_wait_for_the_disk_is_found_out(after_a_power_cut):
    """The control: with `synchronous=NORMAL` the same check fails, and kill -9 would have shown nothing."""
    found = await after_a_power_cut((WRONG, "synchronous_normal"))
    assert any(violation.startswith("I1") for violation in found)
    assert not any(violation.startswith(("I3", "I4", "I7")) for violation in found)
