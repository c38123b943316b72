"""Receipts: what was shown, to whom and by which model, signed by the application without asking anybody.

A receipt is a JWS in compact form (RFC 7515). A receipt key is one text, `rk_<algorithm>.<project>.<key id>.<secret>`,
as `plaudit key new --receipts` prints it; the secret is base64url without padding: the seed of an Ed25519 key, or 32
random bytes for HMAC.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from plaudit.client.errors import Invalid
from plaudit.client.nouns import Json, Message
from plaudit.client.wire import Id, Shown, check, owner, to_json, without_nothing

KEY = re.compile(r"rk_(ed25519|hs256)\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{43})", re.ASCII)
ALGORITHMS = {"ed25519": "EdDSA", "hs256": "HS256"}
TYPE = "receipt+jwt"
RECEIPT_BYTES_MAX = 4096
LIFETIME_MAX = timedelta(days=400)
BEARER_LIFETIME_MAX = timedelta(days=14)
LIFETIME = timedelta(days=90)
BEARER_LIFETIME = timedelta(days=7)


class Claims(Shown, frozen=True, kw_only=True):
    message_id: Id


class ReceiptKey:
    """Signs, and knows its own signature again. Raises `Invalid` for a text that is no receipt key."""

    def __init__(self, text: str) -> None:
        found = KEY.fullmatch(text)
        if not found:
            raise Invalid.field("receipt_key", "must be the text that `plaudit key new --receipts` prints: rk_…")
        kind, self.project, self.id, secret = found.groups()
        self.algorithm = ALGORITHMS[kind]
        self._head = _segment(to_json({"alg": self.algorithm, "kid": self.id, "typ": TYPE})) + b"."
        self._sign, self._verification_key = _signing(kind, urlsafe_b64decode(f"{secret}="))

    def __repr__(self) -> str:
        return f"ReceiptKey({self.algorithm}, project {self.project!r}, id {self.id!r})"

    def sign(self, claims: Json) -> str:
        """Raises `Invalid` when the receipt is larger than anybody would read."""
        text = self._head + _segment(to_json(claims))
        receipt = text + b"." + _segment(self._sign(text))
        if len(receipt) > RECEIPT_BYTES_MAX:
            raise Invalid.field("receipt", f"would have {len(receipt)} bytes; {RECEIPT_BYTES_MAX} are allowed")
        return receipt.decode("ascii")

    def signed(self, receipt: str) -> bool:
        """Whether it names this key. Nothing is believed by that."""
        return receipt.encode("utf-8", "replace").startswith(self._head)

    def read(self, receipt: str) -> Json:
        """The claims of a receipt that this key has signed. Raises `Invalid` for one that is forged or has expired."""
        if len(receipt) > RECEIPT_BYTES_MAX:
            raise Invalid.field("receipt", "is too large")
        try:
            claims: Json = jwt.decode(receipt, self._verification_key, [self.algorithm],
                                      options={"require": ["exp", "iat"], "verify_aud": False})
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise Invalid.field("receipt", "is not a receipt of ours, or no longer") from None
        if claims.get("project") != self.project:
            raise Invalid.field("receipt", "is another project's")
        return claims


def claims(message: Message, project: str, issued_at: int, lifetime: timedelta | None, *, bearer: bool) -> Json:
    """What a receipt says. The content itself is not in it, its SHA-256 is. Raises `Invalid`.

    `issued_at`: seconds since 1970. Without a `lifetime` it is 90 days, of a bearer receipt 7.
    """
    said = without_nothing({
        "project": project,
        "message_id": message.id,
        "conversation_id": message.conversation_id,
        "owner": owner(message.owner),
        "role": message.role,
        "model": message.model,
        "prompt_version": message.prompt_version,
        "arms": dict(message.arms),
        "locale": message.locale,
        "platform": message.platform,
        "in_reply_to": message.in_reply_to,
        "trace_id": message.trace_id,
        "span_id": message.span_id,
        "content_sha256": None if message.content is None else content_sha256(message.content),
        "bearer": bearer or None,
    })
    check(said, Claims)
    return {**said, **times(issued_at, lifetime, bearer=bearer)}


def times(issued_at: int, lifetime: timedelta | None, *, bearer: bool) -> Json:
    """From when and until when. Raises `Invalid` for a lifetime that nobody would accept."""
    longest = BEARER_LIFETIME_MAX if bearer else LIFETIME_MAX
    usual = BEARER_LIFETIME if bearer else LIFETIME
    chosen = usual if lifetime is None else lifetime
    if not timedelta(seconds=1) <= chosen <= longest:
        raise Invalid.field("lifetime", f"must be a second to {longest.days} days")
    return {"iat": issued_at, "exp": issued_at + int(chosen.total_seconds())}


def content_sha256(content: str) -> str:
    """Of the text in UTF-8, hexadecimal. Raises `Invalid` for what is no text."""
    try:
        return hashlib.sha256(content.encode()).hexdigest()
    except UnicodeEncodeError:
        raise Invalid.field("content", "holds half a character") from None


def _signing(kind: str, secret: bytes) -> tuple[Callable[[bytes], bytes], Any]:
    """What signs, and what a signature is verified with."""
    if kind == "hs256":
        return partial(hmac.digest, secret, digest="sha256"), secret
    private = Ed25519PrivateKey.from_private_bytes(secret)
    return private.sign, private.public_key()


def _segment(content: bytes) -> bytes:
    return urlsafe_b64encode(content).rstrip(b"=")
