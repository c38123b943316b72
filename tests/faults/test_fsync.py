"""Disks that are slow, and disks that fail to synchronise."""

import pytest
from load import Load, settle
from register import Register, violations
from serving import until

pytestmark = pytest.mark.anyio

QUEUE_MAX = 16


async def test_a_disk_that_takes_2_ms_slows_nobody_down_enough_to_be_refused(plaudit, preloaded):
    """Batches grow; every vote is right."""
    server, register = plaudit(environment=preloaded("slow_fsync", FSYNC_DELAY_US="2000")), Register()
    await server.start()
    async with Load(server, await settle(server), register) as load:
        await until(lambda: register.acknowledged >= 1000 or register.flaws)
    assert await server.stop() == 0
    assert violations(register, server.database) == []
    assert set(load.statuses) == {200}


async def test_on_a_disk_that_takes_200_ms_the_queue_is_bounded(plaudit, preloaded):
    """Who finds it full is told to come again; nothing piles up, and every vote that was taken is right."""
    slow = preloaded("slow_fsync", FSYNC_DELAY_US="200000")
    server, register = plaudit(environment=slow, queue_max=QUEUE_MAX), Register()
    await server.start("/livez")
    async with Load(server, await settle(server), register) as load:
        await until(lambda: (register.acknowledged >= 4 * QUEUE_MAX and load.statuses[503]) or register.flaws)
        depth = await server.metric("plaudit_write_queue_depth")
    assert await server.stop() == 0
    assert violations(register, server.database) == []
    assert set(load.statuses) == {200, 503}
    assert depth <= QUEUE_MAX


async def test_a_disk_that_fails_to_synchronise_is_not_trusted_until_it_was_read_again(plaudit, preloaded, tmp_path):
    """Nothing is acknowledged while it fails; when it is well again, votes are taken without anybody's help."""
    failing = tmp_path / "failing"
    server, register = plaudit(environment=preloaded("slow_fsync", FSYNC_FAIL_FILE=str(failing))), Register()
    await server.start()
    async with Load(server, await settle(server), register) as load:
        await until(lambda: register.acknowledged >= 300)
        failing.touch()
        await until(lambda: load.statuses[503] > len(load.people))  # each has been told since, whatever was under way
        acknowledged, refused = register.acknowledged, load.statuses[503]
        await until(lambda: load.statuses[503] >= refused + 200)
        assert (await server.status("/readyz"), await server.status("/livez")) == (503, 200)
        assert register.acknowledged == acknowledged
        failing.unlink()
        await until(lambda: register.acknowledged >= acknowledged + 300)
        assert await server.status("/readyz") == 200
    assert await server.stop() == 0
    assert violations(register, server.database) == []
    assert "database reopened after a failed write" in [event["event"] for event in server.events]
