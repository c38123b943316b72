"""Signing in through an identity provider: what must be true before somebody is let in."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx2
import oidc_provider
import pytest
from identity_provider import NOW_SECONDS, project
from oidc_provider import CLIENT, EMAIL

from plaudit.auth.jwks import JwksCache
from plaudit.auth.oidc import Provider
from plaudit.auth.viewers import Viewers
from plaudit.errors import DependencyDown, Forbidden, Unauthenticated
from plaudit.model import SignIn

SECRET = b"s" * 32
RETURN = "http://plaudit.example/dashboard/sign-in/return"

pytestmark = pytest.mark.anyio


@pytest.fixture
def oidc(clock):
    with oidc_provider.running() as provider:
        provider.now_seconds = lambda: clock() / 1000
        yield provider


@pytest.fixture
def acme(oidc):
    return project("acme", sign_in=SignIn(oidc.url, CLIENT, "email", frozenset({EMAIL, "bob@example.com"})))


@pytest.fixture
async def viewers(authenticator, clock):
    """Viewers of some projects, as many as are asked for."""
    open_ones = []

    def make(*projects):
        jwks = JwksCache(clock)
        provider = Provider(jwks, SECRET, clock)
        open_ones.extend([jwks, provider])
        return Viewers(projects, authenticator(*projects), provider, SECRET, clock)

    yield make
    for one in open_ones:
        await one.aclose()


async def trip(viewers, project, return_url=RETURN):
    """As a browser goes: there, and back with what the provider gave it."""
    departure = await viewers.depart(project, return_url)
    with httpx2.Client(trust_env=False) as browser:
        back = browser.get(departure.url, follow_redirects=False).headers["location"]
    query = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    return departure.luggage, query["state"], query["code"]


async def test_somebody_on_the_list_comes_in(viewers, acme):
    found = viewers(acme)
    viewer, session = await found.arrive(*await trip(found, acme), RETURN)
    assert (viewer.project.id, viewer.name) == ("acme", EMAIL)
    assert found.by_session(session) == viewer


async def test_the_provider_is_asked_with_pkce_state_and_nonce(viewers, acme, oidc):
    found = viewers(acme)
    await trip(found, acme)
    await trip(found, acme)
    first, second = oidc.asked
    assert {name: first[name] for name in ("response_type", "client_id", "redirect_uri", "code_challenge_method")} == {
        "response_type": "code", "client_id": CLIENT, "redirect_uri": RETURN, "code_challenge_method": "S256"}
    assert "openid" in first["scope"].split()
    assert all(first[name] != second[name] for name in ("state", "nonce", "code_challenge"))


async def test_the_luggage_keeps_its_secrets(viewers, acme, oidc):
    """Who reads the cookie learns neither state, nonce nor verifier."""
    found = viewers(acme)
    luggage, state, code = await trip(found, acme)
    await found.arrive(luggage, state, code, RETURN)
    [(form, _)] = oidc.redeemed
    assert not any(secret in luggage for secret in (state, oidc.asked[0]["nonce"], form["code_verifier"]))


@pytest.mark.parametrize(("methods", "in_header"), [(None, True), (["client_secret_post"], False)])
async def test_a_client_with_a_secret_shows_it_as_the_provider_wants(viewers, acme, oidc, methods, in_header):
    oidc.discovery = {"token_endpoint_auth_methods_supported": methods}
    acme = replace(acme, sign_in=replace(acme.sign_in, client_secret="se cret"))
    found = viewers(acme)
    await found.arrive(*await trip(found, acme), RETURN)
    [(form, authorization)] = oidc.redeemed
    assert (authorization is not None, "client_secret" in form) == (in_header, not in_header)


@pytest.mark.parametrize("claims", [
    {"nonce": "another"}, {"nonce": None}, {"aud": "another-client"}, {"aud": [CLIENT, "another"]},
    {"aud": [CLIENT, "another"], "azp": "another"}, {"azp": "another"}, {"iss": "https://evil.example"},
    {"exp": NOW_SECONDS - 60}, {"exp": None}, {"iat": NOW_SECONDS + 600}, {"sub": None}, {"sub": ""},
])
async def test_an_id_token_that_is_not_as_it_must_be_lets_nobody_in(viewers, acme, oidc, claims):
    oidc.claims = claims
    found = viewers(acme)
    with pytest.raises(Unauthenticated):
        await found.arrive(*await trip(found, acme), RETURN)


@pytest.mark.parametrize(("signing_key", "header"), [("stranger", {}), ("oidc", {"kid": "another"}),
                                                     ("oidc", {"crit": ["x"]})])
async def test_nor_does_one_that_another_key_signed(viewers, acme, oidc, signing_key, header):
    oidc.signing_key, oidc.header = signing_key, header
    found = viewers(acme)
    with pytest.raises(Unauthenticated):
        await found.arrive(*await trip(found, acme), RETURN)


@pytest.mark.parametrize("claims", [
    {"email": "eve@example.com"}, {"email": None}, {"email_verified": False}, {"email_verified": None},
    {"email_verified": "true"}, {"email": EMAIL.upper()}, {"email": {"a": EMAIL}},
])
async def test_somebody_known_but_not_on_the_list_stays_outside(viewers, acme, oidc, claims):
    oidc.claims = claims
    found = viewers(acme)
    with pytest.raises(Forbidden):
        await found.arrive(*await trip(found, acme), RETURN)


async def test_a_list_of_groups_may_say_who_comes_in(viewers, acme, oidc):
    sign_in = replace(acme.sign_in, allow_claim="groups", allow_values=frozenset({"analysts"}))
    acme = replace(acme, sign_in=sign_in)
    found = viewers(acme)
    oidc.claims = {"groups": ["everybody", "analysts"]}
    viewer, _ = await found.arrive(*await trip(found, acme), RETURN)
    assert viewer.name == EMAIL
    oidc.claims = {"groups": ["everybody"]}
    with pytest.raises(Forbidden):
        await found.arrive(*await trip(found, acme), RETURN)


async def test_what_comes_back_must_be_of_this_browsers_own_trip(viewers, acme, clock):
    found = viewers(acme)
    luggage, state, code = await trip(found, acme)
    other_luggage, other_state, _ = await trip(found, acme)
    for wrong in [("", state, code), (other_luggage, state, code), (luggage, other_state, code), (luggage, "", code),
                  (luggage, state, ""), (luggage, state, "x" * 5000), (luggage[:-2], state, code)]:
        with pytest.raises(Unauthenticated):
            await found.arrive(*wrong, RETURN)
    clock.advance(seconds=11 * 60)
    with pytest.raises(Unauthenticated):
        await found.arrive(luggage, state, code, RETURN)


async def test_a_code_is_good_once(viewers, acme):
    found = viewers(acme)
    back = await trip(found, acme)
    await found.arrive(*back, RETURN)
    with pytest.raises(Unauthenticated):
        await found.arrive(*back, RETURN)


@pytest.mark.parametrize("discovery", [
    {"issuer": "https://another.example"}, {"token_endpoint": "http://evil.example/token"}, {"jwks_uri": None},
    {"authorization_endpoint": "javascript:alert(1)"}, {"jwks_uri": "ftp://evil.example/keys"},
])
async def test_a_provider_that_says_strange_things_is_not_believed(viewers, acme, oidc, discovery):
    oidc.discovery = discovery
    with pytest.raises(DependencyDown):
        await viewers(acme).depart(acme, RETURN)


async def test_a_provider_that_is_down_is_said_to_be(viewers):
    acme = project("acme", sign_in=SignIn("http://127.0.0.1:1", CLIENT, "email", frozenset({EMAIL})))
    with pytest.raises(DependencyDown):
        await viewers(acme).depart(acme, RETURN)


@pytest.mark.parametrize("change", [
    {"allow_values": frozenset({"bob@example.com"})}, {"client_id": "another"}, {"issuer": "https://another.example"},
])
async def test_a_session_ends_when_the_settings_say_otherwise(viewers, acme, change):
    found = viewers(acme)
    _, session = await found.arrive(*await trip(found, acme), RETURN)
    for after in (replace(acme, sign_in=replace(acme.sign_in, **change)), replace(acme, sign_in=None)):
        with pytest.raises(Unauthenticated):
            viewers(after).by_session(session)


async def test_the_project_is_found_by_its_id_or_because_it_is_the_only_one(viewers, acme):
    others = project("without"), project("second", sign_in=acme.sign_in)
    assert viewers(acme, others[0]).sign_in_of(None) == acme
    assert viewers(acme, *others).sign_in_of(None) is None
    assert viewers(acme, *others).sign_in_of("second") == others[1]
    assert viewers(acme, *others).sign_in_of("without") is None
