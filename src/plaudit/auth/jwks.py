"""The keys of identity providers, kept close and never lost to a bad moment of theirs.

An issuer's keys are fresh for ten minutes. After that the next request that needs one waits for a fetch; while the
issuer fails, what was known goes on serving for a day, and nobody waits. An unknown `kid` may mean that keys were
rotated, so it causes a fetch, but never two within half a minute of each other, whoever asks and however often: the
half minute counts from the last attempt, also one that failed. There is one fetch in flight for an issuer.

No address is ever taken from a token: an issuer's comes from the settings.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

import httpx2
import structlog

from plaudit.auth.jwk import UnusableDocument, VerificationKey, usable_keys
from plaudit.errors import DependencyDown
from plaudit.model import Instant, Issuer

FRESH_MILLISECONDS = 10 * 60 * 1000
STALE_MILLISECONDS = 24 * 60 * 60 * 1000
COOLDOWN_MILLISECONDS = 30 * 1000
CONNECT_TIMEOUT_SECONDS = 2.0
TOTAL_TIMEOUT_SECONDS = 3.0
DOCUMENT_BYTES_MAX = 256 * 1024
IDENTITY_PROVIDER = "identity_provider"

log = structlog.get_logger("plaudit.auth")

NO_KEYS: Mapping[str, VerificationKey] = MappingProxyType({})
WhenDropped = Callable[[str, frozenset[str]], None]


class IssuerFacts(NamedTuple):
    """For metrics: how an issuer's keys are."""

    issuer: str
    age_seconds: float | None  # since the last fetch that succeeded; None before the first
    keys: int
    fetches: int  # attempts, the failed ones included
    failures: int


class JwksCache:
    """`now` gives milliseconds since 1970. `static` gives an issuer's JWKS document in place of fetching it."""

    def __init__(self, now: Callable[[], Instant], static: Mapping[str, bytes] = MappingProxyType({}), *,
                 timeout_seconds: float = TOTAL_TIMEOUT_SECONDS) -> None:
        """Raises `UnusableDocument` when a static document holds no usable key."""
        self._now = now
        self._timeout_seconds = timeout_seconds
        self._static = {issuer: usable_keys(document) for issuer, document in static.items()}
        self._key_sets: dict[tuple[str, str], _KeySet] = {}
        self._client: httpx2.AsyncClient | None = None
        self._when_dropped: list[WhenDropped] = []

    async def key(self, issuer: Issuer, kid: str) -> VerificationKey | None:
        """An issuer's key; None when the issuer publishes no such key.

        Raises `DependencyDown` when that cannot be said: no keys can be had at all, or the key is not among those
        known and the issuer does not answer. Waits for one fetch at most.
        """
        if issuer.issuer in self._static:
            return self._static[issuer.issuer].get(kid)
        known = self._key_set(issuer)
        if kid not in known.usable(self._now()):
            await self._attempt(known)
        elif not known.fresh(self._now()):
            await self._renew(known)
        return self._judge(known, kid)

    async def check(self, issuer: Issuer) -> int:
        """How many usable keys an issuer publishes now, asking it whatever is known.

        Raises `DependencyDown`, saying why in its message.
        """
        if issuer.issuer in self._static:
            return len(self._static[issuer.issuer])
        try:
            return len(usable_keys(await self._fetch(issuer.jwks_url)))
        except (FetchFailed, UnusableDocument) as reason:
            raise DependencyDown(IDENTITY_PROVIDER, f"{issuer.jwks_url}: {reason}") from reason

    def facts(self) -> list[IssuerFacts]:
        now = self._now()
        return [known.facts(now) for known in self._key_sets.values()]

    def when_dropped(self, listener: WhenDropped) -> None:
        """Have `listener(issuer, kids)` called when keys vanish from an issuer's set, or stand for other keys now."""
        self._when_dropped.append(listener)

    async def aclose(self) -> None:
        for known in self._key_sets.values():
            if known.in_flight is not None:
                known.in_flight.cancel()
        if self._client is not None:
            await self._client.aclose()

    def _judge(self, known: "_KeySet", kid: str) -> VerificationKey | None:
        usable = known.usable(self._now())
        if kid not in usable and (known.failing or not usable):
            raise DependencyDown(IDENTITY_PROVIDER)
        return usable.get(kid)

    async def _renew(self, known: "_KeySet") -> None:
        """Old keys are worth waiting for newer ones, unless the issuer failed when it was last asked."""
        if known.failing:
            self._start(known)
        else:
            await self._attempt(known)

    async def _attempt(self, known: "_KeySet") -> None:
        """Wait for the fetch in flight, or for a new one where the cooldown allows it."""
        fetching = self._start(known)
        if fetching is not None:
            await asyncio.shield(fetching)  # whoever hangs up must not end it for the others

    def _start(self, known: "_KeySet") -> asyncio.Task[None] | None:
        now = self._now()
        if known.in_flight is None and known.may_attempt(now):
            known.attempted_at = now
            known.fetches += 1
            known.in_flight = asyncio.create_task(self._refresh(known), name="jwks")
        return known.in_flight

    async def _refresh(self, known: "_KeySet") -> None:
        try:
            keys = usable_keys(await self._fetch(known.issuer.jwks_url))
        except (FetchFailed, UnusableDocument) as reason:
            known.failing = True
            known.failures += 1
            log.warning("keys not fetched", issuer=known.issuer.issuer, url=known.issuer.jwks_url, reason=str(reason))
        else:
            self._install(known, keys)
        finally:
            known.in_flight = None

    def _install(self, known: "_KeySet", keys: Mapping[str, VerificationKey]) -> None:
        dropped = frozenset(kid for kid, key in known.keys.items() if keys.get(kid) != key)
        known.keys, known.fetched_at, known.failing = keys, self._now(), False
        if dropped:
            for listener in self._when_dropped:
                listener(known.issuer.issuer, dropped)

    async def _fetch(self, url: str) -> bytes:
        if self._client is None:
            self._client = new_client()
        return await fetch(self._client, url, self._timeout_seconds)

    def _key_set(self, issuer: Issuer) -> "_KeySet":
        identity = (issuer.issuer, issuer.jwks_url)
        known = self._key_sets.get(identity)
        if known is None:
            known = self._key_sets[identity] = _KeySet(issuer)
        return known


@dataclass(slots=True)
class _KeySet:
    """What is known of one issuer."""

    issuer: Issuer
    keys: Mapping[str, VerificationKey] = field(default_factory=lambda: NO_KEYS)
    fetched_at: Instant | None = None
    attempted_at: Instant | None = None
    failing: bool = False  # the last attempt failed
    fetches: int = 0
    failures: int = 0
    in_flight: asyncio.Task[None] | None = field(default=None, repr=False)

    def usable(self, now: Instant) -> Mapping[str, VerificationKey]:
        return self.keys if _within(now, self.fetched_at, STALE_MILLISECONDS) else NO_KEYS

    def fresh(self, now: Instant) -> bool:
        return _within(now, self.fetched_at, FRESH_MILLISECONDS)

    def may_attempt(self, now: Instant) -> bool:
        return not _within(now, self.attempted_at, COOLDOWN_MILLISECONDS)

    def facts(self, now: Instant) -> IssuerFacts:
        age_seconds = None if self.fetched_at is None else (now - self.fetched_at) / 1000
        return IssuerFacts(self.issuer.issuer, age_seconds, len(self.keys), self.fetches, self.failures)


def _within(now: Instant, since: Instant | None, milliseconds: int) -> bool:
    """A clock that was set back counts as time that has passed: better one fetch too many than none for hours."""
    return since is not None and 0 <= now - since < milliseconds


# ---------------------------------------------------------------- over the network


class FetchFailed(Exception):
    """No document came; the message says why, for operators."""


async def fetch(client: httpx2.AsyncClient, url: str, timeout_seconds: float,
                form: Mapping[str, str] | None = None, headers: Mapping[str, str] = MappingProxyType({})) -> bytes:
    """A document of at most `DOCUMENT_BYTES_MAX`, all of it within the timeout; with a form, what is answered to it.

    Raises `FetchFailed`.
    """
    asking = client.stream("GET" if form is None else "POST", url, data=form, headers=headers)
    try:
        async with asyncio.timeout(timeout_seconds), asking as response:
            if response.status_code != httpx2.codes.OK:
                raise FetchFailed(f"it answers with status {response.status_code}")
            return await _capped(response)
    except TimeoutError as error:
        raise FetchFailed(f"no answer within {timeout_seconds:g} seconds") from error
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise FetchFailed(f"it cannot be reached ({type(error).__name__})") from error


async def _capped(response: httpx2.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():  # raw: what is small on the wire must not unpack to something large
        body += chunk
        if len(body) > DOCUMENT_BYTES_MAX:
            raise FetchFailed(f"the document is larger than {DOCUMENT_BYTES_MAX} bytes")
    return bytes(body)


def new_client() -> httpx2.AsyncClient:
    """No redirects, no connection kept: keys are fetched every ten minutes, from where the settings say."""
    return httpx2.AsyncClient(
        follow_redirects=False,
        headers={"accept": "application/json", "accept-encoding": "identity"},
        limits=httpx2.Limits(max_keepalive_connections=0),
        timeout=httpx2.Timeout(TOTAL_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS),
        mounts={"http://": httpx2.AsyncHTTPTransport()},  # plain HTTP is for loopback, where no proxy can help
    )
