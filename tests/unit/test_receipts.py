"""Receipts: whose key has signed them, what they say, and that nothing of it can be changed."""

import base64
import json
import string

import identity_provider
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from plaudit import rules
from plaudit.auth.receipts import BYTES_MAX, TYPE, Receipts, new_key
from plaudit.errors import Forbidden, Invalid, Unauthenticated
from plaudit.http import receipts
from plaudit.model import AuthLevel, ReceiptAlgorithm, ReceiptKey, Role, Subject, SubjectKind, Voter

pytestmark = pytest.mark.anyio

NOW = 1_795_334_400_000
HOUR = 3_600_000
OWNER = {"user": {"issuer": "https://tenant.example/", "subject": "auth0|ann"}}
ANN = Subject.user("https://tenant.example/", "auth0|ann")
CLAIMS = {"project": "default", "message_id": "m-1", "conversation_id": "c-1", "owner": OWNER, "model": "gpt-x",
          "prompt_version": "v7", "arms": {"greeting": "warm"}, "trace_id": "t-1", "content_sha256": "ab" * 32,
          "iat": NOW // 1000, "exp": (NOW + HOUR) // 1000}
EVERYTHING = {**CLAIMS, "role": "assistant", "locale": "de", "platform": "web", "in_reply_to": "m-0", "span_id": "s-1",
              "bearer": True}
ALGORITHMS = list(ReceiptAlgorithm)
GONE = object()
ANYTHING = st.just(GONE) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=5)


class Signer:
    """A back end, with a key of each kind and the project that believes them."""

    def __init__(self):
        self.secrets = {}
        keys = []
        for algorithm in ALGORITHMS:
            secret, checked_by = new_key(algorithm)
            self.secrets[algorithm] = secret
            keys.append(ReceiptKey(f"k-{algorithm.name.lower()}", algorithm, checked_by))
        self.project = identity_provider.project(id="default", receipt_keys=tuple(keys))

    def sign(self, claims=CLAIMS, algorithm=ReceiptAlgorithm.ED25519, **header):
        secret = self.secrets[algorithm]
        key = Ed25519PrivateKey.from_private_bytes(secret) if algorithm is ReceiptAlgorithm.ED25519 else secret
        return jwt.encode(claims, key, algorithm.value, {"kid": f"k-{algorithm.name.lower()}", "typ": TYPE, **header})


SIGNER = Signer()
KNOWN = Receipts([SIGNER.project])


def request(*headers):
    return Request({"type": "http", "headers": [(receipts.HEADER, text.encode("latin-1")) for text in headers]})


@pytest.fixture
def believing(authenticator):
    return authenticator(SIGNER.project)


# ---------------------------------------------------------------- who has signed it


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_a_project_s_key_has_signed_is_its_own(algorithm):
    project, claims = KNOWN.verify(SIGNER.sign(algorithm=algorithm))
    assert (project, json.loads(claims)) == (SIGNER.project, CLAIMS)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_not_one_character_can_be_changed(algorithm):
    """Of header, claims or signature; but for the bits that base64 leaves unused at the very end."""
    text = SIGNER.sign(algorithm=algorithm)

    @settings(max_examples=300, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, len(text) - 1), st.sampled_from(string.ascii_letters + string.digits + "-_.="))
    def check(place, character):
        changed = text[:place] + character + text[place + 1:]
        if changed != text and place != len(text) - 1:
            with pytest.raises(Invalid):
                KNOWN.verify(changed)

    check()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(("part", "field"), [
    *((0, field) for field in ("alg", "kid", "typ", "crit", "jwk")), *((1, field) for field in [*EVERYTHING, "admin"])])
def test_no_field_can_be_changed_or_added_or_left_out(algorithm, part, field):
    """Of header or claims, whatever it is to say instead."""
    text = SIGNER.sign(EVERYTHING, algorithm)

    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(ANYTHING)
    def check(value):
        changed = altered(text, part, field, value)
        assume(changed != text)
        with pytest.raises(Invalid):
            KNOWN.verify(changed)

    check()


def altered(text, part, field, value):
    """With one field of one part as it is given, and its signature as it was."""
    parts = text.split(".")
    said = json.loads(base64.urlsafe_b64decode(parts[part] + "==="))
    said = {name: each for name, each in {**said, field: value}.items() if each is not GONE}
    written = json.dumps(said, separators=(",", ":")).encode("utf-8", "surrogatepass")
    parts[part] = base64.urlsafe_b64encode(written).decode().rstrip("=")
    return ".".join(parts)


@pytest.mark.parametrize("text", [
    "", ".", "..", "a.b", "a.b.c", "a.b.c.d", "é.é.é", SIGNER.sign() + ".", SIGNER.sign() + "\n", " " + SIGNER.sign(),
    "x" * (BYTES_MAX + 1), SIGNER.sign({**CLAIMS, "model": "x" * BYTES_MAX}),
    SIGNER.sign(kid="k-hs256"), SIGNER.sign(kid="unknown"), SIGNER.sign(typ="JWT"), SIGNER.sign(typ=None),
    SIGNER.sign(crit=["exp"]), SIGNER.sign(jku="https://evil.example/"),
    jwt.encode(CLAIMS, None, "none", {"kid": "k-ed25519", "typ": TYPE}),
    # the public key, which is no secret, taken for a secret
    jwt.encode(CLAIMS, SIGNER.project.receipt_keys[0].key, "HS256", {"kid": "k-ed25519", "typ": TYPE}),
    Signer().sign(),
], ids=lambda text: text[:12] or "nothing")
def test_anything_else_is_refused(text):
    """Always in the same words: nobody learns how near it was."""
    with pytest.raises(Invalid) as refused:
        KNOWN.verify(text)
    assert refused.value.field == "receipt"
    assert refused.value.reason == "is not one that a key of this project has signed"


def test_keys_are_exchanged_without_a_gap():
    """Both are good for a while; then the old one is not."""
    old, new = Signer(), Signer()
    named = [ReceiptKey(name, ReceiptAlgorithm.ED25519, signer.project.receipt_keys[0].key)
             for name, signer in (("k-old", old), ("k-new", new))]
    both, only_new = (Receipts([identity_provider.project(id="default", receipt_keys=tuple(keys))])
                      for keys in (named, named[1:]))
    first, second = old.sign(kid="k-old"), new.sign(kid="k-new")
    for text in (first, second):
        both.verify(text)
    only_new.verify(second)
    with pytest.raises(Invalid):
        only_new.verify(first)


# ---------------------------------------------------------------- what it says


async def test_a_receipt_says_what_a_registration_does(believing):
    held = await receipts.receipt(request(SIGNER.sign()), believing)
    message = held.message
    assert (message.project_id, message.id, message.conversation_id, message.owner) == ("default", "m-1", "c-1", ANN)
    assert (message.role, message.created_at) == (Role.ASSISTANT, NOW)
    assert (message.model, message.prompt_version, message.arms) == ("gpt-x", "v7", {"greeting": "warm"})
    assert (message.trace_id, message.content) == ("t-1", None)
    assert (held.issued_at, held.expires_at) == (NOW, NOW + HOUR)
    assert (held.content_sha256, held.bearer) == ("ab" * 32, False)


async def test_the_owner_may_be_a_guest_or_a_visitor(believing):
    """A guest is known by a keyed hash here as everywhere."""
    device = {"device_id": "device-of-gus-0001", "user_id": "U-gus"}
    held = await receipts.receipt(request(SIGNER.sign({**CLAIMS, "owner": {"guest": device}})), believing)
    assert held.message.owner == await believing.guest_subject(SIGNER.project, *device.values())
    held = await receipts.receipt(request(SIGNER.sign({**CLAIMS, "owner": {"visitor": {"id": "V-1"}}})), believing)
    assert held.message.owner == Subject.of(SubjectKind.VISITOR, "V-1")


async def test_ids_are_as_a_registration_would_have_them(believing):
    """A UUID in lower case."""
    upper = "3F0C5A52-8A0E-4A5B-9D0E-6F1D2C3B4A59"
    held = await receipts.receipt(request(SIGNER.sign({**CLAIMS, "message_id": upper})), believing)
    assert held.message.id == upper.lower()


@pytest.mark.parametrize("changes", [
    {"project": "other"}, {"message_id": ""}, {"message_id": ".."}, {"message_id": 1}, {"conversation_id": "a\0"},
    {"owner": {}}, {"owner": {**OWNER, "visitor": {"id": "v"}}}, {"owner": "ann"}, {"role": "admin"}, {"model": ""},
    {"iat": None}, {"exp": "tomorrow"}, {"iat": 1.5}, {"exp": 10**15}, {"exp": -1}, {"bearer": "yes"},
    {"content_sha256": "x"}, {"content": "It is 42."}, {"unknown": 1}, {"arms": {"a": 1}},
    {"owner": {"guest": {"device_id": "short", "user_id": "U-1"}}},
])
async def test_what_is_signed_and_makes_no_sense_is_refused(believing, changes):
    """So that whoever writes a back end finds the mistake on the first day."""
    with pytest.raises(Invalid) as refused:
        await receipts.receipt(request(SIGNER.sign({**CLAIMS, **changes})), believing)
    assert refused.value.field == "receipt"


async def test_there_is_one_or_none(believing):
    assert await receipts.receipt(request(), believing) is None
    for headers in ([SIGNER.sign(), SIGNER.sign()], ["é"]):
        with pytest.raises(Invalid):
            await receipts.receipt(request(*headers), believing)


async def test_a_bearer_receipt_is_its_owner_s_proof_and_no_other_is(believing):
    voter, held = await receipts.holder(request(SIGNER.sign({**CLAIMS, "bearer": True})), believing)
    assert (voter, held.bearer) == (Voter(SIGNER.project, ANN, AuthLevel.RECEIPT), True)
    for headers in ([], [SIGNER.sign()]):
        with pytest.raises(Unauthenticated):
            await receipts.holder(request(*headers), believing)


# ---------------------------------------------------------------- when it is good


@pytest.mark.parametrize(("later", "good"), [
    (-30_000, True), (-30_001, False), (0, True), (HOUR + 29_999, True), (HOUR + 30_000, False)])
async def test_clocks_may_differ_by_half_a_minute(believing, later, good):
    held = await receipts.receipt(request(SIGNER.sign()), believing)
    assert is_good(held, now=NOW + later) is good


@pytest.mark.parametrize(("bearer", "days", "good"), [
    (False, 400, True), (False, 401, False), (True, 14, True), (True, 15, False)])
async def test_none_is_good_for_ever(believing, bearer, days, good):
    claims = {**CLAIMS, "exp": CLAIMS["iat"] + days * 86_400, **({"bearer": True} if bearer else {})}
    assert is_good(await receipts.receipt(request(SIGNER.sign(claims)), believing)) is good


async def test_it_is_of_one_message_of_one_project_and_for_its_owner(believing):
    held = await receipts.receipt(request(SIGNER.sign()), believing)
    rules.check_receipt(held, Voter(SIGNER.project, ANN, AuthLevel.JWT), "m-1", NOW)
    with pytest.raises(Invalid):
        rules.check_receipt(held, Voter(SIGNER.project, ANN, AuthLevel.JWT), "m-2", NOW)
    with pytest.raises(Invalid):
        rules.check_receipt(held, Voter(identity_provider.project(id="other"), ANN, AuthLevel.JWT), "m-1", NOW)
    boris = Subject.user("https://tenant.example/", "auth0|boris")
    with pytest.raises(Forbidden):
        rules.check_receipt(held, Voter(SIGNER.project, boris, AuthLevel.JWT), "m-1", NOW)


def is_good(held, now=NOW):
    try:
        rules.check_receipt(held, Voter(SIGNER.project, ANN, AuthLevel.JWT), "m-1", now)
    except Invalid:
        return False
    return True
