"""Tokens that were verified a moment ago: the shortest way through authentication.

A verified token is kept by its SHA-256 (never itself), until it runs out or for five minutes, whichever is first, and
is forgotten at once when its issuer drops the key that signed it.
"""

from dataclasses import dataclass
from hashlib import sha256

from plaudit.auth.bounded import Bounded
from plaudit.model import Instant, Voter

KEPT_MILLISECONDS_MAX = 5 * 60 * 1000
KEPT_TOKENS_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Signer:
    """The key behind a token."""

    issuer: str
    kid: str


@dataclass(frozen=True, slots=True)
class _Kept:
    voter: Voter
    since: Instant
    until: Instant
    signer: Signer | None


class VerifiedTokens:
    def __init__(self, tokens_max: int = KEPT_TOKENS_MAX) -> None:
        self._kept: Bounded[bytes, _Kept] = Bounded(tokens_max)

    def get(self, token: str, now: Instant) -> Voter | None:
        """`token` is ASCII: ask `tokens.check_size` before."""
        kept = self._kept.get(sha256(token.encode()).digest())
        # a clock that was set back must not make a token live longer
        return kept.voter if kept is not None and kept.since <= now < kept.until else None

    def put(self, token: str, voter: Voter, now: Instant, expires_at: Instant, signer: Signer | None) -> None:
        until = min(expires_at, now + KEPT_MILLISECONDS_MAX)
        self._kept.put(sha256(token.encode()).digest(), _Kept(voter, now, until, signer))

    def forget(self, issuer: str, kids: frozenset[str]) -> None:
        """Forget every token that one of these keys signed."""
        self._kept.drop(lambda kept: kept.signer is not None and kept.signer.issuer == issuer
                        and kept.signer.kid in kids)

    def __len__(self) -> int:
        return len(self._kept)
