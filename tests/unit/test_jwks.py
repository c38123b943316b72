"""The keys of identity providers: fetched seldom, kept long, and only those that may be used."""

import asyncio
import json

import pytest
from identity_provider import ISSUER, NOW, OTHER_ISSUER, Answer, ec_key, jwk, jwks, rsa_key

from plaudit.auth.jwk import UnusableDocument, usable_keys
from plaudit.auth.jwks import DOCUMENT_BYTES_MAX, IssuerFacts, JwksCache
from plaudit.errors import DependencyDown

pytestmark = pytest.mark.anyio

MAIN = jwk(rsa_key("main"), "main")
NEXT = jwk(rsa_key("next"), "next")
MINUTE = 60
HOUR = 60 * MINUTE


@pytest.fixture
async def cache(clock):
    cache = JwksCache(clock, timeout_seconds=0.3)
    yield cache
    await cache.aclose()


# ---------------------------------------------------------------- one document


@pytest.mark.parametrize(("entries", "kids"), [
    pytest.param([MAIN], {"main"}, id="an RSA key of 2048 bits"),
    pytest.param([jwk(ec_key("ec"), "ec")], {"ec"}, id="a P-256 key"),
    pytest.param([MAIN, jwk(rsa_key("next"), "enc", use="enc")], {"main"}, id="an encryption key is passed over"),
    pytest.param([MAIN, jwk(rsa_key("next"), "wrap", key_ops=["wrapKey"])], {"main"}, id="a key that may not verify"),
    pytest.param([MAIN, {"kty": "oct", "kid": "oct", "k": "c2VjcmV0"}], {"main"}, id="a symmetric key"),
    pytest.param([MAIN, jwk(rsa_key("short", 1024), "short")], {"main"}, id="an RSA key of 1024 bits"),
    pytest.param([MAIN, jwk(ec_key("p384", "P-384"), "p384")], {"main"}, id="a curve other than P-256"),
    pytest.param([MAIN, jwk(rsa_key("next"), "hs", alg="HS256")], {"main"}, id="an algorithm of symmetric keys"),
    pytest.param([MAIN, {**NEXT, "kid": ""}], {"main"}, id="an empty kid"),
    pytest.param([MAIN, {**NEXT, "kid": 7}], {"main"}, id="a kid that is no text"),
    pytest.param([MAIN, {"kty": "RSA", "kid": "none"}], {"main"}, id="an RSA key without numbers"),
    pytest.param([MAIN, {**NEXT, "n": "!"}], {"main"}, id="a number that is no base64"),
    pytest.param([MAIN, {**jwk(ec_key("ec"), "ec"), "x": "AA"}], {"main"}, id="a point that is not on the curve"),
    pytest.param([MAIN, {**NEXT, "n": "_" * 200_000}], {"main"}, id="an RSA key of a million bits"),
    pytest.param([MAIN, {**NEXT, "e": "_" * 100}], {"main"}, id="an exponent of 600 bits"),
    pytest.param([MAIN, {**NEXT, "e": "AQAA"}], {"main"}, id="an even exponent"),
    pytest.param([MAIN, {**NEXT, "n": "ééé", "e": "\ud83d\ude00"}], {"main"}, id="numbers that are not ASCII"),
    pytest.param([MAIN, "key", None, 1, []], {"main"}, id="entries that are no keys"),
    pytest.param([MAIN, {**NEXT, "kid": "main"}], {"main"}, id="a kid twice"),
])
def test_only_keys_that_may_verify_are_known(entries, kids):
    """A key that cannot be used is passed over, and never spoils its neighbours."""
    assert set(usable_keys(json.dumps({"keys": entries}).encode())) == kids


def test_of_two_keys_with_one_kid_the_first_is_known():
    """Whoever can only append to a document cannot replace a key in it."""
    found = usable_keys(jwks(MAIN, {**NEXT, "kid": "main"}))["main"]
    assert found.public == rsa_key("main").public_key()


def test_a_private_key_published_by_mistake_is_read_as_public():
    """Only the public members are looked at."""
    found = usable_keys(jwks({**MAIN, "d": "AQAB"}))["main"]
    assert found.public == rsa_key("main").public_key()


@pytest.mark.parametrize("document", [
    pytest.param(b"", id="nothing"),
    pytest.param(b"<!doctype html><title>Sign in</title>", id="HTML"),
    pytest.param(b"[]", id="a list"),
    pytest.param(b"{}", id="no keys"),
    pytest.param(b'{"keys":{}}', id="keys that are no list"),
    pytest.param(b'{"keys":[]}', id="an empty list"),
    pytest.param(b'{"keys":[' + b"[" * 100_000, id="very deep"),
    pytest.param(b'{"keys":["\xff"]}', id="not UTF-8"),
    pytest.param(jwks(*[{**MAIN, "kid": str(n)} for n in range(51)]), id="51 keys"),
    pytest.param(jwks(jwk(rsa_key("main"), "main", use="enc")), id="none that is usable"),
])
def test_a_document_without_usable_keys_is_refused(document):
    """It is treated as a fetch that failed, so that it never replaces keys that work."""
    with pytest.raises(UnusableDocument):
        usable_keys(document)


def test_fifty_keys_are_not_too_many():
    """The cap is 50."""
    assert len(usable_keys(jwks(*[{**MAIN, "kid": str(n)} for n in range(50)]))) == 50


# ---------------------------------------------------------------- how often


async def test_keys_are_fetched_once_in_ten_minutes(cache, provider, clock):
    """Fresh keys need no network."""
    for _ in range(10):
        assert await cache.key(provider.issuer(), "main")
        clock.advance(seconds=59)
    assert len(provider.heard) == 1
    clock.advance(seconds=11)
    assert await cache.key(provider.issuer(), "main")
    assert len(provider.heard) == 2


async def test_a_hundred_requests_at_once_make_one_fetch(cache, provider):
    """One fetch is in flight for an issuer; everyone waits for it."""
    found = await asyncio.gather(*(cache.key(provider.issuer(), "main") for _ in range(100)))
    assert all(found)
    assert len(provider.heard) == 1


async def test_a_waiter_who_hangs_up_does_not_end_the_fetch_for_the_others(cache, provider):
    """The fetch belongs to nobody's request."""
    first = asyncio.create_task(cache.key(provider.issuer(), "main"))
    second = asyncio.create_task(cache.key(provider.issuer(), "main"))
    await asyncio.sleep(0)
    first.cancel()
    assert await second
    assert len(provider.heard) == 1


async def test_ten_thousand_random_kids_make_one_fetch_a_cooldown(cache, provider, clock):
    """Whoever invents kids costs the issuer one request in 30 seconds, and good users nothing."""
    assert await cache.key(provider.issuer(), "main")
    clock.advance(seconds=31)
    for number in range(10_000):
        assert await cache.key(provider.issuer(), f"random-{number}") is None
        if number % 1000 == 0:
            assert await cache.key(provider.issuer(), "main")
    assert len(provider.heard) == 2
    clock.advance(seconds=30)
    assert await cache.key(provider.issuer(), "random") is None
    assert len(provider.heard) == 3


async def test_a_rotated_key_is_found_at_its_first_use(cache, provider, clock):
    """An unknown kid asks again, once the cooldown has passed."""
    assert await cache.key(provider.issuer(), "main")
    provider.publish(MAIN, NEXT)
    clock.advance(seconds=29)
    assert await cache.key(provider.issuer(), "next") is None
    clock.advance(seconds=1)
    assert await cache.key(provider.issuer(), "next")


async def test_a_cold_failure_cools_down_too(cache, provider, clock):
    """The half minute counts from the last attempt, whatever came of it."""
    provider.fail()
    for _ in range(100):
        with pytest.raises(DependencyDown):
            await cache.key(provider.issuer(), "main")
    assert len(provider.heard) == 1
    provider.publish(MAIN)
    clock.advance(seconds=30)
    assert await cache.key(provider.issuer(), "main")


async def test_a_clock_set_back_does_not_stop_fetching(cache, provider, clock):
    """A day back counts as time that has passed."""
    assert await cache.key(provider.issuer(), "main")
    clock.advance(seconds=-24 * HOUR)
    assert await cache.key(provider.issuer(), "main")
    assert len(provider.heard) == 2


# ---------------------------------------------------------------- while the issuer fails


BAD_MOMENTS = [
    pytest.param(Answer(b"oops", 500), id="fails"),
    pytest.param(Answer(b"<!doctype html><title>Maintenance</title>"), id="answers HTML"),
    pytest.param(Answer(b"", 302, {"location": "/elsewhere"}), id="redirects"),
    pytest.param(Answer(jwks(MAIN)[:-1] + b" " * DOCUMENT_BYTES_MAX + b"}"), id="is huge"),
    pytest.param(Answer(silent=True), id="is slow"),
    pytest.param(Answer(b'{"keys":[]}'), id="publishes no keys"),
    pytest.param(Answer(b"\x1f\x8b\x08", 200, {"content-encoding": "gzip"}), id="compresses unasked"),
]


@pytest.mark.parametrize("answer", BAD_MOMENTS)
async def test_an_issuer_that_fails_cold_leaves_the_question_open(cache, provider, answer):
    """No keys at all: nobody can say whether a token is good."""
    provider.answer = answer
    with pytest.raises(DependencyDown) as caught:
        await cache.key(provider.issuer(), "main")
    assert caught.value.service == "identity_provider"
    assert provider.heard == ["/.well-known/jwks.json"]


@pytest.mark.parametrize("answer", BAD_MOMENTS)
async def test_old_keys_serve_for_a_day_while_the_issuer_fails(cache, provider, clock, answer):
    """A fetch that fails never drops a key."""
    assert await cache.key(provider.issuer(), "main")
    provider.answer = answer
    clock.advance(seconds=23 * HOUR + 59 * MINUTE)
    assert await cache.key(provider.issuer(), "main")
    clock.advance(seconds=MINUTE)
    with pytest.raises(DependencyDown):
        await cache.key(provider.issuer(), "main")


async def test_nobody_waits_for_an_issuer_that_failed_when_last_asked(cache, provider, clock):
    """Old keys are given at once and renewed behind the requests' backs."""
    assert await cache.key(provider.issuer(), "main")
    provider.fail()
    clock.advance(seconds=11 * MINUTE)
    assert await cache.key(provider.issuer(), "main")
    provider.answer = Answer(silent=True)
    clock.advance(seconds=31)
    async with asyncio.timeout(0.1):
        assert await cache.key(provider.issuer(), "main")


async def test_an_issuer_that_recovers_is_heard_again(cache, provider, clock):
    """After a failure the next attempt replaces the old keys."""
    assert await cache.key(provider.issuer(), "main")
    provider.fail()
    clock.advance(seconds=11 * MINUTE)
    assert await cache.key(provider.issuer(), "main")
    provider.publish(NEXT)
    clock.advance(seconds=31)
    assert await cache.key(provider.issuer(), "next")
    assert await cache.key(provider.issuer(), "main") is None


async def test_an_unknown_kid_is_no_verdict_while_the_issuer_fails(cache, provider, clock):
    """The key may be a new one: refusing it would log its user out."""
    assert await cache.key(provider.issuer(), "main")
    provider.fail()
    clock.advance(seconds=31)
    with pytest.raises(DependencyDown):
        await cache.key(provider.issuer(), "next")
    assert await cache.key(provider.issuer(), "main")


async def test_an_issuer_that_cannot_be_reached_is_down(cache, provider):
    """Connection refused is a failure like any other."""
    with pytest.raises(DependencyDown):
        await cache.key(provider.issuer(jwks_url="http://127.0.0.1:1/jwks.json"), "main")


# ---------------------------------------------------------------- which keys


async def test_keys_are_looked_up_per_issuer(cache, provider, other_provider):
    """Two issuers may use one kid for different keys."""
    other_provider.publish(jwk(rsa_key("other"), "main"))
    mine = await cache.key(provider.issuer(), "main")
    theirs = await cache.key(other_provider.issuer(OTHER_ISSUER), "main")
    assert (mine.public, theirs.public) == (rsa_key("main").public_key(), rsa_key("other").public_key())


@pytest.mark.parametrize(("published", "dropped"), [
    pytest.param([NEXT], {"main"}, id="a key that vanished"),
    pytest.param([jwk(rsa_key("next"), "main")], {"main"}, id="a kid that stands for another key"),
    pytest.param([MAIN, NEXT], set(), id="a key that was added drops none"),
])
async def test_whoever_listens_is_told_of_dropped_keys(cache, provider, clock, published, dropped):
    """Tokens that were verified with them must be verified anew."""
    told = []
    cache.when_dropped(lambda issuer, kids: told.append((issuer, kids)))
    await cache.key(provider.issuer(), "main")
    provider.publish(*published)
    clock.advance(seconds=10 * MINUTE)
    await cache.key(provider.issuer(), "main")
    assert told == ([(ISSUER, frozenset(dropped))] if dropped else [])


async def test_a_static_issuer_needs_no_network(clock, provider):
    """Development mode: the server is its own issuer."""
    cache = JwksCache(clock, static={ISSUER: jwks(MAIN)})
    assert await cache.key(provider.issuer(), "main")
    assert await cache.key(provider.issuer(), "unknown") is None
    assert await cache.check(provider.issuer()) == 1
    assert provider.heard == []


# ---------------------------------------------------------------- for operators


async def test_the_facts_count_every_attempt(cache, provider, clock):
    """Metrics: age, fetches, failures."""
    assert cache.facts() == []
    await cache.key(provider.issuer(), "main")
    provider.fail()
    clock.advance(seconds=11 * MINUTE)
    await cache.key(provider.issuer(), "main")
    assert cache.facts() == [IssuerFacts(ISSUER, age_seconds=660.0, keys=1, fetches=2, failures=1)]
    assert clock.now == NOW + 660_000


async def test_a_check_counts_the_usable_keys(cache, provider):
    """For `plaudit doctor`."""
    provider.publish(MAIN, NEXT, {"kty": "oct", "kid": "oct", "k": "AA"})
    assert await cache.check(provider.issuer()) == 2


@pytest.mark.parametrize(("answer", "reason"), [
    pytest.param(Answer(b"oops", 500), "it answers with status 500", id="fails"),
    pytest.param(Answer(b"", 302, {"location": "/"}), "it answers with status 302", id="redirects"),
    pytest.param(Answer(b"<html>"), "it is no JSON Web Key Set", id="HTML"),
    pytest.param(Answer(b" " * 300_000), "the document is larger than 262144 bytes", id="huge"),
    pytest.param(Answer(silent=True), "no answer within 0.3 seconds", id="slow"),
    pytest.param(Answer(b'{"keys":[]}'), "it holds no usable key: RSA of 2048 bits or more, or P-256, with a kid",
                 id="no keys"),
])
async def test_a_check_says_why_the_keys_cannot_be_had(cache, provider, answer, reason):
    """The operator reads an address and a reason."""
    provider.answer = answer
    with pytest.raises(DependencyDown) as caught:
        await cache.check(provider.issuer())
    assert caught.value.message == f"{provider.url}: {reason}"


async def test_a_check_of_an_issuer_that_cannot_be_reached_says_so(cache, provider):
    """A wrong port, a firewall, a name that does not resolve."""
    with pytest.raises(DependencyDown, match=r"it cannot be reached \(ConnectError\)"):
        await cache.check(provider.issuer(jwks_url="http://127.0.0.1:1/jwks.json"))
