"""Links to vote by: a claim, signed by this server, that its bearer votes on one message as the message's owner.

They are what a bearer receipt is, for applications that ask Plaudit for the link and sign nothing themselves.
"""

import hmac

import jwt

from plaudit.auth.tokens import check_size, check_times, refused
from plaudit.model import Instant
from plaudit.ports import VoteLink

LINK_ISSUER = "plaudit/link"  # a session's is another one, so that neither is taken for the other
ALGORITHM = "HS256"


def mint(secret: bytes, link: VoteLink, now: Instant, expires_at: Instant) -> str:
    """`secret` is the sessions': who changes it ends both."""
    claims = {
        "iss": LINK_ISSUER,
        "project": link.project.id,
        "sub": link.message_id,
        "key": link.key,
        "iat": now // 1000,
        "exp": expires_at // 1000,
    }
    return jwt.encode(claims, _key(secret), ALGORITHM)


def verify(secret: bytes, token: str, now: Instant) -> tuple[str, str, str]:
    """The project's id, the message's, and the vote's key. Raises `Unauthenticated` as for a session."""
    check_size(token)
    try:
        claims = jwt.decode(token, _key(secret), [ALGORITHM], issuer=LINK_ISSUER, options={
            "require": ["exp", "iat", "iss", "key", "project", "sub"],
            # the clock is ours to give, in `check_times`
            "verify_exp": False, "verify_iat": False, "verify_nbf": False,
        })
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise refused() from error
    check_times(claims, now)
    return str(claims["project"]), str(claims["sub"]), str(claims["key"])


def _key(secret: bytes) -> bytes:
    return hmac.digest(secret, b"vote link", "sha256")
