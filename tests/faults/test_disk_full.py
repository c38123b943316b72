"""A disk that fills up under load."""

import shutil

import pytest
from answers import ask
from load import KEY_HEADERS, Load, settle, vote
from register import Register, violations
from serving import until
from small_disk import SmallDisk

pytestmark = pytest.mark.anyio

READ_ONLY = ("plaudit: Cannot write beside the database {}: Read-only file system. "
             "Plaudit needs a folder that it can write.\n")


@pytest.fixture
def disk(tmp_path):
    with SmallDisk(tmp_path / "disk", "24m") as made:
        yield made


@pytest.fixture
def server(plaudit, disk):
    """Its database is on the small disk; its secrets and its log are not."""
    return plaudit(database=disk.folder / "plaudit.db", around=disk.entered)


@pytest.mark.parametrize("relief", ["make_space", "enlarge"])
async def test_votes_are_refused_until_there_is_space(server, disk, tmp_path, relief):
    """503 with Retry-After in each contract's shape, reads go on, and it recovers without being touched."""
    register = Register()
    await server.start()
    people = await settle(server)
    async with Load(server, people, register) as load:
        await until(lambda: register.acknowledged >= 300)
        disk.fill()
        await until(server.is_unready)
        refused = load.statuses[503]
        await until(lambda: load.statuses[503] >= refused + 3 * len(people))
        reads = await ask(server.port, "GET", "/v1/feedback?limit=10", KEY_HEADERS)
        assert (reads.status, len(reads.json["items"])) == (200, 10)
        assert await server.status("/livez") == 200
        if relief == "make_space":
            disk.make_space()
        else:
            disk.resize("64m")
        await until(server.is_ready)
        acknowledged = register.acknowledged
        await until(lambda: register.acknowledged >= acknowledged + 300)
    assert set(load.statuses) == {200, 503}
    assert await server.stop() == 0
    assert violations(register, copied(disk, tmp_path)) == []


def copied(disk, folder):
    """SQLite would not find the disk: it resolves links, and the way in from outside is one that cannot be resolved."""
    return shutil.copyfile(disk.seen_from_outside / "plaudit.db", folder / "copy.db")


async def test_what_was_acknowledged_before_a_kill_on_a_full_disk_is_there(server, disk, tmp_path):
    """It starts on the full disk as well as it can, and wholly once there is space."""
    register = Register()
    await server.start()
    people = await settle(server)
    async with Load(server, people, register) as load:
        await until(lambda: register.acknowledged >= 300)
        disk.fill()
        await until(lambda: load.statuses[503] >= 3 * len(people))
        server.kill()
    disk.make_space()
    await server.start()
    assert [(await vote(server, person, person.message_ids[0], register)).status for person in people[:4]] == 4 * [200]
    assert await server.stop() == 0
    assert violations(register, copied(disk, tmp_path)) == []


@pytest.mark.parametrize("served_before", [True, False])
async def test_a_server_on_a_read_only_disk_ends_and_says_why(server, disk, served_before):
    """In one line, with an exit code; once the disk can be written to, it starts."""
    if served_before:
        await server.start()
        assert await server.stop() == 0
    disk.allow("ro")
    refused = server.run("serve")
    assert (refused.returncode, refused.stderr) == (1, READ_ONLY.format(server.database))
    disk.allow("rw")
    await server.start()
    assert await server.stop() == 0
