"""Who a device is: a visitor's id, a guest's devices, and since when a guest shows a token."""

import asyncio

import pytest
from examples import NOW

from plaudit.ports import DeviceBinding

pytestmark = pytest.mark.anyio


async def bind(store, user, device, *, only_first=True, project_id="acme", now=NOW):
    return await store.bind_device(project_id, user, device, now, only_first=only_first)


# ---------------------------------------------------------------- visitors


async def test_a_device_is_one_visitor(store):
    """The first id given to it stays, and only the first time is it new."""
    assert await store.visitor("acme", "device", "v-1", NOW) == ("v-1", True)
    assert await store.visitor("acme", "device", "v-2", NOW + 1) == ("v-1", False)


@pytest.mark.parametrize(("project_id", "device"), [("acme", "other"), ("globex", "device"), ("acme", "DEVICE")])
async def test_another_device_or_project_is_another_visitor(store, project_id, device):
    """Ids do not wander between them."""
    await store.visitor("acme", "device", "v-1", NOW)
    assert await store.visitor(project_id, device, "v-2", NOW) == ("v-2", True)


async def test_a_device_seen_64_times_at_once_is_one_visitor(store):
    """Exactly one caller is told that it is new."""
    found = await asyncio.gather(*(store.visitor("acme", "device", f"v-{n}", NOW) for n in range(64)))
    assert [visitor_id for visitor_id, new in found if new] == list({visitor_id for visitor_id, _ in found})


# ---------------------------------------------------------------- devices of a guest


BOUND = DeviceBinding(bound_at=NOW, token_seen_at=None)
TURNED_AWAY = DeviceBinding(bound_at=None, token_seen_at=None)


async def test_only_the_first_device_is_bound(store):
    """However often either comes back: since when it is bound does not change."""
    assert await bind(store, "user", "first") == BOUND
    assert await bind(store, "user", "second") == TURNED_AWAY
    assert await bind(store, "user", "first", now=NOW + 1) == BOUND
    assert await bind(store, "user", "second") == TURNED_AWAY


async def test_any_device_is_bound_where_that_is_asked(store):
    """A guest whom the application's back end vouches for may have several."""
    assert await bind(store, "user", "first") == BOUND
    assert await bind(store, "user", "second", only_first=False) == BOUND
    assert await bind(store, "user", "second") == BOUND
    assert await bind(store, "user", "first") == BOUND
    assert await bind(store, "user", "third") == TURNED_AWAY


@pytest.mark.parametrize(("project_id", "user"), [("acme", "other"), ("globex", "user")])
async def test_another_guest_or_project_has_devices_of_its_own(store, project_id, user):
    """A device may serve several guests; being bound to one says nothing of another."""
    await bind(store, "user", "device")
    assert await bind(store, user, "device", project_id=project_id) == BOUND


async def test_of_64_devices_at_once_one_is_bound(store):
    """It stays bound, and the others turned away."""
    devices = [f"device-{n}" for n in range(64)]
    found = [await asyncio.gather(*(bind(store, "user", device) for device in devices)) for _ in range(2)]
    assert found[0].count(BOUND) == 1
    assert found[0].count(TURNED_AWAY) == 63
    assert found[1] == found[0]


# ---------------------------------------------------------------- device tokens


async def test_since_when_a_device_shows_tokens_is_kept(store):
    """The first instant stays."""
    await bind(store, "user", "device")
    await store.device_token_seen("acme", "user", "device", NOW + 5)
    await store.device_token_seen("acme", "user", "device", NOW + 9)
    assert await bind(store, "user", "device") == DeviceBinding(bound_at=NOW, token_seen_at=NOW + 5)


async def test_a_token_binds_the_device_that_shows_it(store):
    """It was minted for that device, bound or not."""
    await store.device_token_seen("acme", "user", "device", NOW)
    assert await bind(store, "user", "device") == DeviceBinding(bound_at=NOW, token_seen_at=NOW)


async def test_a_token_is_noted_for_its_own_device_guest_and_project(store):
    """The neighbours go on without."""
    await bind(store, "user", "other-device", only_first=False)
    await store.device_token_seen("acme", "user", "device", NOW)
    assert await bind(store, "user", "other-device") == BOUND
    assert await bind(store, "other", "device") == BOUND
    assert await bind(store, "user", "device", project_id="globex") == BOUND
