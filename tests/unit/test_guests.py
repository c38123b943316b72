"""Guests: what their headers may say, and what holds them to it in each mode."""

import hashlib
import hmac
from dataclasses import replace

import pytest
from identity_provider import NOW, project

from plaudit.auth.guests import GuestHashes
from plaudit.errors import Forbidden, Invalid, Unauthenticated
from plaudit.model import AuthLevel, GuestMode, Subject, SubjectKind
from plaudit.ports import DeviceClaim

pytestmark = pytest.mark.anyio

DEVICE = "9f8e7d6c-5b4a-4392-8171-605f4e3d2c1b"
OTHER_DEVICE = "0a1b2c3d-4e5f-4061-8273-8495a6b7c8d9"
USER = "U-813e62a0-1b2c-4d5e-8f90-a1b2c3d4e5f6"
CLAIM = DeviceClaim(DEVICE, USER, "ios")
HOST = "api.example.com"
DAY_SECONDS = 24 * 60 * 60
BARE, BOUND, SIGNED, OFF = (project(guest_mode=mode) for mode in
                            (GuestMode.BARE, GuestMode.BOUND, GuestMode.SIGNED, GuestMode.OFF))


async def refused(known, claim: DeviceClaim, host: str = HOST) -> None:
    """Refused without saying why."""
    with pytest.raises(Unauthenticated) as caught:
        await known.by_device(claim, host)
    assert (caught.value.token_invalid, caught.value.message) == (False, "Authentication required")


# ---------------------------------------------------------------- the headers


@pytest.mark.parametrize("changes", [
    {},
    {"device_id": "a" * 15 + "b"},
    {"device_id": "ab" * 64},
    {"device_id": "A-Za-z0-9._:-1234"},
    {"device_id": "00:1A:2B:3C:4D:5E"},
    {"user_id": "u"},
    {"user_id": "U" * 128},
    {"user_id": "a.b_c:d-e"},
    {"platform": "android"},
    {"platform": "web"},
    {"token": None},
])
async def test_a_guest_says_device_user_and_platform(authenticator, changes):
    """The forms that the headers may have."""
    guest = await authenticator(BARE).by_device(replace(CLAIM, **changes), HOST)
    assert guest.voter.auth_level is AuthLevel.GUEST_BARE


@pytest.mark.parametrize("changes", [
    {"device_id": None, "user_id": None, "platform": None},
    {"device_id": None},
    {"device_id": ""},
    {"device_id": "a" * 14 + "b"},
    {"device_id": "ab" * 64 + "c"},
    {"device_id": DEVICE + "\n"},
    {"device_id": DEVICE + " "},
    {"device_id": DEVICE + "\x00"},
    {"device_id": DEVICE + "é"},
    {"device_id": "٣" * 15 + "٤"},
    {"device_id": DEVICE + "/../x"},
    {"device_id": "{" + DEVICE + "}"},
    {"device_id": "00000000-0000-0000-0000-000000000000"},
    {"device_id": "00000000000000000000000000000000"},
    {"device_id": "ffffffff-ffff-ffff-ffff-FFFFFFFFFFFF"},
    {"device_id": "00:00:00:00:00:00"},
    {"device_id": "9774d56d682e549c"},
    {"device_id": "9774D56D682E549C"},
    {"device_id": "aaaaaaaaaaaaaaaa"},
    {"device_id": "----------------"},
    {"user_id": None},
    {"user_id": ""},
    {"user_id": "U" * 129},
    {"user_id": "auth0|123456"},
    {"user_id": "google-oauth2|1"},
    {"user_id": "|"},
    {"user_id": USER + "\n"},
    {"user_id": USER + "é"},
    {"user_id": "U 1"},
    {"user_id": "U\x00"},
    {"platform": None},
    {"platform": ""},
    {"platform": "iOS"},
    {"platform": "windows"},
    {"platform": "web\n"},
], ids=str)
@pytest.mark.parametrize("holder", [BARE, BOUND, SIGNED], ids=lambda holder: holder.guest_mode.value)
async def test_headers_in_any_other_form_are_refused(authenticator, holder, changes):
    """A registered user's id, an id that many devices share, or nonsense: in every mode, and nothing is stored."""
    await refused(authenticator(holder), replace(CLAIM, **changes))


async def test_no_guests_where_they_are_off(authenticator):
    """Good headers too."""
    await refused(authenticator(OFF), CLAIM)


# ---------------------------------------------------------------- which project


@pytest.mark.parametrize(("host", "found"), [
    ("red.example.com", "red"),
    ("RED.example.com", "red"),
    ("red.example.com:8443", "red"),
    ("[::1]", "blue"),
    ("[::1]:8000", "blue"),
    ("red.example.com.evil.com", "default"),
    ("example.com", "default"),
    ("[::1", "blue"),
    ("", "default"),
])
async def test_the_host_says_which_project(authenticator, host, found):
    """Exactly, in any case of letters, whatever the port; else the default project."""
    default = project("default", guest_mode=GuestMode.BARE)
    red = project("red", guest_mode=GuestMode.BARE, hosts=frozenset({"red.example.com"}))
    blue = project("blue", guest_mode=GuestMode.BARE, hosts=frozenset({"[::1]"}))
    guest = await authenticator(default, red, blue).by_device(CLAIM, host)
    assert guest.voter.project.id == found


async def test_without_a_default_project_an_unknown_host_has_no_guests(authenticator):
    """Nobody is guessed."""
    await refused(authenticator(BARE, default_project_id=None), CLAIM)


async def test_a_default_project_must_exist(authenticator):
    """A wrong setting is told at the start."""
    with pytest.raises(ValueError, match="there is no project 'gone'"):
        authenticator(BARE, default_project_id="gone")


# ---------------------------------------------------------------- who


async def test_a_guest_is_a_keyed_hash_over_device_and_user(authenticator):
    """HMAC-SHA256(pepper, len‖device‖len‖user), in a namespace of its own."""
    device, user = DEVICE.encode(), USER.encode()
    message = len(device).to_bytes(4, "big") + device + len(user).to_bytes(4, "big") + user
    expected = hmac.digest(b"p" * 32, message, hashlib.sha256).hex()
    guest = await authenticator(BARE).by_device(CLAIM, HOST)
    assert guest.voter.subject == Subject.of(SubjectKind.GUEST, expected)


async def test_no_two_guests_are_read_as_one(authenticator):
    """The lengths part the device from the user."""
    known = authenticator(BARE)
    claims = [("abcdefghijklmnop", "qr"), ("abcdefghijklmnopq", "r"), ("abcdefghijklmnop", "QR"),
              ("ABCDEFGHIJKLMNOP", "qr")]
    subjects = {(await known.by_device(DeviceClaim(device, user, "web"), HOST)).voter.subject
                for device, user in claims}
    assert len(subjects) == len(claims)


@pytest.mark.parametrize("holder", [BARE, BOUND, SIGNED], ids=lambda holder: holder.guest_mode.value)
async def test_a_guest_is_the_same_in_every_mode_and_on_every_platform(authenticator, holder):
    """So that a project may change its mode, and a tablet's browser is the tablet."""
    subject = (await authenticator(BARE).by_device(CLAIM, HOST)).voter.subject
    assert (await authenticator(holder).by_device(replace(CLAIM, platform="web"), HOST)).voter.subject == subject


@pytest.mark.parametrize("holder", [BOUND, SIGNED], ids=lambda holder: holder.guest_mode.value)
async def test_neither_device_nor_user_is_stored_as_it_is(authenticator, tmp_path, holder):
    """Only keyed hashes are."""
    await authenticator(holder).by_device(CLAIM, HOST)
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert DEVICE.encode() not in written
    assert USER.encode() not in written


def test_a_hash_of_one_kind_says_nothing_of_another():
    """The same text as a user id, a guest's device and a visitor's device: three hashes, and others elsewhere."""
    hashes = GuestHashes(b"p" * 32)
    found = [name for project_id in ("red", "blue") for name in (
        *hashes.stored(hashes.guest(project_id, DEVICE, DEVICE)), hashes.visitor_device(project_id, DEVICE))]
    assert len(set(found)) == 6


# ---------------------------------------------------------------- mode bare


async def test_bare_headers_are_believed_as_they_come(authenticator):
    """Any device, any user, and no token back."""
    known = authenticator(BARE)
    for device in (DEVICE, OTHER_DEVICE):
        guest = await known.by_device(replace(CLAIM, device_id=device), HOST)
        assert (guest.voter.auth_level, guest.device_token) == (AuthLevel.GUEST_BARE, None)


# ---------------------------------------------------------------- mode bound


@pytest.mark.parametrize("restarted", [False, True])
async def test_the_first_device_of_a_user_id_is_the_only_one(authenticator, restarted):
    """Another device with the same user id is known, but not allowed; after a restart too."""
    known = authenticator(BOUND)
    guest = await known.by_device(CLAIM, HOST)
    assert (guest.voter.auth_level, guest.device_token) == (AuthLevel.GUEST_BOUND, None)
    known = authenticator(BOUND) if restarted else known
    for _ in range(2):
        with pytest.raises(Forbidden):
            await known.by_device(replace(CLAIM, device_id=OTHER_DEVICE), HOST)
        assert await known.by_device(CLAIM, HOST) == guest


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize(("mode", "since"), [(BARE, None), (BOUND, NOW), (SIGNED, NOW)])
async def test_since_when_a_guest_is_known_is_told(authenticator, clock, mode, since, restarted):
    """Since its device was bound, or its token given; in mode `bare` there is nothing to know it by."""
    known = authenticator(mode)
    first = await known.by_device(CLAIM, HOST)
    clock.advance(seconds=60)
    known = authenticator(mode) if restarted else known
    again = await known.by_device(replace(CLAIM, token=first.device_token), HOST)
    assert {first.known_since, again.known_since} == {since}


async def test_a_device_may_have_several_user_ids(authenticator):
    """Who shares a tablet is not locked out."""
    known = authenticator(BOUND)
    assert await known.by_device(CLAIM, HOST)
    assert await known.by_device(replace(CLAIM, user_id="U-2"), HOST)


async def test_projects_bind_apart(authenticator):
    """One project's guests say nothing of another's."""
    known = authenticator(BOUND, project("other", hosts=frozenset({"other.example.com"})))
    assert await known.by_device(CLAIM, HOST)
    assert await known.by_device(replace(CLAIM, device_id=OTHER_DEVICE), "other.example.com")


async def test_a_bound_device_needs_no_store(authenticator, store):
    """That it is bound never changes, so it is asked once."""
    known = authenticator(BOUND)
    guest = await known.by_device(CLAIM, HOST)
    await store.close()
    assert await known.by_device(CLAIM, HOST) == guest


# ---------------------------------------------------------------- the back end's word


@pytest.mark.parametrize("holder", [BARE, BOUND, SIGNED, OFF], ids=lambda holder: holder.guest_mode.value)
async def test_the_back_end_names_the_guest_who_will_come(authenticator, holder):
    """The subject is the one that the guest's own headers lead to."""
    vouched = await authenticator(holder).guest_subject(holder, DEVICE, USER)
    assert vouched == (await authenticator(BARE).by_device(CLAIM, HOST)).voter.subject


@pytest.mark.parametrize("holder", [BARE, BOUND, SIGNED, OFF], ids=lambda holder: holder.guest_mode.value)
async def test_the_back_ends_word_binds_a_further_device(authenticator, holder):
    """It knows its users; whatever the mode was when it said so."""
    await authenticator(BOUND).by_device(CLAIM, HOST)
    await authenticator(holder).guest_subject(holder, OTHER_DEVICE, USER)
    known = authenticator(BOUND)
    assert await known.by_device(replace(CLAIM, device_id=OTHER_DEVICE), HOST)
    assert await known.by_device(CLAIM, HOST)


async def test_the_back_ends_word_comes_before_the_first_device(authenticator):
    """Whoever is quicker with somebody else's user id gains nothing."""
    known = authenticator(BOUND)
    await known.guest_subject(BOUND, DEVICE, USER)
    with pytest.raises(Forbidden):
        await known.by_device(replace(CLAIM, device_id=OTHER_DEVICE), HOST)


@pytest.mark.parametrize(("device_id", "user_id", "field"), [
    ("short", USER, "device_id"),
    ("00000000-0000-0000-0000-000000000000", USER, "device_id"),
    (DEVICE + "\n", USER, "device_id"),
    (DEVICE, "auth0|123456", "user_id"),
    (DEVICE, "", "user_id"),
    (DEVICE, "U" * 129, "user_id"),
])
async def test_the_back_end_cannot_name_a_guest_who_could_never_come(authenticator, device_id, user_id, field):
    """The same forms as the headers'."""
    with pytest.raises(Invalid) as caught:
        await authenticator(BARE).guest_subject(BARE, device_id, user_id)
    assert caught.value.field == field


# ---------------------------------------------------------------- mode signed


async def test_a_guest_is_given_a_token_and_known_by_it(authenticator):
    """The first sight is bare; with the token it is proof."""
    known = authenticator(SIGNED)
    first = await known.by_device(CLAIM, HOST)
    assert first.voter.auth_level is AuthLevel.GUEST_BARE
    again = await known.by_device(replace(CLAIM, token=first.device_token), HOST)
    assert (again.voter.auth_level, again.device_token) == (AuthLevel.GUEST_SIGNED, None)
    assert again.voter.subject == first.voter.subject


async def test_a_guest_who_has_not_shown_a_token_yet_may_come_without(authenticator):
    """The answer that carried it may have been lost."""
    known = authenticator(SIGNED)
    for _ in range(3):
        assert (await known.by_device(CLAIM, HOST)).device_token


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_guest_who_has_shown_a_token_must_show_it(authenticator, restarted):
    """Knowing the device id and the user id is not enough any more; after a restart neither."""
    known = authenticator(SIGNED)
    given = (await known.by_device(CLAIM, HOST)).device_token
    await known.by_device(replace(CLAIM, token=given), HOST)
    known = authenticator(SIGNED) if restarted else known
    await refused(known, CLAIM)
    assert await known.by_device(replace(CLAIM, token=given), HOST)


async def test_another_device_of_the_user_is_a_guest_of_its_own(authenticator):
    """It has its own token and its own votes."""
    known = authenticator(SIGNED)
    given = (await known.by_device(CLAIM, HOST)).device_token
    await known.by_device(replace(CLAIM, token=given), HOST)
    other = await known.by_device(replace(CLAIM, device_id=OTHER_DEVICE), HOST)
    assert other.device_token
    shown = await known.by_device(replace(CLAIM, device_id=OTHER_DEVICE, token=other.device_token), HOST)
    assert shown.voter.auth_level is AuthLevel.GUEST_SIGNED


@pytest.mark.parametrize(("age_seconds", "renewed"), [
    (0, False),
    (DAY_SECONDS, False),
    (DAY_SECONDS + 1, True),
    (30 * DAY_SECONDS - 1, True),
])
async def test_a_token_is_renewed_after_a_day(authenticator, clock, age_seconds, renewed):
    """So that its 30 days slide; and not on every answer."""
    known = authenticator(SIGNED)
    given = (await known.by_device(CLAIM, HOST)).device_token
    clock.advance(seconds=age_seconds)
    guest = await known.by_device(replace(CLAIM, token=given), HOST)
    assert (guest.voter.auth_level, guest.device_token is not None) == (AuthLevel.GUEST_SIGNED, renewed)


async def test_a_guest_who_comes_every_month_is_never_locked_out(authenticator, clock):
    """Each renewed token counts from its own day."""
    known = authenticator(SIGNED)
    given = (await known.by_device(CLAIM, HOST)).device_token
    for _ in range(12):
        clock.advance(seconds=29 * DAY_SECONDS)
        given = (await known.by_device(replace(CLAIM, token=given), HOST)).device_token


async def test_a_token_runs_out_after_30_days(authenticator, clock):
    """Counted from when it was made."""
    known = authenticator(SIGNED)
    given = (await known.by_device(CLAIM, HOST)).device_token
    clock.advance(seconds=30 * DAY_SECONDS)
    await refused(known, replace(CLAIM, token=given))


async def test_a_token_from_the_future_is_refused(authenticator, clock):
    """But not for a clock that is half a minute off."""
    known = authenticator(SIGNED)
    given = (await known.by_device(CLAIM, HOST)).device_token
    clock.advance(seconds=-30)
    assert await known.by_device(replace(CLAIM, token=given), HOST)
    clock.advance(seconds=-1)
    await refused(known, replace(CLAIM, token=given))


@pytest.mark.parametrize("spoil", [
    pytest.param(lambda _: "", id="empty"),
    pytest.param(lambda _: "x", id="nonsense"),
    pytest.param(lambda given: given[:-1], id="cut short"),
    pytest.param(lambda given: given + "0", id="too long"),
    pytest.param(lambda given: given + "\n", id="a line end"),
    pytest.param(lambda given: given.upper(), id="upper case"),
    pytest.param(lambda given: "1" + given, id="another time"),
    pytest.param(lambda given: "0" + given, id="the same time in another way"),
    pytest.param(lambda given: given.split(".")[0] + "." + "0" * 64, id="another MAC"),
    pytest.param(lambda given: "9" * 5_000 + "." + given.split(".")[1], id="a time without end"),
    pytest.param(lambda given: "٣." + given.split(".")[1], id="digits of another script"),
])
async def test_a_token_that_we_did_not_make_is_refused(authenticator, spoil):
    """Never taken for none."""
    known = authenticator(SIGNED)
    given = (await known.by_device(CLAIM, HOST)).device_token
    await refused(known, replace(CLAIM, token=spoil(given)))


@pytest.mark.parametrize("changes", [{"device_id": OTHER_DEVICE}, {"user_id": "U-2"}], ids=str)
async def test_a_token_is_good_for_one_guest(authenticator, changes):
    """It names the device and the user id that it was made for."""
    known = authenticator(SIGNED)
    given = (await known.by_device(CLAIM, HOST)).device_token
    await refused(known, replace(CLAIM, token=given, **changes))


async def test_a_token_is_good_in_one_project(authenticator):
    """The same guest elsewhere has another."""
    other = project("other", guest_mode=GuestMode.SIGNED, hosts=frozenset({"other.example.com"}))
    known = authenticator(SIGNED, other)
    given = (await known.by_device(CLAIM, HOST)).device_token
    await refused(known, replace(CLAIM, token=given), "other.example.com")


@pytest.mark.parametrize("holder", [BARE, BOUND], ids=lambda holder: holder.guest_mode.value)
async def test_other_modes_look_at_no_token(authenticator, holder):
    """A client may go on sending what it once was given."""
    assert await authenticator(holder).by_device(replace(CLAIM, token="nonsense"), HOST)
