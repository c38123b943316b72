"""Keys that applications hold: secret ones for their back ends, publishable ones for their pages."""

import hashlib

import pytest
from identity_provider import project

from plaudit.auth import keys
from plaudit.errors import Forbidden, Unauthenticated
from plaudit.model import Scope, ServerKey

ORIGIN = "https://www.example.com"
RED = project("red", publishable_key="pk_red", origins=frozenset({ORIGIN, "http://localhost:3000"}))
BLUE = project("blue", publishable_key="pk_blue")


def holder_of(*server_keys: ServerKey, project_id: str = "acme"):
    return project(project_id, server_keys=server_keys)


def minted(key_id: str = "main") -> tuple[str, ServerKey]:
    key, sha256 = keys.new_server_key()
    return key, ServerKey(key_id, sha256, frozenset({Scope.MESSAGES_WRITE}))


# ---------------------------------------------------------------- server keys


def test_a_new_key_is_random_and_only_its_hash_is_for_keeping():
    """256 random bits, recognisable by `sk_`."""
    key, sha256 = keys.new_server_key()
    assert key.startswith("sk_")
    assert len(key) == 3 + 43
    assert sha256 == hashlib.sha256(key.encode()).hexdigest()
    assert keys.new_server_key()[0] != key


def test_a_server_key_names_its_project():
    """One project may have several, to change them without a gap."""
    (old, old_key), (new, new_key), (foreign, foreign_key) = minted("old"), minted("new"), minted()
    acme, other = holder_of(old_key, new_key), holder_of(foreign_key, project_id="other")
    known = keys.ServerKeys([acme, other])
    assert [known.find(key) for key in (old, new, foreign)] == [(acme, old_key), (acme, new_key), (other, foreign_key)]


@pytest.mark.parametrize("spoil", [
    pytest.param(lambda _: "", id="empty"),
    pytest.param(lambda _: "sk_", id="only the prefix"),
    pytest.param(lambda key: key[:-1], id="cut short"),
    pytest.param(lambda key: key + "a", id="too long"),
    pytest.param(lambda key: key + "\n", id="a line end"),
    pytest.param(lambda key: key.upper(), id="upper case"),
    pytest.param(lambda key: key.replace("sk_", "pk_"), id="another prefix"),
    pytest.param(keys.sha256_of, id="its hash"),
    pytest.param(lambda key: "sk_" + keys.sha256_of(key), id="its hash with the prefix"),
    pytest.param(lambda _: "sk_é", id="not ASCII"),
    pytest.param(lambda _: "sk_\ud800", id="a lone surrogate"),
    pytest.param(lambda _: "sk_" + "a" * 1_000_000, id="a million characters"),
])
def test_any_other_key_is_refused(spoil):
    """As a token that was given and is no good."""
    key, held = minted()
    known = keys.ServerKeys([holder_of(held)])
    with pytest.raises(Unauthenticated) as caught:
        known.find(spoil(key))
    assert caught.value.token_invalid


def test_a_key_that_was_taken_away_is_refused():
    """A revoked key is one that is listed no more."""
    key, held = minted()
    assert keys.ServerKeys([holder_of(held)]).find(key)
    with pytest.raises(Unauthenticated):
        keys.ServerKeys([holder_of()]).find(key)


@pytest.mark.anyio
async def test_the_authenticator_knows_server_keys(authenticator, server_key):
    """The way that Plaudit's own API asks."""
    key, holder = server_key
    assert authenticator(holder).by_server_key(key) == (holder, holder.server_keys[0])


# ---------------------------------------------------------------- publishable keys


@pytest.mark.parametrize(("key", "origin", "found"), [
    ("pk_red", ORIGIN, RED),
    ("pk_red", "http://localhost:3000", RED),
    ("pk_red", None, RED),  # no browser: curl, a phone
    ("pk_blue", None, BLUE),
])
@pytest.mark.anyio
async def test_a_publishable_key_names_its_project_on_its_origins(authenticator, key, origin, found):
    """It proves nothing: everyone can read it in the page."""
    assert authenticator(RED, BLUE).by_publishable_key(key, origin) is found


@pytest.mark.parametrize(("key", "origin", "refusal"), [
    ("pk_gone", ORIGIN, Unauthenticated),
    ("", None, Unauthenticated),
    ("PK_RED", None, Unauthenticated),
    ("sk_red", None, Unauthenticated),
    ("pk_red", "https://www.example.com.evil.com", Forbidden),
    ("pk_red", "https://example.com", Forbidden),
    ("pk_red", "http://www.example.com", Forbidden),
    ("pk_red", "https://www.example.com:8443", Forbidden),
    ("pk_red", "https://www.example.com/", Forbidden),
    ("pk_red", "HTTPS://WWW.EXAMPLE.COM", Forbidden),
    ("pk_red", "null", Forbidden),
    ("pk_red", "", Forbidden),
    ("pk_red", "*", Forbidden),
    ("pk_blue", ORIGIN, Forbidden),  # it lists no origins: no browser may use it
])
@pytest.mark.anyio
async def test_a_publishable_key_is_refused_elsewhere(authenticator, key, origin, refusal):
    """Origins are compared exactly."""
    with pytest.raises(refusal):
        authenticator(RED, BLUE).by_publishable_key(key, origin)


def test_a_new_publishable_key_is_told_from_a_secret_one():
    """By its prefix."""
    assert keys.new_publishable_key().startswith("pk_")
