"""Our own session tokens: a visitor of one project, for a while."""

import jwt
import pytest
from identity_provider import AUDIENCE, NOW_SECONDS, forged, project, rsa_key, token

from plaudit.auth.authenticator import AuthSecrets
from plaudit.errors import Unauthenticated
from plaudit.model import AuthLevel, Subject, SubjectKind, Voter

pytestmark = pytest.mark.anyio

SECRET = b"s" * 32
VISITOR_ID = "2b1f9f0c-7a34-4ad5-9a3c-0d6b6a0c1f11"
DAY_SECONDS = 24 * 60 * 60
HEADER = {"alg": "HS256", "typ": "JWT"}


def session(key: bytes = SECRET, algorithm: str = "HS256", **changes) -> str:
    """A good session token with changes; a change to None takes the claim away."""
    good = {"iss": "plaudit", "project": "acme", "sub": VISITOR_ID, "iat": NOW_SECONDS, "exp": NOW_SECONDS + 3600}
    return jwt.encode({name: value for name, value in {**good, **changes}.items() if value is not None}, key, algorithm)


async def test_a_session_names_its_visitor_and_its_project(authenticator):
    """Whichever project is the default one."""
    acme, default = project(), project("default")
    known = authenticator(default, acme)
    voter = await known.by_bearer(known.session_token(acme, VISITOR_ID))
    assert voter == Voter(acme, Subject.of(SubjectKind.VISITOR, VISITOR_ID), AuthLevel.SESSION)


async def test_a_session_lasts_30_days_by_default(authenticator, clock):
    """The widget keeps it and never renews it."""
    known = authenticator(project())
    given = known.session_token(project(), VISITOR_ID)
    clock.advance(seconds=30 * DAY_SECONDS)
    assert await known.by_bearer(given)
    clock.advance(seconds=30)
    with pytest.raises(Unauthenticated):
        await known.by_bearer(given)


async def test_a_sessions_lifetime_can_be_set(authenticator, clock):
    """In seconds."""
    known = authenticator(project(), session_lifetime_seconds=60)
    given = known.session_token(project(), VISITOR_ID)
    clock.advance(seconds=89)
    assert await known.by_bearer(given)
    clock.advance(seconds=1)
    with pytest.raises(Unauthenticated):
        await known.by_bearer(given)


async def test_a_session_survives_a_restart_but_not_a_new_secret(authenticator):
    """Nothing of it is kept here but the secret."""
    given = authenticator(project()).session_token(project(), VISITOR_ID)
    assert await authenticator(project()).by_bearer(given)
    changed = authenticator(project(), secrets=AuthSecrets(b"t" * 32, b"p" * 32))
    with pytest.raises(Unauthenticated):
        await changed.by_bearer(given)


@pytest.mark.parametrize("given", [
    pytest.param(session(b"t" * 32), id="another secret"),
    pytest.param(session(algorithm="HS512", key=b"s" * 64), id="another algorithm"),
    pytest.param(session(algorithm="HS384", key=b"s" * 48), id="yet another algorithm"),
    pytest.param(session(rsa_key("main"), "RS256"), id="a public key's signature"),
    pytest.param(forged({"alg": "none"}, {"iss": "plaudit", "project": "acme", "sub": VISITOR_ID}), id="alg none"),
    pytest.param(forged({**HEADER, "crit": ["exp"], "exp": 1}, {"iss": "plaudit"}, key=SECRET), id="an unknown crit"),
    pytest.param(session(project="gone"), id="a project that is no more"),
    pytest.param(session(project=["acme"]), id="a project that is no text"),
    pytest.param(session(exp=NOW_SECONDS - 30), id="run out"),
    pytest.param(session(exp=NOW_SECONDS + 401 * DAY_SECONDS), id="more than 400 days ahead"),
    pytest.param(session(exp="9999999999"), id="an end that is a text"),
    pytest.param(session(exp=float("inf")), id="an end that never comes"),
    pytest.param(session(iat=NOW_SECONDS + 31), id="issued ahead"),
    *[pytest.param(session(**{name: None}), id=f"no {name}") for name in ("project", "sub", "iat", "exp")],
    pytest.param(session(sub=7), id="a visitor that is no text"),
])
async def test_only_our_own_sessions_are_believed(authenticator, provider, given):
    """And no identity provider is asked about them."""
    known = authenticator(project(issuers=(provider.issuer(),)))
    with pytest.raises(Unauthenticated) as caught:
        await known.by_bearer(given)
    assert caught.value.token_invalid
    assert provider.heard == []


async def test_no_identity_provider_can_make_sessions(authenticator, provider):
    """An issuer that calls itself what we call ourselves is not asked: such a token is ours or nobody's."""
    known = authenticator(project(issuers=(provider.issuer("plaudit"),)))
    with pytest.raises(Unauthenticated):
        await known.by_bearer(token(iss="plaudit", aud=AUDIENCE, project="acme"))
    assert provider.heard == []


@pytest.mark.parametrize("seen_before", [False, True])
async def test_a_session_is_no_identity_token(authenticator, seen_before):
    """Also when it was verified a moment ago."""
    known = authenticator(project())
    given = known.session_token(project(), VISITOR_ID)
    if seen_before:
        await known.by_bearer(given)
    with pytest.raises(Unauthenticated) as caught:
        await known.by_identity_token(given)
    assert caught.value.token_invalid


async def test_a_verified_session_is_recalled(authenticator):
    """The same voter, not only an equal one."""
    known = authenticator(project())
    given = known.session_token(project(), VISITOR_ID)
    assert await known.by_bearer(given) is await known.by_bearer(given)


# ---------------------------------------------------------------- visitors


async def test_a_device_has_one_visitor_in_a_project(authenticator):
    """New the first time, the same ever after; another project's visitors are others."""
    red, blue = project("red"), project("blue")
    known = authenticator(red, blue)
    first, again, elsewhere, other = [
        await known.visitor(red, "device-abc-123"),
        await known.visitor(red, "device-abc-123"),
        await known.visitor(blue, "device-abc-123"),
        await known.visitor(red, "device-abc-124"),
    ]
    assert [first[1], again[1], elsewhere[1], other[1]] == [True, False, True, True]
    assert again[0] == first[0]
    assert len({first[0], elsewhere[0], other[0]}) == 3


async def test_a_visitors_device_is_not_stored_as_it_is(authenticator, tmp_path):
    """Only its keyed hash is."""
    await authenticator(project()).visitor(project(), "device-abc-123")
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"device-abc-123" not in written


@pytest.mark.parametrize(("session_secret", "guest_pepper"), [
    (b"", b"p" * 32),
    (b"s" * 32, b""),
    (b"s" * 31, b"p" * 32),
])
def test_short_secrets_are_refused(session_secret, guest_pepper):
    """At the start, not at the first token."""
    with pytest.raises(ValueError, match="at least 32 bytes"):
        AuthSecrets(session_secret, guest_pepper)
