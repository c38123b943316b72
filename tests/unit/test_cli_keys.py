"""`plaudit key`, `plaudit config` and `plaudit token`: what is shown, what is kept, and what is never shown."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import jwt
import pytest
from command_line import plaudit
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from plaudit.auth.keys import sha256_of
from plaudit.auth.receipts import Receipts
from plaudit.model import ReceiptKey
from plaudit.settings import Settings, built_in, load
from plaudit.settings.keys import keys_file, read_keys
from plaudit.settings.receipt_keys import key_bytes

DATA = Path("plaudit-data")
FILE = """\
[[projects]]
id = "shop"
[[projects]]
id = "blog"
[[projects.server_keys]]
id = "written"
sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
scopes = ["admin"]
"""


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def secret_in(text: str) -> str:
    return re.search(r"secret: (sk_\S+)", text)[1]


def test_a_new_key_is_shown_once_and_kept_as_a_hash(capsys):
    said = plaudit(capsys, "key", "new", "--id", "backend", "--scope", "messages:write")
    secret = secret_in(said.out)
    record, = read_keys(DATA).server_keys
    assert said.out.startswith("id:     backend  (project default; messages:write)\n")
    assert (record.id, record.project, record.scopes, record.sha256) == (
        "backend", "default", ("messages:write",), sha256_of(secret))
    assert secret not in keys_file(DATA).read_text(encoding="utf-8")
    assert secret not in plaudit(capsys, "key", "list").out


def test_a_key_for_the_file_stores_nothing_and_works_when_pasted(capsys):
    said = plaudit(capsys, "key", "new", "--id", "ops", "--scope", "admin", "--toml")
    assert not DATA.exists()
    Path("plaudit.toml").write_text('[[projects]]\nid = "default"\n' + said.out, encoding="utf-8")
    key, = load(None, {}).default_project.server_keys
    assert (key.id, key.sha256) == ("ops", sha256_of(secret_in(said.out)))


def test_keys_are_listed_with_where_they_are_kept(capsys):
    Path("plaudit.toml").write_text(FILE, encoding="utf-8")
    plaudit(capsys, "key", "new", "--id", "made")
    lines = [line.split() for line in plaudit(capsys, "key", "list").out.splitlines()]
    assert [line[:5] for line in lines] == [
        ["ID", "PROJECT", "SCOPES", "KEPT", "IN"],
        ["written", "blog", "admin", "plaudit.toml"],
        ["made", "shop", "feedback:read,messages:write", "plaudit-data/keys.toml", "since"],
    ]


def test_a_revoked_key_is_gone(capsys):
    plaudit(capsys, "key", "new", "--id", "made")
    assert plaudit(capsys, "key", "revoke", "made").out.startswith("revoked: made.")
    assert read_keys(DATA).server_keys == ()


@pytest.mark.parametrize(("arguments", "message"), [
    (["key", "revoke", "written"],
     'key "written" stands in plaudit.toml; remove it there and restart the server'),
    (["key", "new", "--id", "written"], 'there is a key "written" in plaudit.toml already; choose another --id'),
    (["token", "--development", "--subject", "a", "--project", "blog"],
     "only the default project, shop, believes the development issuer"),
])
def test_what_the_file_says_is_the_operators(arguments, message, capsys):
    Path("plaudit.toml").write_text(FILE, encoding="utf-8")
    said = plaudit(capsys, *arguments)
    assert (said.code, said.out, said.err) == (2, "", f"plaudit: {message}\n")


def test_the_settings_that_hold_are_printed_as_a_file_that_holds(capsys, monkeypatch):
    """What is shown is what would be read: defaults, file and environment together."""
    Path("plaudit.toml").write_text("port = 81\n" + FILE, encoding="utf-8")
    monkeypatch.setenv("PLAUDIT_SESSION_DAYS", "7")
    said = plaudit(capsys, "config", "show")
    shown = tomllib.loads(said.out)
    assert (shown["port"], shown["session_days"], shown["projects"][1]["server_keys"][0]["id"]) == (81, 7, "written")
    Path("shown.toml").write_text(said.out, encoding="utf-8")
    checked = plaudit(capsys, "config", "check", "--config", "shown.toml")
    assert checked.out == "shown.toml: good. Projects: shop, blog\n"


def test_secrets_are_never_shown(capsys, monkeypatch):
    monkeypatch.setenv("PLAUDIT_SESSION_SECRET", "a-secret-that-nobody-may-ever-see")
    monkeypatch.setenv("PLAUDIT_LIMITS_URL", "valkeys://plaudit:a-secret@limits.example/1")
    monkeypatch.setenv("PLAUDIT_DATABASE_URL", "postgresql://plaudit:a-secret@db.example/plaudit")
    said = plaudit(capsys, "config", "show")
    assert (said.code, "a-secret" in said.out) == (0, False)
    assert 'limits_url = "valkeys://plaudit@limits.example/1"' in said.out.splitlines()


def test_a_wrong_file_is_told_line_by_line(capsys):
    Path("plaudit.toml").write_text('[[projects]]\nid = "a"\nplan = "x"\nhosts = ["A"]\n', encoding="utf-8")
    said = plaudit(capsys, "config", "check")
    assert (said.code, said.out) == (2, "")
    assert [line.split(": ")[1] for line in said.err.splitlines()] == ["plaudit.toml:3", "plaudit.toml:4"]


def test_a_token_is_a_users_of_the_development_issuer(capsys):
    said = plaudit(capsys, "token", "--development", "--port", "81", "--subject", "alice", "--minutes", "5")
    claims = jwt.decode(said.out.strip(), options={"verify_signature": False})
    assert (claims["iss"], claims["sub"], claims["aud"], claims["exp"] - claims["iat"]) == (
        "http://127.0.0.1:81/development/", "alice", "plaudit-development", 300)
    assert (DATA / "development-key.pem").stat().st_mode & 0o777 == 0o600


# ---------------------------------------------------------------- keys that sign receipts


@pytest.mark.parametrize("algorithm", ["ed25519", "hs256"])
def test_a_key_that_signs_receipts_is_shown_once_and_what_it_is_checked_by_is_kept(capsys, algorithm):
    said = plaudit(capsys, "key", "new", "--receipts", "--id", "chat", "--algorithm", algorithm)
    secret = re.search(rf"^secret: rk_{algorithm}\.default\.chat\.([\w-]{{43}})$", said.out, re.MULTILINE)[1]
    [kept] = read_keys(DATA).receipt_keys
    believed = ReceiptKey(kept.id, kept.algorithm, key_bytes(kept.key))
    signed = jwt.encode({"project": "default"}, _signing_key(algorithm, secret), kept.algorithm.value,
                        {"kid": "chat", "typ": "receipt+jwt"})
    Receipts([replace(built_in(Settings()).default_project, receipt_keys=(believed,))]).verify(signed)
    assert (secret in (DATA / "keys.toml").read_text(encoding="utf-8")) == (algorithm == "hs256")
    listed = plaudit(capsys, "key", "list").out
    assert re.search(r"chat +default +receipts \((EdDSA|HS256)\)", listed)
    assert secret not in listed
    assert plaudit(capsys, "key", "revoke", "chat").code == 0
    assert read_keys(DATA).receipt_keys == ()


def _signing_key(algorithm, text):
    secret = key_bytes(text)
    return Ed25519PrivateKey.from_private_bytes(secret) if algorithm == "ed25519" else secret


def test_such_a_key_can_stand_in_the_settings(capsys):
    said = plaudit(capsys, "key", "new", "--receipts", "--id", "chat", "--toml")
    Path("plaudit.toml").write_text('[[projects]]\nid = "default"\n' + said.out, encoding="utf-8")
    assert plaudit(capsys, "config", "check").code == 0
    assert "receipts (EdDSA)" in plaudit(capsys, "key", "list").out
    assert plaudit(capsys, "key", "new", "--id", "chat").code == 2


@pytest.mark.parametrize("key_id", ["a.b", "a b", "", "x" * 65])
def test_its_id_has_no_dot(capsys, key_id):
    """A key's text is divided by them."""
    said = plaudit(capsys, "key", "new", "--receipts", "--id", key_id or "ü")
    assert said.code == 2
    assert "must be letters, digits, dashes or underscores" in said.err
