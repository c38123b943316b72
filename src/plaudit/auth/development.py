"""An identity provider in a box, so that the path of signed-in users can be tried without having one.

Whoever holds its private key can be anybody, so nothing but development mode may believe it.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from jwt.utils import base64url_encode

from plaudit.model import Instant

RSA_BITS = 2048
RSA_EXPONENT = 65537
LIFETIME_SECONDS = 24 * 60 * 60

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class DevelopmentIssuer:
    """`issuer` is what its tokens carry as `iss`; `algorithm` must be among those that the project's issuer lists."""

    issuer: str
    private_key: PrivateKey
    algorithm: str
    public_jwk: dict[str, Any]

    @classmethod
    def from_pem(cls, issuer: str, private_key_pem: bytes) -> "DevelopmentIssuer":
        """Raises `ValueError` when the PEM holds no RSA or P-256 private key."""
        private_key = load_pem_private_key(private_key_pem, password=None)
        if isinstance(private_key, rsa.RSAPrivateKey):
            members = RSAAlgorithm.to_jwk(private_key.public_key(), as_dict=True)
            return cls(issuer, private_key, "RS256", _public_jwk(members, "RS256", ("e", "kty", "n")))
        if isinstance(private_key, ec.EllipticCurvePrivateKey) and isinstance(private_key.curve, ec.SECP256R1):
            members = ECAlgorithm.to_jwk(private_key.public_key(), as_dict=True)
            return cls(issuer, private_key, "ES256", _public_jwk(members, "ES256", ("crv", "kty", "x", "y")))
        raise ValueError("the development issuer's key must be RSA or P-256")

    @property
    def jwks(self) -> bytes:
        """The document to serve, and to preload the server's own cache with."""
        return msgspec.json.encode({"keys": [self.public_jwk]})

    def mint(self, subject: str, audience: str, now: Instant, *, lifetime_seconds: int = LIFETIME_SECONDS,
             **claims: Any) -> str:
        """A user's token, as Auth0's default profile has it; `claims` are added to it or replace what it has."""
        issued_at = now // 1000
        standard = {
            "iss": self.issuer,
            "sub": subject,
            "aud": audience,
            "iat": issued_at,
            "exp": issued_at + lifetime_seconds,
        }
        return jwt.encode({**standard, **claims}, self.private_key, self.algorithm,
                          headers={"kid": self.public_jwk["kid"]})


def new_private_key_pem(*, elliptic: bool = False) -> bytes:
    """A fresh private key, unencrypted: RSA of 2048 bits, which every issuer's default accepts, or P-256."""
    private_key: PrivateKey = (
        ec.generate_private_key(ec.SECP256R1()) if elliptic
        else rsa.generate_private_key(RSA_EXPONENT, RSA_BITS))
    return private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _public_jwk(members: dict[str, Any], algorithm: str, required: tuple[str, ...]) -> dict[str, Any]:
    """`required`: the members that RFC 7638 hashes for a key's thumbprint, sorted, which serves as `kid`."""
    public = {name: members[name] for name in required}
    thumbprint = base64url_encode(sha256(msgspec.json.encode(public)).digest()).decode()
    return {**public, "kid": thumbprint, "use": "sig", "alg": algorithm}
