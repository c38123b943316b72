"""One token of the application's own user: everything that is checked of it, in order, cheapest first.

Nothing here reaches for the network or the clock, and nothing says why a token was refused.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from plaudit.auth.jwk import VerificationKey
from plaudit.errors import Unauthenticated
from plaudit.model import Instant, Issuer

TOKEN_BYTES_MAX = 8 * 1024
LEEWAY_SECONDS = 30
EXPIRES_AHEAD_SECONDS_MAX = 400 * 24 * 60 * 60
REQUIRED_CLAIMS = ["exp", "iat", "iss", "aud", "sub"]
SUBJECT = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,255}")
COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)

_JWS = jwt.PyJWS()

Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unverified:
    """What a token says of itself. Good for choosing the checks, and for nothing else."""

    header: Mapping[str, Any]
    claims: Claims


def refused() -> Unauthenticated:
    return Unauthenticated(token_invalid=True)


def check_size(token: str) -> None:
    """Raises `Unauthenticated` for what is too large to be looked at."""
    if len(token) > TOKEN_BYTES_MAX or not token.isascii():
        raise refused()


def read(token: str) -> Unverified:
    """Take a token apart, believing nothing. Raises `Unauthenticated` for anything but a compact JWT."""
    check_size(token)
    if not COMPACT.fullmatch(token):
        raise refused()
    try:
        parts = jwt.decode_complete(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise refused() from error
    return Unverified(parts["header"], parts["payload"])


def key_id(header: Mapping[str, Any], algorithms: Sequence[str]) -> str:
    """The header's `kid`, once its `alg` is among those configured and nothing in it demands what we do not know.

    `jku`, `x5u`, `jwk` and `x5c` are not looked at.
    """
    kid = header.get("kid")
    if header.get("alg") not in algorithms or "crit" in header or "b64" in header:
        raise refused()
    if not isinstance(kid, str) or not kid:
        raise refused()
    return kid


def check_claims(claims: Claims, issuer: Issuer, now: Instant) -> None:
    """Raises `Unauthenticated` unless every claim is as this issuer's tokens must have it.

    That `iss` and `aud` are this issuer's is how it was chosen (`Authenticator._believer`).
    """
    if not all(claims.get(name) is not None for name in REQUIRED_CLAIMS):
        raise refused()
    if not isinstance(claims["sub"], str) or not SUBJECT.fullmatch(claims["sub"]):
        raise refused()
    check_times(claims, now)
    _check_party(claims, issuer)
    _check_scopes(claims, issuer)


def check_times(claims: Claims, now: Instant) -> None:
    """Comparisons are written so that NaN, which Python's JSON lets through, fails each of them."""
    now_seconds = now / 1000
    if not now_seconds - LEEWAY_SECONDS < _number(claims["exp"]) <= now_seconds + EXPIRES_AHEAD_SECONDS_MAX:
        raise refused()
    for name in ("iat", "nbf"):
        if name in claims and not _number(claims[name]) <= now_seconds + LEEWAY_SECONDS:
            raise refused()


def audiences(claims: Claims) -> frozenset[str]:
    """`aud` is one audience or a list of them; in any other form it names none."""
    audience = claims.get("aud")
    if isinstance(audience, str):
        return frozenset({audience})
    if isinstance(audience, list) and all(isinstance(one, str) for one in audience):
        return frozenset(audience)
    return frozenset()


def check_signature(token: str, key: VerificationKey, algorithm: str) -> None:
    """Raises `Unauthenticated` unless the key, used as it may be used, signed this very token."""
    if algorithm not in key.algorithms:
        raise refused()
    try:
        _JWS.decode_complete(token, key.public, algorithms=[algorithm])
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise refused() from error


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refused()
    return value


def _check_party(claims: Claims, issuer: Issuer) -> None:
    """RFC 9068 calls the client `client_id`, older profiles `azp`; a token that names both is asked for both."""
    if not issuer.authorized_parties:
        return
    parties = [claims[name] for name in ("azp", "client_id") if name in claims]
    if not parties or not all(isinstance(party, str) and party in issuer.authorized_parties for party in parties):
        raise refused()


def _check_scopes(claims: Claims, issuer: Issuer) -> None:
    scope = claims.get("scope", "")
    if not isinstance(scope, str) or not issuer.scopes <= set(scope.split(" ")):
        raise refused()
