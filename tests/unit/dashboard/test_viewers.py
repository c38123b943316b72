"""Whoever looks at the pages by a key: what a session is good for, and when it ends."""

import hmac

import jwt
import pytest
from identity_provider import project

from plaudit.auth import sessions
from plaudit.auth.jwks import JwksCache
from plaudit.auth.keys import new_server_key
from plaudit.auth.oidc import Provider
from plaudit.auth.viewers import Viewers
from plaudit.errors import Forbidden, Unauthenticated
from plaudit.model import Scope, ServerKey

SECRET = b"s" * 32
TWELVE_HOURS_SECONDS = 12 * 60 * 60

pytestmark = pytest.mark.anyio


def keys_of(*scopes, key_id="reader"):
    key, sha256 = new_server_key()
    return key, ServerKey(key_id, sha256, frozenset(scopes))


@pytest.fixture
def viewers(authenticator, clock):
    """The authenticator of some projects, and the viewers beside it."""

    def make(*projects):
        keys = authenticator(*projects)
        return keys, Viewers(projects, keys, Provider(JwksCache(clock), SECRET, clock), SECRET, clock)

    return make


@pytest.mark.parametrize("scope", [Scope.ADMIN, Scope.FEEDBACK_READ])
async def test_a_key_that_may_read_looks_at_its_project(viewers, scope):
    key, kept = keys_of(scope)
    _, found = viewers(project("acme", server_keys=(kept,)), project("other"))
    viewer, session = found.by_key(key)
    assert (viewer.project.id, viewer.name) == ("acme", "reader")
    assert found.by_session(session) == viewer


async def test_a_key_that_only_writes_may_not(viewers):
    key, kept = keys_of(Scope.MESSAGES_WRITE)
    _, found = viewers(project(server_keys=(kept,)))
    with pytest.raises(Forbidden):
        found.by_key(key)


@pytest.mark.parametrize("key", ["", "sk_", "sk_unknown", "pk_x", "sk_" + "x" * 10_000, "sk_\ud800"])
async def test_another_key_is_nobodys(viewers, key):
    _, found = viewers(project(server_keys=(keys_of(Scope.ADMIN)[1],)))
    with pytest.raises(Unauthenticated):
        found.by_key(key)


async def test_a_session_ends_after_twelve_hours(viewers, clock):
    key, kept = keys_of(Scope.ADMIN)
    _, found = viewers(project(server_keys=(kept,)))
    _, session = found.by_key(key)
    clock.advance(seconds=TWELVE_HOURS_SECONDS - 1)
    assert found.by_session(session).name == "reader"
    clock.advance(seconds=60)
    with pytest.raises(Unauthenticated):
        found.by_session(session)


@pytest.mark.parametrize("left", [
    pytest.param((), id="revoked"),
    pytest.param((keys_of(Scope.ADMIN)[1],), id="another-of-that-name"),
    pytest.param((keys_of(Scope.ADMIN, key_id="another")[1],), id="another-name"),
])
async def test_a_session_ends_with_its_key(viewers, left):
    key, kept = keys_of(Scope.ADMIN)
    authenticator, found = viewers(project(server_keys=(kept,)))
    _, session = found.by_key(key)
    authenticator.renew_keys([project(server_keys=left)])
    with pytest.raises(Unauthenticated):
        found.by_session(session)


async def test_a_session_ends_when_its_key_may_read_no_longer(viewers):
    key, kept = keys_of(Scope.ADMIN)
    authenticator, found = viewers(project(server_keys=(kept,)))
    _, session = found.by_key(key)
    authenticator.renew_keys([project(server_keys=(
        ServerKey(kept.id, kept.sha256, frozenset({Scope.MESSAGES_WRITE})),))])
    with pytest.raises(Unauthenticated):
        found.by_session(session)


async def test_a_visitors_session_is_no_session_here_nor_the_other_way_round(viewers, clock):
    key, kept = keys_of(Scope.ADMIN)
    authenticator, found = viewers(project("acme", server_keys=(kept,)))
    with pytest.raises(Unauthenticated):
        found.by_session(sessions.mint(SECRET, "acme", "visitor", clock(), 3600))
    _, session = found.by_key(key)
    with pytest.raises(Unauthenticated):
        await authenticator.by_bearer(session)
    with pytest.raises(Unauthenticated):
        sessions.verify(SECRET, session, clock())


async def test_what_another_secret_or_nobody_signed_is_refused(viewers, clock):
    _, kept = keys_of(Scope.ADMIN)
    _, found = viewers(project("acme", server_keys=(kept,)))
    now = clock() // 1000
    claims = {"iss": "plaudit-dashboard", "project": "acme", "key": "reader", "mark": kept.sha256[:16], "iat": now,
              "exp": now + 60}
    purpose = hmac.digest(SECRET, b"plaudit dashboard sessions", "sha256")
    forged = [jwt.encode(claims, secret, "HS256") for secret in (SECRET, b"x" * 32)]
    forged += [jwt.encode({**claims, "iss": "plaudit"}, purpose, "HS256"), jwt.encode(claims, None, "none"), "a.b.c",
               ""]
    assert found.by_session(jwt.encode(claims, purpose, "HS256")).name == "reader"  # the control
    for session in forged:
        with pytest.raises(Unauthenticated):
            found.by_session(session)
