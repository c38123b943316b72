"""Receipts: what the application's back end has signed. Only by whom is found out here; what it says is read elsewhere.

A receipt is a JWS in compact form (RFC 7515), signed with Ed25519 (RFC 8037) or HMAC-SHA256. It is taken apart by hand:
a general parser costs half as much again as the signature. The key says which algorithm is believed, never the receipt.
"""

import base64
import hmac
import re
import secrets
from collections.abc import Callable, Iterable

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from plaudit.errors import Invalid
from plaudit.model import Project, ReceiptAlgorithm, ReceiptKey

BYTES_MAX = 4096
KEY_BYTES = 32
TYPE = "receipt+jwt"
COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)

Verify = Callable[[bytes, bytes], bool]  # a signature, and what it must be of


class Header(Struct, frozen=True, forbid_unknown_fields=True):
    """Whatever else a header asks for, `crit` among it, is nothing that we know how to do."""

    alg: str
    kid: str
    typ: str


class Receipts:
    def __init__(self, projects: Iterable[Project]) -> None:
        self._keys: dict[tuple[str, str], list[tuple[Project, Verify]]] = {}
        for project in projects:
            for key in project.receipt_keys:
                self._keys.setdefault((key.id, key.algorithm.value), []).append((project, _verifier(key)))

    def verify(self, receipt: str) -> tuple[Project, bytes]:
        """Whose key has signed it, and its claims as JSON. Raises `Invalid`."""
        found = COMPACT.fullmatch(receipt) if len(receipt) <= BYTES_MAX else None
        if found is None:
            raise _refused()
        header, claims, signature = map(_decoded, found.groups())
        signed = receipt[:found.end(2)].encode()
        for project, verify in self._keys.get(_key_of(header), ()):
            if verify(signature, signed):
                return project, claims
        raise _refused()


def new_key(algorithm: ReceiptAlgorithm) -> tuple[bytes, bytes]:
    """A fresh key: what signs (with Ed25519 the private seed), and what is checked by (with HS256 the same)."""
    if algorithm is ReceiptAlgorithm.HS256:
        secret = secrets.token_bytes(KEY_BYTES)
        return secret, secret
    private = Ed25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def _verifier(key: ReceiptKey) -> Verify:
    if key.algorithm is ReceiptAlgorithm.HS256:
        return lambda signature, signed: hmac.compare_digest(signature, hmac.digest(key.key, signed, "sha256"))
    from nacl.exceptions import CryptoError  # noqa: PLC0415 -- who has no such key need not carry it
    from nacl.signing import VerifyKey  # noqa: PLC0415 -- as above

    public = VerifyKey(key.key)

    def verify(signature: bytes, signed: bytes) -> bool:
        try:
            public.verify(signed, signature)
        except (CryptoError, ValueError):  # the latter for a signature of another length
            return False
        return True

    return verify


def _key_of(header: bytes) -> tuple[str, str]:
    """Its id and algorithm. Raises `Invalid`."""
    try:
        said = _decode_header(header)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _refused() from error
    if said.typ != TYPE:
        raise _refused()
    return said.kid, said.alg


def _decoded(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError as error:
        raise _refused() from error


def _refused() -> Invalid:
    return Invalid("receipt", "is not one that a key of this project has signed")


_decode_header = msgspec.json.Decoder(Header).decode
