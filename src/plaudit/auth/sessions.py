"""Our own session tokens: a short claim, signed by this server, that its bearer is one visitor of one project."""

from dataclasses import dataclass

import jwt

from plaudit.auth.tokens import Unverified, check_times, refused
from plaudit.model import Instant

SESSION_ISSUER = "plaudit"
ALGORITHM = "HS256"
LIFETIME_SECONDS = 30 * 24 * 60 * 60  # SiteAssist's widget keeps its token in localStorage and never renews it
SECRET_BYTES_MIN = 32  # RFC 7518, 3.2


@dataclass(frozen=True, slots=True)
class Session:
    project_id: str
    visitor_id: str
    expires_at: Instant


def mint(secret: bytes, project_id: str, visitor_id: str, now: Instant, lifetime_seconds: int) -> str:
    issued_at = now // 1000
    claims = {
        "iss": SESSION_ISSUER,
        "project": project_id,
        "sub": visitor_id,
        "iat": issued_at,
        "exp": issued_at + lifetime_seconds,
    }
    return jwt.encode(claims, secret, ALGORITHM)


def is_session(unverified: Unverified) -> bool:
    return unverified.claims.get("iss") == SESSION_ISSUER


def verify(secret: bytes, token: str, now: Instant) -> Session:
    """Raises `Unauthenticated` for anything that `mint` did not make with this secret, and for what has run out."""
    try:
        claims = jwt.decode(token, secret, [ALGORITHM], issuer=SESSION_ISSUER, options={
            "require": ["exp", "iat", "iss", "sub", "project"],
            # the clock is ours to give, in `check_times`
            "verify_exp": False, "verify_iat": False, "verify_nbf": False,
        })
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise refused() from error
    check_times(claims, now)
    return Session(str(claims["project"]), str(claims["sub"]), int(claims["exp"] * 1000))
