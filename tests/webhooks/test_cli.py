"""`plaudit webhook`, and what `plaudit doctor` and the metrics say of endpoints."""

import asyncio
import stat
import time
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from command_line import plaudit
from examples import NOW, a_message, a_vote
from opening import open_store
from receiver import Receiver, answer

from plaudit.events import Endpoint, Settled
from plaudit.rules import decide
from plaudit.settings import open_secrets
from plaudit.webhooks.signing import key_of

SECRET = "whsec_" + "c2VjcmV0" * 6
HOUR = 3600 * 1000


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request):
    return "sqlite:votes.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")


def written(database_url="sqlite:votes.db", receiver="http://127.0.0.1:1/", more=""):
    Path("secret").write_text(SECRET)
    Path("secret").chmod(0o600)
    Path("plaudit.toml").write_text(
        f'database_url = "{database_url}"\n[[projects]]\nid = "acme"\n[[projects.webhooks]]\nid = "chat"\n'
        f'url = "{receiver}"\nsecret_files = ["secret"]\nallow_private = true\n{more}')


@asynccontextmanager
async def opened(url, *ids):
    endpoints = {"acme": [Endpoint(each, "acme", "https://receiver.example/") for each in ids]}
    place = Path(url.removeprefix("sqlite:")) if url.startswith("sqlite:") else url
    store = await open_store(place, decide, now=lambda: NOW, endpoints=endpoints)
    try:
        yield store
    finally:
        await store.close()


def with_events(url, ids=("chat",), dead=0):
    """Three for each endpoint, so many of which were given up; the dead ones' ids."""

    async def fill():
        async with opened(url, *ids) as store:
            await store.register([a_message(f"m-{number}") for number in range(3)])
            for number in range(3):
                await store.submit(a_vote(f"m-{number}", at=NOW + number))
            claimed = await store.claim(Endpoint("chat", "acme", ""), (), dead) if dead else []
            await store.settle([Settled(it.due, "status 500", None, NOW + HOUR) for it in claimed])
            return [it.due.event_id for it in claimed]

    return asyncio.run(fill())


def test_a_secret_is_made_and_shown_once(capsys):
    said = plaudit(capsys, "webhook", "secret", "secret")
    assert said.code == 0
    made = Path("secret").read_text().strip()
    assert f"secret: {made}\n" in said.out
    assert len(key_of(made)) == 32
    assert stat.S_IMODE(Path("secret").stat().st_mode) == 0o600


def test_no_secret_is_overwritten(capsys):
    Path("secret").write_text("precious")
    said = plaudit(capsys, "webhook", "secret", "secret")
    assert (said.code, Path("secret").read_text()) == (2, "precious")


def test_what_waits_is_listed(capsys, url):
    """Also of an endpoint that the settings name no more."""
    written(url)
    with_events(url, ("chat", "former"), dead=2)
    said = plaudit(capsys, "webhook", "list")
    assert (said.code, said.out.splitlines()) == (0, [
        "ENDPOINT  PROJECT                BODY     WAITING  SINCE                 DEAD",
        "chat      acme                   plaudit  1        2026-11-22T08:00:00Z  2",
        "former    (not in the settings)           3        2026-11-22T08:00:00Z  0"])


def test_dead_letters_are_listed_and_replayed(capsys, url):
    """By hand, one or all; what is not dead is not touched."""
    written(url)
    first, second = with_events(url, dead=2)
    assert plaudit(capsys, "webhook", "dead", "chat").out.splitlines() == [
        f"{first}  2026-11-22T09:00:00Z  1 attempts  status 500",
        f"{second}  2026-11-22T09:00:00Z  1 attempts  status 500"]
    said = plaudit(capsys, "webhook", "replay", "chat", first)
    assert (said.code, said.out) == (0, "1 to be sent again to chat\n")
    assert plaudit(capsys, "webhook", "replay", "chat", "--all").out == "1 to be sent again to chat\n"
    said = plaudit(capsys, "webhook", "replay", "chat", first)
    assert (said.code, said.err) == (
        1, "plaudit: there is no such dead letter; `plaudit webhook dead chat` lists those that there are\n")


def test_dead_letters_are_replayed_beside_a_server(capsys):
    """One SQLite file has one server; a command may write for a moment all the same."""
    written()
    [dead] = with_events("sqlite:votes.db", dead=1)

    async def replay():
        async with opened("sqlite:votes.db", "chat") as store:
            said = await asyncio.to_thread(plaudit, capsys, "webhook", "replay", "chat", dead)
            await store.submit(a_vote("m-0", at=NOW + 10))
            return said, await store.backlogs()

    said, [backlog] = asyncio.run(replay())
    assert (said.code, backlog.waiting, backlog.dead) == (0, 4, 0)


@pytest.mark.parametrize(("arguments", "message"), [
    (("replay", "chat"), "name the events to send again, or all of them by --all"),
    (("replay", "chat", "evt_1_2", "--all"), "name the events to send again, or all of them by --all"),
    (("replay", "chat", "m-1"), '"m-1" is no event\'s id; `plaudit webhook dead` lists them'),
    (("test", "other"), 'there is no webhook "other" in the settings, only: chat'),
])
def test_what_cannot_be_done(capsys, arguments, message):
    written()
    with_events("sqlite:votes.db")
    said = plaudit(capsys, "webhook", *arguments)
    assert (said.code, said.err) == (2, f"plaudit: {message}\n")


@pytest.mark.parametrize(("answered", "code", "said"), [
    (answer(204), 0, "chat: status 204\n"),
    (answer(500), 1, "plaudit: chat: status 500, which is no delivery; only 2xx is\n"),
])
def test_an_endpoint_is_tried(capsys, answered, code, said):
    """With an event that says of itself that it is a test."""

    async def tried():
        async with Receiver(lambda _: answered) as receiver:
            written(receiver=receiver.url)
            return await asyncio.to_thread(plaudit, capsys, "webhook", "test", "chat"), receiver.received

    told, [received] = asyncio.run(tried())
    assert (told.code, told.out + told.err) == (code, said)
    assert b"plaudit webhook test" in received.body
    assert received.headers["webhook-id"].startswith("evt_0_")


def test_a_receiver_that_is_not_there_is_told(capsys):
    written()
    said = plaudit(capsys, "webhook", "test", "chat")
    assert (said.code, said.err) == (1, "plaudit: chat: it cannot be reached (ConnectionRefusedError)\n")


# ---------------------------------------------------------------- doctor


def test_the_doctor_has_nothing_to_say_of_what_works(capsys):
    written()
    open_secrets(Path("plaudit-data"), {})
    asyncio.run(_told_lately())
    said = plaudit(capsys, "doctor")
    assert (said.code, "✘" in said.out) == (0, False), said.out
    assert "✔ Webhook chat of project acme: 127.0.0.1 can be found; `plaudit webhook test chat` tries it" in said.out


async def _told_lately():
    async with opened("sqlite:votes.db", "chat") as store:
        await store.register([a_message()])
        await store.submit(a_vote(at=int(time.time() * 1000)))


def test_the_doctor_tells_what_waits_and_what_is_dead(capsys):
    written(more='[[projects.webhooks]]\nid = "lost"\nurl = "https://receiver.invalid/"\nsecret_files = ["secret"]\n')
    with_events("sqlite:votes.db", ("chat", "former"), dead=2)
    said = plaudit(capsys, "doctor")
    assert said.code == 1
    assert ("✘ Webhook lost of project acme: receiver.invalid stands for no address; check its url and the network"
            ) in said.out
    assert "✘ Webhook former: it is not in the settings; 3 events waiting and 0 dead are kept for it" in said.out
    assert "✘ Webhook chat: 2 events given up; `plaudit webhook dead chat` says why" in said.out


def test_the_doctor_tells_of_a_secret_that_is_not_there(capsys):
    """As a server would, when it starts."""
    written(more='[[projects.webhooks]]\nid = "other"\nurl = "https://receiver.example/"\nsecret_files = ["missing"]\n')
    said = plaudit(capsys, "doctor")
    assert "✘ Webhooks: missing: cannot be read" in said.out
