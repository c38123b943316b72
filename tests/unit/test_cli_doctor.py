"""`plaudit doctor`: every finding in plain words, and exit code 1 when one is bad."""

import asyncio
import time
from pathlib import Path

import apsw
import pytest
from command_line import plaudit
from damage import wreck
from identity_provider import Answer, jwk, jwks, rsa_key, running

from plaudit import rules
from plaudit.model import Message, Missed, MissedReason, Role, Subject, SubjectKind
from plaudit.settings import open_secrets
from plaudit.settings.keys import keys_file
from plaudit.store.sqlite import SqliteStore

DATA = Path("plaudit-data")
DATABASE = DATA / "plaudit.db"


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def start_once() -> None:
    async def open_and_close() -> None:
        store = await SqliteStore.open(DATABASE, rules.decide, now=lambda: 1)
        await store.close()

    open_secrets(DATA, {})
    asyncio.run(open_and_close())


def test_before_the_first_start_nothing_is_wrong_and_nothing_is_made(capsys):
    said = plaudit(capsys, "doctor")
    assert (said.code, said.err, list(Path().iterdir())) == (0, "", [])
    assert "✔ Settings: no file, only defaults" in said.out
    assert "✔ Secrets: plaudit-data/secrets.toml will be made at the first start" in said.out


def test_a_sound_installation_is_called_sound(capsys):
    start_once()
    said = plaudit(capsys, "doctor")
    assert (said.code, "✘" in said.out) == (0, False)
    assert "✔ Database: plaudit-data/plaudit.db is sound\n✔ Write-ahead log: 0 MiB\n✔ Newest vote: none yet" in said.out


def open_secrets_to_others() -> None:
    (DATA / "secrets.toml").chmod(0o644)


def open_folder_to_others() -> None:
    DATA.chmod(0o755)


def damage_keys() -> None:
    keys_file(DATA).touch(0o600)
    keys_file(DATA).write_text("x", encoding="utf-8")


def damage_database() -> None:
    wreck(DATABASE)


def vote_from_the_future() -> None:
    with apsw.Connection(str(DATABASE)) as connection:
        connection.execute("INSERT INTO history "
                           "VALUES (1, NULL, 'p', 'm', 's', 1, NULL, 1, 'c', 'a', 1, 4102444800000, NULL)")


def make_an_id_a_model() -> None:
    async def register() -> None:
        store = await SqliteStore.open(DATABASE, rules.decide, now=lambda: 1)
        somebody = Subject.of(SubjectKind.VISITOR, "v-1")
        await store.register([Message("default", f"m-{n}", "c-1", Role.ASSISTANT, somebody, 1, model=f"request-{n}")
                              for n in range(1001)])
        await store.close()

    asyncio.run(register())


def miss_messages() -> None:
    async def count() -> None:
        store = await SqliteStore.open(DATABASE, rules.decide, now=lambda: 1)
        today = int(time.time()) // 86_400
        await store.count_missed({Missed("default", today, MissedReason.LATE, "https://shop.example/help"): 3,
                                  Missed("default", today, MissedReason.NEVER, ""): 1,
                                  Missed("default", today - 30, MissedReason.NEVER, "https://old.example/"): 99})
        await store.close()

    asyncio.run(count())


def misspell_a_setting() -> None:
    Path("plaudit.toml").write_text("prot = 1", encoding="utf-8")


def name_an_issuer_that_is_not_there() -> None:
    issuer("http://127.0.0.1:9/jwks.json")


def issuer(jwks_url: str) -> None:
    Path("plaudit.toml").write_text(
        '[[projects]]\nid = "a"\n[[projects.issuers]]\nissuer = "https://tenant.auth0.com/"\naudiences = ["x"]\n'
        f'jwks_url = "{jwks_url}"\n', encoding="utf-8")


@pytest.mark.parametrize(("spoil", "finding"), [
    (open_secrets_to_others, ("✘ Secrets: plaudit-data/secrets.toml: others can read it (mode 0644); run: chmod 600 "
                             "plaudit-data/secrets.toml")),
    (open_folder_to_others, "✘ Data folder: others can enter plaudit-data (mode 0755); run: chmod 700 plaudit-data"),
    (damage_keys, "✘ Keys: plaudit-data/keys.toml: cannot be understood"),
    (damage_database, "✘ Database: plaudit-data/plaudit.db is damaged ("),
    (vote_from_the_future, ("✘ Newest vote: 2100-01-01T00:00:00+00:00, which is in the future; put this machine's "
                           "clock right")),
    (make_an_id_a_model, "✘ Dimension model of default: 1,001 values; is an id among them? Send ids as metadata, or "),
    (miss_messages, ("✘ Unknown messages of default: 4 votes refused in 7 days, most on https://shop.example/help; 3 "
                     "of their messages were registered too late, 1 never. Give the page receipts, or register ")),
    (misspell_a_setting, "✘ plaudit.toml:1: prot: there is no such setting; did you mean port?"),
    (name_an_issuer_that_is_not_there, "✘ Issuer https://tenant.auth0.com/ of project a: http://127.0.0.1:9/jwks.json:"),
])
def test_what_is_wrong_is_said_with_what_to_do(spoil, finding, capsys):
    start_once()
    spoil()
    said = plaudit(capsys, "doctor")
    assert (said.code, said.out.count("✘")) == (1, 1)
    assert finding in said.out
    assert said.err.startswith("plaudit: ")


def test_an_issuer_that_answers_is_asked_for_its_keys_and_the_time(capsys):
    with running() as provider:
        provider.answer = Answer(jwks(jwk(rsa_key("a"), "k1"), jwk(rsa_key("b"), "k2")))
        issuer(provider.url)
        said = plaudit(capsys, "doctor")
    assert (said.code, said.err) == (0, "")
    assert "✔ Issuer https://tenant.auth0.com/ of project a: 2 usable keys\n✔ Clock: " in said.out


def test_an_issuer_without_usable_keys_is_no_good(capsys):
    with running() as provider:
        provider.answer = Answer(jwks(jwk(rsa_key("short", 1024), "k1")))
        issuer(provider.url)
        said = plaudit(capsys, "doctor")
    assert said.code == 1
    assert "of project a: " in said.out
