"""The store of the shared limits killed under load: votes go on, strangers are held back, and then all share again."""

import itertools

import pytest
from answers import ask
from load import Load, settle
from register import Register, violations
from serving import PUBLISHABLE_KEY, until

from plaudit.http.limits import NEWCOMERS_PER_MINUTE

pytestmark = pytest.mark.anyio

UP = "plaudit_shared_limits_up"
STRANGERS = 3 * NEWCOMERS_PER_MINUTE  # more than two minutes' worth: a new one may begin meanwhile
VOTE = "/api/v1/user/messages/0123456789abcdef01234567/feedback"
_numbers = itertools.count(1)


async def a_guest_comes(server):
    device = f"device-of-stranger-{next(_numbers)}"
    headers = {"x-device-id": device, "x-user-id": device, "x-platform": "web"}
    return (await ask(server.port, "POST", VOTE, headers, {"rating": 1})).status


async def a_visitor_comes(server):
    hello = {"apiKey": PUBLISHABLE_KEY, "saVid": f"stranger-{next(_numbers)}"}
    return (await ask(server.port, "POST", "/v2/identity/init", None, hello)).status


async def all_come(server):
    """Are they counted together, so that nobody is held back? On a busy machine not at every moment."""
    if await server.metric(UP) != 1:
        return False
    guests = {await a_guest_comes(server) for _ in range(STRANGERS)}
    visitors = {await a_visitor_comes(server) for _ in range(STRANGERS)}
    return (guests, visitors) == ({404}, {201})


async def counted_alone(server):
    return await server.metric(UP) == 0


async def test_votes_go_on_without_the_shared_store(plaudit, valkey_server):
    """Each is answered with 200, before, during and after; of new guests and visitors no more than a few a minute come
    in while it is down. Two lines of the log tell of it, whatever the load."""
    valkey = valkey_server()
    server, register = plaudit(environment=limited(valkey)), Register()
    await server.start()
    people = await settle(server)
    async with Load(server, people, register) as load:
        await until(lambda: register.acknowledged > 300)
        await until(lambda: all_come(server))
        valkey.kill()
        await until(lambda: counted_alone(server))
        during = register.acknowledged
        guests = [await a_guest_comes(server) for _ in range(STRANGERS)]
        visitors = [await a_visitor_comes(server) for _ in range(STRANGERS)]
        assert await server.status("/readyz") == 200
        await until(lambda: register.acknowledged > during + 300)
        valkey.start()
        await until(lambda: all_come(server))
    assert set(load.statuses) == {200}
    assert_held_back(guests, admitted=404)
    assert_held_back(visitors, admitted=201)
    assert await server.stop() == 0
    assert violations(register, server.database) == []
    assert one_line_each(server)


def limited(valkey):
    """Every request is counted by its address, and none refused for that; who votes on nothing is told so at once."""
    return {"PLAUDIT_LIMITS_URL": valkey.url, "PLAUDIT_PER_ADDRESS_PER_MINUTE": "10000000",
            "PLAUDIT_LATE_MESSAGE_SECONDS": "0"}


def assert_held_back(statuses, admitted):
    assert set(statuses) <= {admitted, 429}
    assert statuses.count(admitted) <= 2 * NEWCOMERS_PER_MINUTE


def one_line_each(server):
    """A busy machine may miss a deadline now and then, but down and up take turns and neither is told for each vote."""
    told = [event["event"] for event in server.events if event["logger"] == "plaudit.limits"]
    down, up = "shared limits are down; this process counts for itself", "limits are shared again"
    return told == [down, up] * (len(told) // 2) and 2 <= len(told) < 100


async def test_a_server_that_finds_the_store_dead_or_closed_starts_all_the_same(plaudit, valkey_server):
    """It says why, never with the password, and counts for itself; `plaudit doctor` says the same."""
    valkey = valkey_server()
    url = valkey.url.replace("//", "//:a-wrong-secret@")
    server = plaudit(environment={**limited(valkey), "PLAUDIT_LIMITS_URL": url})
    await server.start()
    assert {await a_visitor_comes(server), await server.status("/readyz")} == {201, 200}
    assert "AuthenticationError" in server.log
    found = server.run("doctor").stdout
    assert f"✘ Shared limits: {valkey.url.replace('//', '//@')}: AuthenticationError" in found
    assert "a-wrong-secret" not in server.log + found
    server.kill()


async def test_two_servers_hold_one_limit(plaudit, valkey_server):
    """Who has used it up at one is refused by the other. A minute may end in between, so several are tried."""
    valkey = valkey_server()
    one, other = (plaudit(environment={"PLAUDIT_LIMITS_URL": valkey.url, "PLAUDIT_PER_ADDRESS_PER_MINUTE": "2",
                                       "PLAUDIT_TRUSTED_PROXIES": "127.0.0.1/32"}) for _ in range(2))
    for server in (one, other):
        await server.start()
        assert f"✔ Shared limits: {valkey.url} counts" in server.run("doctor").stdout
    await until(lambda: shared_by(one, other, f"198.51.100.{next(_numbers)}"))


async def shared_by(one, other, address):
    return [await asked_by(server, address) for server in (one, other, one, other)] == [200, 200, 429, 429]


async def asked_by(server, address):
    return (await ask(server.port, "GET", "/v2/openapi", {"x-forwarded-for": address})).status
