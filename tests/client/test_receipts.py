"""What `receipt` signs is what anybody reads who has the key: a plain JWS that says what it was told and no more."""

import base64
import hashlib
import json
import time
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from plaudit.client import Guest, Invalid, Message, Plaudit, User, Visitor
from plaudit.client.receipts import ReceiptKey

SEED = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key()
VERIFIED_WITH = {"ed25519": ("EdDSA", PUBLIC), "hs256": ("HS256", SEED)}


def key_text(algorithm="ed25519", project="shop", kid="k-1", secret=SEED):
    return f"rk_{algorithm}.{project}.{kid}.{base64.urlsafe_b64encode(secret).decode().rstrip('=')}"


@pytest.fixture(scope="module", params=["ed25519", "hs256"])
def signer(request):
    """A client that was never told of any server that is there, and how what it signs is verified."""
    with Plaudit("http://127.0.0.1:1", receipt_key=key_text(request.param)) as client:
        yield client, *VERIFIED_WITH[request.param]


# ---------------------------------------------------------------- what it says

devices = st.text("Az09._:-", min_size=16, max_size=40)
names = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=40)
ids = names.filter(lambda text: text not in {".", ".."})
owners = st.one_of(
    st.builds(User, st.just("https://tenant.auth0.com/"), names),
    st.builds(Guest, devices, devices),
    st.builds(Visitor, names),
)
optional = {"model": names, "prompt_version": names, "locale": names, "platform": names, "in_reply_to": ids,
            "trace_id": names, "span_id": names, "arms": st.dictionaries(names, names, min_size=1, max_size=3),
            "content": st.text(st.characters(exclude_categories=["Cs"]))}


@given(st.tuples(ids, ids, owners), st.sampled_from(["assistant", "human_agent"]),
       st.fixed_dictionaries({}, optional=optional), st.booleans())
def test_what_is_signed_is_what_a_plain_decoder_reads(signer, shown, role, facts, bearer):
    """Every claim that was given, none that was not, and of the content its hash alone."""
    client, algorithm, verified_with = signer
    message_id, conversation_id, owner = shown
    before = int(time.time())
    receipt = client.receipt(message_id, conversation_id, owner, role=role, bearer=bearer, **facts)
    claims = jwt.decode(receipt, verified_with, [algorithm])
    days = 7 if bearer else 90
    assert before <= claims["iat"] <= time.time()
    content = facts.pop("content", None)
    assert claims == {
        "project": "shop", "message_id": message_id, "conversation_id": conversation_id, "owner": said_of(owner),
        "role": role, **facts, **({"bearer": True} if bearer else {}),
        **({} if content is None else {"content_sha256": hashlib.sha256(content.encode()).hexdigest()}),
        "iat": claims["iat"], "exp": claims["iat"] + days * 24 * 60 * 60,
    }
    assert jwt.get_unverified_header(receipt) == {"alg": algorithm, "kid": "k-1", "typ": "receipt+jwt"}


def said_of(owner):
    match owner:
        case User(issuer, subject):
            return {"user": {"issuer": issuer, "subject": subject}}
        case Guest(device_id, user_id):
            return {"guest": {"device_id": device_id, "user_id": user_id}}
        case Visitor(visitor_id):
            return {"visitor": {"id": visitor_id}}


def test_a_message_that_is_registered_as_well_gives_the_same_receipt(signer):
    """Metadata and the instant are for the registration alone."""
    client, *_ = signer
    message = Message(id="m", conversation_id="c", owner=Visitor("v"), model="gpt-x", metadata={"not": "in it"})
    assert claims_of(client.receipt_of(message)) == claims_of(client.receipt("m", "c", Visitor("v"), model="gpt-x"))


def claims_of(receipt):
    claims = jwt.decode(receipt, options={"verify_signature": False})
    return {name: value for name, value in claims.items() if name not in {"iat", "exp"}}


@given(st.data())
def test_a_receipt_that_was_changed_anywhere_is_not_read(signer, data):
    client, *_ = signer
    receipt = client.receipt_key.sign({"project": "shop", "message_id": "m", "iat": 1, "exp": 10_000_000_000})
    assert client.receipt_key.read(receipt)["message_id"] == "m"
    place = data.draw(st.integers(0, len(receipt) - 2))  # the last character has bits that mean nothing
    other = data.draw(st.sampled_from(sorted(set("AZaz09-_.") - {receipt[place]})))
    with pytest.raises(Invalid):
        client.receipt_key.read(receipt[:place] + other + receipt[place + 1:])


@pytest.mark.parametrize("claims", [
    {"project": "shop", "iat": 1, "exp": 2},
    {"project": "shop", "iat": 1},
    {"project": "other", "iat": 1, "exp": 10_000_000_000},
])
def test_a_receipt_that_has_expired_or_never_does_or_is_another_projects_is_not_read(claims):
    key = ReceiptKey(key_text())
    with pytest.raises(Invalid):
        key.read(key.sign(claims))


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(("field", "arguments", "facts"), [
    ("message_id", ("", "c", Visitor("v")), {}),
    ("message_id", ("..", "c", Visitor("v")), {}),
    ("message_id", ("m" * 129, "c", Visitor("v")), {}),
    ("message_id", (7, "c", Visitor("v")), {}),
    ("conversation_id", ("m", "a\nb", Visitor("v")), {}),
    ("owner", ("m", "c", "ann"), {}),
    ("owner.user.issuer", ("m", "c", User("no address", "s")), {}),
    ("owner.visitor.id", ("m", "c", Visitor("")), {}),
    ("role", ("m", "c", Visitor("v")), {"role": "robot"}),
    ("model", ("m", "c", Visitor("v")), {"model": "x" * 257}),
    ("arms", ("m", "c", Visitor("v")), {"arms": {"greeting": 1}}),
    ("content", ("m", "c", Visitor("v")), {"content": "\ud800"}),
    ("lifetime", ("m", "c", Visitor("v")), {"lifetime": timedelta(days=401)}),
    ("lifetime", ("m", "c", Visitor("v")), {"lifetime": timedelta(days=15), "bearer": True}),
    ("lifetime", ("m", "c", Visitor("v")), {"lifetime": timedelta(seconds=-1)}),
    ("lifetime", ("m", "c", Visitor("v")), {"lifetime": timedelta(0)}),
    ("owner.visitor.id", ("m", "c", Visitor("half \ud800")), {}),
    ("owner.guest.user_id", ("m", "c", Guest("device-of-gus-0001", "auth0|gus")), {}),
    ("receipt", ("m", "c", Visitor("v")), {"arms": {f"{number}" * 60: "x" * 128 for number in range(10, 42)}}),
])
def test_a_receipt_that_no_server_would_take_is_not_made(signer, field, arguments, facts):
    with pytest.raises(Invalid) as refused:
        signer[0].receipt(*arguments, **facts)
    assert refused.value.details["field"] == field


@pytest.mark.parametrize("text", [
    "", "rk_", key_text().upper(), key_text()[:-1], f"{key_text()}A", key_text("rs256"), key_text(project="a b"),
    key_text(kid="k" * 65), f"{key_text()}\n", key_text().replace(".", "-"),
])
def test_a_text_that_is_no_receipt_key_is_refused_without_being_repeated(text):
    with pytest.raises(Invalid) as refused:
        ReceiptKey(text)
    assert "rk_…" in str(refused.value)
    assert text in {"", "rk_"} or text not in str(refused.value)


def test_without_a_receipt_key_there_are_no_receipts():
    with Plaudit("http://127.0.0.1:1") as client, pytest.raises(Invalid, match="plaudit key new --receipts"):
        client.receipt("m", "c", Visitor("v"))


def test_no_secret_is_in_what_is_printed(signer):
    secret = key_text().rpartition(".")[2]
    assert secret not in repr(signer[0]) + repr(signer[0].receipt_key)


def test_a_receipts_parts_are_compact_json_in_base64url_without_padding(signer):
    head, body, _ = signer[0].receipt("m", "c", Visitor("v")).split(".")
    for part in (head, body):
        content = base64.urlsafe_b64decode(f"{part}==")
        assert json.dumps(json.loads(content), separators=(",", ":")).encode() == content
