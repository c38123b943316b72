"""Tokens of the application's own users: what is believed, what is refused, and what nobody can say."""

import base64
import json

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from identity_provider import (
    AUDIENCE,
    ISSUER,
    NOW,
    NOW_SECONDS,
    OTHER_ISSUER,
    SUBJECT,
    Answer,
    claims,
    ec_key,
    forged,
    jwk,
    project,
    rsa_key,
    token,
)

from plaudit.auth import development
from plaudit.auth.jwks import JwksCache
from plaudit.errors import DependencyDown, Forbidden, Unauthenticated
from plaudit.model import AuthLevel, Subject, Voter

pytestmark = pytest.mark.anyio

DAY_SECONDS = 24 * 60 * 60
HEADER = {"alg": "RS256", "kid": "main", "typ": "JWT"}
PUBLIC_PEM = rsa_key("main").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def acme(provider):
    return project(issuers=(provider.issuer(),))


@pytest.fixture
def who(authenticator, acme):
    """Whom a token names, at a project that takes RS256 tokens of one issuer for one audience."""
    return authenticator(acme).by_bearer


async def refused(who, given: str) -> None:
    """Refused for good, and without saying why: `error="invalid_token"` and the default message."""
    with pytest.raises(Unauthenticated) as caught:
        await who(given)
    assert (caught.value.token_invalid, caught.value.message) == (True, "Authentication required")


# ---------------------------------------------------------------- believed


@pytest.mark.parametrize("given", [
    pytest.param(token(), id="the default profile"),
    pytest.param(token(header={"typ": "at+jwt"}, azp=None, client_id="client", jti="1"), id="the RFC 9068 profile"),
    pytest.param(token(aud=AUDIENCE), id="an audience that is a text"),
    pytest.param(token(exp=NOW_SECONDS - 29), id="run out within the leeway"),
    pytest.param(token(iat=NOW_SECONDS + 30), id="issued ahead within the leeway"),
    pytest.param(token(nbf=NOW_SECONDS + 30), id="valid from within the leeway"),
    pytest.param(token(exp=NOW_SECONDS + 0.5), id="a time with a fraction"),
    pytest.param(token(exp=NOW_SECONDS + 400 * DAY_SECONDS), id="400 days ahead"),
    pytest.param(token(scope=None), id="no scope where none is asked"),
    pytest.param(token(header={"jku": "x", "x5u": "x", "jwk": {}, "x5c": []}), id="headers that are not looked at"),
])
async def test_a_good_token_names_its_user(who, acme, given):
    """The key of a user is (iss, sub)."""
    assert await who(given) == Voter(acme, Subject.user(ISSUER, SUBJECT), AuthLevel.JWT)


@pytest.mark.parametrize("subject", ["x", "a" * 255, "auth0|1", "José 😀", "a#b", "a'; DROP TABLE votes; --"])
async def test_a_subject_is_any_text_of_1_to_255_characters(who, subject):
    """It is compared and stored, never read."""
    assert (await who(token(sub=subject))).subject == Subject.user(ISSUER, subject)


async def test_an_elliptic_key_signs_where_its_algorithm_is_listed(authenticator, provider):
    """ES256 with P-256."""
    provider.publish(jwk(ec_key("ec"), "ec"))
    who = authenticator(project(issuers=(provider.issuer(algorithms=("RS256", "ES256")),))).by_bearer
    assert (await who(token(ec_key("ec"), "ES256", {"kid": "ec"}))).auth_level is AuthLevel.JWT


# ---------------------------------------------------------------- refused before the network


NOT_LOOKED_UP = [
    pytest.param("", id="empty"),
    pytest.param("a", id="one segment"),
    pytest.param("a.b", id="two segments"),
    pytest.param(token() + ".d", id="four segments"),
    pytest.param("..", id="three empty segments"),
    pytest.param(token() + "=", id="padding"),
    pytest.param(token() + "\n", id="a line end"),
    pytest.param(" " + token(), id="a space before"),
    pytest.param(token().replace(".", ".é", 1), id="not ASCII"),
    pytest.param("\ud800.a.a", id="a lone surrogate"),
    pytest.param(token().rsplit(".", 1)[0] + ".", id="an empty signature"),
    pytest.param("a" * (16 * 1024 * 1024), id="16 MB"),
    pytest.param(token(padding="a" * 8 * 1024), id="more than 8 KiB"),
    pytest.param(token(sub="s" * 1024 * 1024), id="a subject of 1 MB"),
    pytest.param("pk_" + "a" * 43, id="a publishable key"),
    pytest.param("sk_" + "a" * 43, id="a server key that is none"),
    *[pytest.param(forged({**HEADER, "alg": alg}, claims()), id=f"alg {alg!r}")
      for alg in ("none", "None", "NONE", "nOnE", "", "rs256", "RS512", "HS256", "ES256", None, 1, ["RS256"], {})],
    pytest.param(forged({"kid": "main"}, claims()), id="no alg"),
    pytest.param(forged({**HEADER, "alg": "none"}, claims(), b""), id="alg none without a signature"),
    pytest.param(forged({**HEADER, "alg": "HS256"}, claims(), key=PUBLIC_PEM), id="HMAC with the public key"),
    *[pytest.param(forged({**HEADER, "kid": kid}, claims()), id=f"kid {kid!r}") for kid in ("", {}, [], 1, None)],
    pytest.param(forged({"alg": "RS256"}, claims()), id="no kid"),
    pytest.param(token(header={"crit": ["exp"], "exp": 1}), id="an unknown crit"),
    pytest.param(forged({**HEADER, "crit": ["b64"], "b64": True}, claims()), id="a crit that a library knows"),
    pytest.param(forged({**HEADER, "crit": []}, claims()), id="an empty crit"),
    pytest.param(forged({**HEADER, "b64": False}, claims()), id="a payload that is not base64"),
    pytest.param(forged(b"[]", claims()), id="a header that is a list"),
    pytest.param(forged(b"{", claims()), id="a header that is no JSON"),
    pytest.param(forged(b"[" * 5_000, claims()), id="a very deep header"),
    pytest.param(forged(HEADER, b"[]"), id="claims that are a list"),
    pytest.param(forged(HEADER, b"\xff"), id="claims that are no UTF-8"),
    pytest.param(forged(HEADER, b'{"a":' * 1_000), id="very deep claims"),
    pytest.param(token(iss="https://evil.example.com/"), id="an unknown issuer"),
    pytest.param(token(iss=ISSUER.rstrip("/")), id="an issuer without its slash"),
    pytest.param(token(iss=ISSUER.upper()), id="an issuer in other letters"),
    *[pytest.param(forged(HEADER, claims(iss=iss)), id=f"iss {iss!r}") for iss in ([ISSUER], {}, 1, None)],
    pytest.param(token(aud="https://other.example.com"), id="another audience"),
    pytest.param(token(aud=[]), id="no audience in the list"),
    pytest.param(forged(HEADER, claims(aud=[AUDIENCE, 1])), id="an audience that is no text"),
    pytest.param(forged(HEADER, claims(aud={AUDIENCE: 1})), id="audiences as an object"),
    pytest.param(token(aud=AUDIENCE[:-1]), id="an audience cut short"),
    pytest.param(token(aud="client", nonce="n", at_hash="h"), id="an ID token"),
    *[pytest.param(token(**{name: None}), id=f"no {name}") for name in ("exp", "iat", "iss", "aud", "sub")],
    pytest.param(token(exp=NOW_SECONDS - 30), id="run out"),
    pytest.param(token(exp=NOW_SECONDS + 400 * DAY_SECONDS + 1), id="more than 400 days ahead"),
    *[pytest.param(forged(HEADER, json.dumps(claims(exp=0)).replace('"exp": 0', f'"exp": {exp}').encode()),
                   id=f"exp {exp[:20]}")
      for exp in ('"9999999999"', "1e400", "NaN", "Infinity", "-1", "true", "null", "[]", "9" * 400, "9" * 5_000)],
    pytest.param(token(iat=NOW_SECONDS + 31), id="issued ahead"),
    *[pytest.param(forged(HEADER, claims(iat=iat)), id=f"iat {iat!r}") for iat in ("1", True, [], float("nan"))],
    pytest.param(token(nbf=NOW_SECONDS + 31), id="not valid yet"),
    *[pytest.param(forged(HEADER, claims(nbf=nbf)), id=f"nbf {nbf!r}") for nbf in ("1", True, [], float("nan"))],
    *[pytest.param(forged(HEADER, claims(sub=sub)), id=f"sub {sub!r:.12}")
      for sub in ("", "a\x00b", "a\nb", "a\x7fb", "a\x85b", "a" * 256, "\ud800", 1, True, [], {"a": 1})],
]


@pytest.mark.parametrize("given", NOT_LOOKED_UP)
async def test_a_token_that_cannot_be_good_costs_no_request(who, provider, given):
    """Everything that can be seen in the token itself is checked before its key is looked for."""
    await refused(who, given)
    assert provider.heard == []


@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c", "kid"])
async def test_no_address_is_taken_from_a_token(who, other_provider, name):
    """The canary publishes just the key that signed the token, and hears nothing."""
    attacker = rsa_key("attacker")
    other_provider.publish(jwk(attacker, "main"))
    lure = {"jwk": jwk(attacker, "main"), "x5c": [other_provider.url]}.get(name, other_provider.url)
    await refused(who, token(attacker, header={name: lure}))
    await refused(who, token(attacker, header={name: lure}, iss=other_provider.url))
    assert other_provider.heard == []


# ---------------------------------------------------------------- refused by the key


def flipped(good: str, index: int) -> str:
    """One bit of the signature turned over."""
    head, _, tail = good.rpartition(".")
    signature = bytearray(base64.urlsafe_b64decode(tail + "=="))
    signature[index] ^= 1
    return f"{head}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def swapped(good: str, **changes) -> str:
    """Other claims under a good signature."""
    header, _, signature = good.split(".")
    return f"{header}.{forged(HEADER, claims(**changes)).split('.')[1]}.{signature}"


@pytest.mark.parametrize("given", [
    pytest.param(flipped(token(), 0), id="the first bit flipped"),
    pytest.param(flipped(token(), -1), id="the last bit flipped"),
    pytest.param(swapped(token(), sub="auth0|victim"), id="another subject"),
    pytest.param(token(rsa_key("attacker")), id="another key"),
    pytest.param(forged(HEADER, claims(), bytes(256)), id="a signature of zeros"),
    pytest.param(forged(HEADER, claims(), key=PUBLIC_PEM), id="HMAC with the public key, called RS256"),
    pytest.param(token(header={"kid": "../../etc/passwd"}), id="a kid that is a path"),
    pytest.param(token(header={"kid": "' OR 1=1 --"}), id="a kid that is SQL"),
    pytest.param(token(header={"kid": "http://127.0.0.1/"}), id="a kid that is an address"),
    pytest.param(token(rsa_key("next"), header={"kid": "enc"}), id="a key for encryption"),
    pytest.param(forged({**HEADER, "kid": "oct"}, claims(), key=b"secret"), id="a symmetric key"),
    pytest.param(forged({**HEADER, "kid": "ec"}, claims()), id="RS256 with an elliptic key"),
    pytest.param(token(header={"kid": "rs512"}), id="RS256 with a key for RS512"),
])
async def test_only_the_issuers_own_key_signs(who, provider, given):
    """The key says which algorithm it is for; the token only which key it wants."""
    provider.publish(
        jwk(rsa_key("main"), "main"),
        jwk(rsa_key("next"), "enc", use="enc"),
        {"kty": "oct", "kid": "oct", "k": "c2VjcmV0"},
        jwk(ec_key("ec"), "ec"),
        jwk(rsa_key("main"), "rs512", alg="RS512"),
    )
    await refused(who, given)


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")  # that is the attack
async def test_a_key_of_1024_bits_does_not_sign(who, provider):
    """Though the issuer publishes it."""
    provider.publish(jwk(rsa_key("main"), "main"), jwk(rsa_key("short", 1024), "short"))
    await refused(who, token(rsa_key("short", 1024), header={"kid": "short"}))


async def test_another_issuers_key_does_not_sign_though_its_kid_is_the_same(authenticator, provider, other_provider):
    """Keys are looked up per issuer."""
    other_provider.publish(jwk(rsa_key("other"), "main"))
    who = authenticator(project(issuers=(provider.issuer(), other_provider.issuer(OTHER_ISSUER)))).by_bearer
    assert (await who(token(rsa_key("other"), iss=OTHER_ISSUER))).subject == Subject.user(OTHER_ISSUER, SUBJECT)
    await refused(who, token(rsa_key("other")))


@pytest.mark.parametrize("algorithm", ["HS256", "none"])
async def test_a_careless_list_of_algorithms_opens_nothing(authenticator, provider, algorithm):
    """An issuer's keys verify only what such keys are for, whatever the settings say."""
    who = authenticator(project(issuers=(provider.issuer(algorithms=(algorithm,)),))).by_bearer
    await refused(who, forged({**HEADER, "alg": algorithm}, claims(), key=PUBLIC_PEM))


# ---------------------------------------------------------------- allow-lists


@pytest.mark.parametrize(("changes", "believed"), [
    pytest.param({"azp": "client"}, True, id="azp on the list"),
    pytest.param({"azp": None, "client_id": "client"}, True, id="client_id on the list"),
    pytest.param({"azp": "client", "client_id": "client"}, True, id="both on the list"),
    pytest.param({"azp": "stranger"}, False, id="a stranger"),
    pytest.param({"azp": "client", "client_id": "stranger"}, False, id="one on the list, one not"),
    pytest.param({"azp": None}, False, id="neither"),
    pytest.param({"azp": ["client"]}, False, id="no text"),
])
async def test_authorized_parties_are_asked_for_where_they_are_listed(authenticator, provider, changes, believed):
    """`azp`, or `client_id` in the RFC 9068 profile."""
    issuer = provider.issuer(authorized_parties=frozenset({"client", "app"}))
    who = authenticator(project(issuers=(issuer,))).by_bearer
    if believed:
        assert await who(token(**changes))
    else:
        await refused(who, token(**changes))


@pytest.mark.parametrize(("scope", "believed"), [
    ("feedback rate", True),
    ("openid rate profile feedback", True),
    ("feedback", False),
    ("feedbackrate", False),
    ("feedback,rate", False),
    ("FEEDBACK RATE", False),
    ("", False),
    (None, False),
    (["feedback", "rate"], False),
])
async def test_every_listed_scope_must_be_there(authenticator, provider, scope, believed):
    """`scope` is one text, its words parted by spaces."""
    who = authenticator(project(issuers=(provider.issuer(scopes=frozenset({"feedback", "rate"})),))).by_bearer
    if believed:
        assert await who(token(scope=scope))
    else:
        await refused(who, token(scope=scope))


# ---------------------------------------------------------------- which project


async def test_a_token_belongs_to_the_project_that_lists_its_issuer_and_audience(authenticator, provider):
    """One issuer may serve several projects by their audiences."""
    red = project("red", issuers=(provider.issuer(audiences=frozenset({"red"})),))
    blue = project("blue", issuers=(provider.issuer(audiences=frozenset({"blue", "azure"})),))
    who = authenticator(red, blue).by_bearer
    assert (await who(token(aud="azure"))).project is blue
    assert (await who(token(aud=["other", "red"]))).project is red
    await refused(who, token(aud="green"))


# ---------------------------------------------------------------- when the issuer fails


@pytest.mark.parametrize("answer", [
    pytest.param(Answer(b"oops", 503), id="down"),
    pytest.param(Answer(silent=True), id="slow"),
    pytest.param(Answer(b" " * 300_000), id="huge"),
    pytest.param(Answer(b"", 302, {"location": "/"}), id="redirecting"),
    pytest.param(Answer(b"<html>"), id="HTML"),
])
async def test_a_token_is_not_refused_because_its_issuer_fails(authenticator, provider, clock, acme, answer):
    """Cold, nobody can say; warm, the keys that are known go on serving. Clients log users out on a refusal."""
    well, provider.answer = provider.answer, answer
    who = authenticator(acme).by_bearer
    with pytest.raises(DependencyDown):
        await who(token())
    provider.answer = well
    clock.advance(seconds=30)
    assert await who(token())
    provider.answer = answer
    clock.advance(seconds=11 * 60)
    assert await who(token())


async def test_a_token_that_is_bad_anyway_is_refused_though_the_issuer_fails(who, provider):
    """What needs no key needs no issuer."""
    provider.fail()
    await refused(who, token(exp=NOW_SECONDS - 60))


# ---------------------------------------------------------------- remembered


async def test_a_verified_token_is_recalled_without_being_read_again(who, provider):
    """The same voter, not only an equal one."""
    assert await who(token()) is await who(token())
    assert len(provider.heard) == 1


@pytest.mark.parametrize(("lifetime_seconds", "kept_seconds"), [(3600, 300), (60, 60)])
async def test_a_token_is_remembered_until_it_runs_out_or_for_five_minutes(
        authenticator, acme, clock, lifetime_seconds, kept_seconds):
    """Whichever is first."""
    who = authenticator(acme).by_bearer
    given = token(exp=NOW_SECONDS + lifetime_seconds)
    first = await who(given)
    clock.advance(seconds=kept_seconds - 1)
    assert await who(given) is first
    clock.advance(seconds=1)
    assert await who(given) is not first


async def test_a_remembered_token_runs_out(authenticator, acme, clock):
    """With the leeway, and no later."""
    who = authenticator(acme).by_bearer
    given = token(exp=NOW_SECONDS + 60)
    await who(given)
    clock.advance(seconds=90)
    await refused(who, given)


async def test_a_clock_set_back_does_not_prolong_what_is_remembered(authenticator, acme, clock):
    """It is verified anew, and here found to be issued ahead of time."""
    who = authenticator(acme).by_bearer
    await who(token())
    clock.advance(seconds=-DAY_SECONDS)
    await refused(who, token())


async def test_remembered_tokens_are_forgotten_with_the_key_that_signed_them(authenticator, provider, acme, clock):
    """The issuer withdraws a key: its tokens end when the server hears of it, not minutes later."""
    provider.publish(jwk(rsa_key("main"), "main"), jwk(rsa_key("next"), "next"))
    who = authenticator(acme).by_bearer
    kept = await who(token(rsa_key("next"), header={"kid": "next"}))
    await who(token())
    provider.publish(jwk(rsa_key("next"), "next"))
    clock.advance(seconds=31)
    await refused(who, token(header={"kid": "unknown"}))
    await refused(who, token())
    assert await who(token(rsa_key("next"), header={"kid": "next"})) is kept


async def test_another_issuers_tokens_are_not_forgotten(authenticator, provider, other_provider, clock):
    """A kid means something only together with its issuer."""
    who = authenticator(project(issuers=(provider.issuer(), other_provider.issuer(OTHER_ISSUER)))).by_bearer
    kept = await who(token(iss=OTHER_ISSUER))
    await who(token())
    provider.publish(jwk(rsa_key("next"), "next"))
    clock.advance(seconds=31)
    await refused(who, token(header={"kid": "unknown"}))
    assert await who(token(iss=OTHER_ISSUER)) is kept


# ---------------------------------------------------------------- not a user


async def test_a_valid_server_key_is_nobody(authenticator, server_key):
    """It may register and read, but it cannot vote."""
    key, holder = server_key
    known = authenticator(holder)
    for ask in (known.by_bearer, known.by_identity_token):
        with pytest.raises(Forbidden):
            await ask(key)


# ---------------------------------------------------------------- the development issuer


@pytest.mark.parametrize("elliptic", [False, True])
async def test_the_development_issuers_tokens_are_believed_like_any_others(authenticator, provider, clock, elliptic):
    """Its JWKS is preloaded: the server does not ask itself over the network."""
    own = development.DevelopmentIssuer.from_pem(ISSUER, development.new_private_key_pem(elliptic=elliptic))
    holder = project(issuers=(provider.issuer(algorithms=("RS256", "ES256")),))
    who = authenticator(holder, jwks=JwksCache(clock, static={ISSUER: own.jwks})).by_bearer
    assert (await who(own.mint("me", AUDIENCE, NOW))).subject == Subject.user(ISSUER, "me")
    await refused(who, own.mint("me", "elsewhere", NOW))
    await refused(who, own.mint("me", AUDIENCE, NOW, lifetime_seconds=-60))
    await refused(who, token())
    assert provider.heard == []


@pytest.mark.parametrize("elliptic", [False, True])
def test_the_development_issuer_publishes_no_private_member(elliptic):
    """Its kid is the key's RFC 7638 thumbprint, so that a kept key keeps its name."""
    pem = development.new_private_key_pem(elliptic=elliptic)
    published = json.loads(development.DevelopmentIssuer.from_pem(ISSUER, pem).jwks)["keys"]
    members = {"crv", "x", "y"} if elliptic else {"n", "e"}
    assert [set(key) for key in published] == [{"kty", "kid", "use", "alg", *members}]
    assert jwt.PyJWK(published[0]).key_id == development.DevelopmentIssuer.from_pem(ISSUER, pem).public_jwk["kid"]


def test_the_development_issuer_takes_no_other_kind_of_key():
    """P-384 is not verified anywhere, so nothing is signed with it."""
    curve = ec_key("p384", "P-384")
    pem = curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ValueError, match="RSA or P-256"):
        development.DevelopmentIssuer.from_pem(ISSUER, pem)
