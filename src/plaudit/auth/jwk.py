"""One JWKS document, read: which of its keys may verify a token here. Pure; fetching it is `jwks.py`'s.

Refuses to know symmetric keys, encryption keys, RSA under 2048 bits and curves other than P-256: such keys are passed
over, as if the document did not hold them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWTError
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

KEYS_MAX = 50
RSA_BITS_MIN = 2048
RSA_BITS_MAX = 8192  # verifying takes longer with the square of it
RSA_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
P256_ALGORITHMS = frozenset({"ES256"})

PublicKey = RSAPublicKey | EllipticCurvePublicKey


class UnusableDocument(Exception):
    """The document holds no key that can be used; the message says why, for operators."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key and the algorithms that it may be used with, which no token can widen."""

    kid: str
    public: PublicKey
    algorithms: frozenset[str]


def usable_keys(document: bytes) -> Mapping[str, VerificationKey]:
    """The keys by their `kid`; of several with one `kid`, the first. Raises `UnusableDocument` when there is none."""
    keys: dict[str, VerificationKey] = {}
    for raw in _entries(document):
        key = _usable(raw)
        if key is not None:
            keys.setdefault(key.kid, key)
    if not keys:
        raise UnusableDocument("it holds no usable key: RSA of 2048 bits or more, or P-256, with a kid")
    return MappingProxyType(keys)


class _Document(msgspec.Struct):
    keys: list[msgspec.Raw]


# Base64url: 8192 bits, and the 64 bits that OpenSSL allows. Longer ones would cost long before they are refused.
_Number = Annotated[str, msgspec.Meta(max_length=1366)]
_Exponent = Annotated[str, msgspec.Meta(max_length=11)]


class _Jwk(msgspec.Struct):
    kty: str
    kid: str
    use: str = "sig"
    alg: str | None = None
    key_ops: list[str] | None = None
    n: _Number = ""
    e: _Exponent = ""
    crv: str = ""
    x: _Number = ""
    y: _Number = ""


def _entries(document: bytes) -> list[msgspec.Raw]:
    try:
        entries = msgspec.json.decode(document, type=_Document).keys
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnusableDocument("it is no JSON Web Key Set") from error
    if len(entries) > KEYS_MAX:
        raise UnusableDocument(f"it holds {len(entries)} keys, and more than {KEYS_MAX} are not read")
    return entries


def _usable(raw: msgspec.Raw) -> VerificationKey | None:
    try:
        jwk = msgspec.json.decode(raw, type=_Jwk)
        if not jwk.kid or jwk.use != "sig" or "verify" not in (jwk.key_ops or ["verify"]):
            return None
        public = _public_key(jwk)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, PyJWTError, ValueError):
        return None
    if public is None:
        return None
    possible = RSA_ALGORITHMS if isinstance(public, RSAPublicKey) else P256_ALGORITHMS
    algorithms = possible if jwk.alg is None else possible & {jwk.alg}
    return VerificationKey(jwk.kid, public, algorithms) if algorithms else None


def _public_key(jwk: _Jwk) -> PublicKey | None:
    """Only the public members are handed on: whoever publishes a private key by mistake is still read as public."""
    if jwk.kty == "RSA":
        key: Any = RSAAlgorithm.from_jwk({"kty": "RSA", "n": jwk.n, "e": jwk.e})
        return key if isinstance(key, RSAPublicKey) and RSA_BITS_MIN <= key.key_size <= RSA_BITS_MAX else None
    if jwk.kty == "EC" and jwk.crv == "P-256":
        key = ECAlgorithm.from_jwk({"kty": "EC", "crv": "P-256", "x": jwk.x, "y": jwk.y})
        return key if isinstance(key, EllipticCurvePublicKey) else None
    return None
