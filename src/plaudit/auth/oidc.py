"""Signing in through an OpenID Connect provider: the authorization code with PKCE (RFC 7636), as its client.

What must come back with the browser is bound to that browser by its luggage, a signed word that a cookie carries for
ten minutes. `state`, `nonce` and the code verifier are derived from a random part of it and from our secret, so that
none of them is ever kept, and nobody who reads the luggage knows them.

Nothing about the provider is taken from the browser: its addresses come from its own discovery document, found by the
issuer in the settings, over TLS (plain only on this machine), within seconds, capped, and without redirects.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote, urlencode, urlsplit

import httpx2
import jwt
import msgspec
import structlog

from plaudit.auth import tokens
from plaudit.auth.jwks import IDENTITY_PROVIDER, TOTAL_TIMEOUT_SECONDS, FetchFailed, JwksCache, fetch, new_client
from plaudit.auth.tokens import refused
from plaudit.errors import DependencyDown, Forbidden, Unauthenticated
from plaudit.model import Instant, Issuer, Project, SignIn
from plaudit.ports import Departure

LUGGAGE_ISSUER = "plaudit-sign-in"
LUGGAGE_SECONDS = 10 * 60
ALGORITHM = "HS256"
PURPOSE = b"plaudit sign-in"
DISCOVERY_MILLISECONDS = 10 * 60 * 1000
CODE_LENGTH_MAX = 4096
SCOPE = "openid email profile"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

log = structlog.get_logger("plaudit.auth")

_Url = Annotated[str, msgspec.Meta(max_length=2048)]


class _Discovery(msgspec.Struct):
    """OpenID Connect Discovery 1.0, 3: what is needed of it."""

    issuer: str
    authorization_endpoint: _Url
    token_endpoint: _Url
    jwks_uri: _Url
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _Tokens(msgspec.Struct):
    id_token: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who signed in, and which of the allowed values let them."""

    name: str
    allowed: str
    issuer: str
    client_id: str


@dataclass(frozen=True, slots=True)
class _Trip:
    """What both ends of one sign-in must agree on."""

    state: str
    nonce: str
    verifier: str

    @property
    def challenge(self) -> str:
        return _base64url(hashlib.sha256(self.verifier.encode()).digest())


class Provider:
    """Every project's identity provider for people. `now` gives milliseconds since 1970."""

    def __init__(self, jwks: JwksCache, session_secret: bytes, now: Callable[[], Instant], *,
                 timeout_seconds: float = TOTAL_TIMEOUT_SECONDS) -> None:
        self._jwks = jwks
        self._secret = hmac.digest(session_secret, PURPOSE, "sha256")
        self._now = now
        self._timeout_seconds = timeout_seconds
        self._client: httpx2.AsyncClient | None = None
        self._known: dict[str, tuple[Instant, _Discovery]] = {}

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    # ------------------------------------------------------------ there

    async def depart(self, project: Project, return_url: str) -> Departure:
        """Raises `DependencyDown`, `Unauthenticated` for a project that has no such provider."""
        if project.sign_in is None:
            raise Unauthenticated
        found = await self._discover(project.sign_in)
        seed = secrets.token_urlsafe(32)
        trip = self._trip(seed)
        query = urlencode({
            "response_type": "code", "client_id": project.sign_in.client_id, "redirect_uri": return_url,
            "scope": SCOPE, "state": trip.state, "nonce": trip.nonce,
            "code_challenge": trip.challenge, "code_challenge_method": "S256",
        })
        joint = "&" if urlsplit(found.authorization_endpoint).query else "?"
        return Departure(found.authorization_endpoint + joint + query, self._pack(project.id, seed))

    # ------------------------------------------------------------ and back

    def destination(self, luggage: str, state: str) -> str:
        """The project's id. Raises `Unauthenticated` unless the luggage is ours, fresh, and of this very trip."""
        claims = self._unpack(luggage)
        if not hmac.compare_digest(self._trip(claims["seed"]).state.encode(), state.encode()):
            raise refused()
        return str(claims["project"])

    async def person(self, sign_in: SignIn, luggage: str, code: str, return_url: str) -> Person:
        """Raises `Unauthenticated`, `Forbidden` for somebody who is not among those allowed, `DependencyDown`."""
        if not 0 < len(code) <= CODE_LENGTH_MAX:
            raise refused()
        trip, found = self._trip(self._unpack(luggage)["seed"]), await self._discover(sign_in)
        id_token = await self._redeem(sign_in, found, code, trip, return_url)
        claims = await self._believed(sign_in, found, id_token, trip)
        return Person(_name(claims), _allowed(sign_in, claims), sign_in.issuer, sign_in.client_id)

    async def _redeem(self, sign_in: SignIn, found: _Discovery, code: str, trip: _Trip, return_url: str) -> str:
        """The ID token for the code. A code that the provider does not take is `Unauthenticated`."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": return_url,
                "code_verifier": trip.verifier}
        headers: dict[str, str] = {}
        if sign_in.client_secret is None:
            form["client_id"] = sign_in.client_id
        elif "client_secret_basic" in found.token_endpoint_auth_methods_supported:
            headers["authorization"] = _basic(sign_in.client_id, sign_in.client_secret)
        else:
            form |= {"client_id": sign_in.client_id, "client_secret": sign_in.client_secret}
        try:
            answer = await fetch(self._http(), found.token_endpoint, self._timeout_seconds, form, headers)
            return msgspec.json.decode(answer, type=_Tokens).id_token
        except (FetchFailed, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as reason:
            log.warning("code not redeemed", issuer=sign_in.issuer, reason=str(reason))
            raise refused() from reason

    async def _believed(self, sign_in: SignIn, found: _Discovery, id_token: str, trip: _Trip) -> tokens.Claims:
        """The claims of an ID token (OpenID Connect Core 1.0, 3.1.3.7), once everything about it is as it must be."""
        unverified = tokens.read(id_token)
        issuer = Issuer(sign_in.issuer, frozenset({sign_in.client_id}), found.jwks_uri, sign_in.algorithms)
        kid = tokens.key_id(unverified.header, issuer.algorithms)
        _check_meant_for_us(unverified.claims, sign_in, trip)
        tokens.check_claims(unverified.claims, issuer, self._now())
        key = await self._jwks.key(issuer, kid)
        if key is None:
            raise refused()
        tokens.check_signature(id_token, key, unverified.header["alg"])
        return unverified.claims

    # ------------------------------------------------------------ what is known of a provider

    async def _discover(self, sign_in: SignIn) -> _Discovery:
        known = self._known.get(sign_in.issuer)
        if known is None or not 0 <= self._now() - known[0] < DISCOVERY_MILLISECONDS:
            known = self._known[sign_in.issuer] = self._now(), await self._fetch_discovery(sign_in.issuer)
        return known[1]

    async def _fetch_discovery(self, issuer: str) -> _Discovery:
        """Raises `DependencyDown` when there is none, or not one to be believed."""
        url = issuer.removesuffix("/") + "/.well-known/openid-configuration"
        try:
            found = msgspec.json.decode(await fetch(self._http(), url, self._timeout_seconds), type=_Discovery)
        except (FetchFailed, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as reason:
            log.warning("provider not discovered", issuer=issuer, url=url, reason=str(reason))
            raise DependencyDown(IDENTITY_PROVIDER) from reason
        addresses = found.authorization_endpoint, found.token_endpoint, found.jwks_uri
        if found.issuer != issuer or not all(map(_is_safe, addresses)):
            log.warning("provider not believed", issuer=issuer, says=found.issuer[:200])
            raise DependencyDown(IDENTITY_PROVIDER)
        return found

    def _http(self) -> httpx2.AsyncClient:
        if self._client is None:
            self._client = new_client()
        return self._client

    # ------------------------------------------------------------ luggage

    def _trip(self, seed: str) -> _Trip:
        state, nonce, verifier = (
            _base64url(hmac.digest(self._secret, f"{what} {seed}".encode(), "sha256"))
            for what in ("state", "nonce", "verifier"))
        return _Trip(state, nonce, verifier)

    def _pack(self, project_id: str, seed: str) -> str:
        issued_at = self._now() // 1000
        claims = {"iss": LUGGAGE_ISSUER, "project": project_id, "seed": seed, "iat": issued_at,
                  "exp": issued_at + LUGGAGE_SECONDS}
        return jwt.encode(claims, self._secret, ALGORITHM)

    def _unpack(self, luggage: str) -> Mapping[str, Any]:
        tokens.check_size(luggage)
        try:
            claims: dict[str, Any] = jwt.decode(luggage, self._secret, [ALGORITHM], issuer=LUGGAGE_ISSUER, options={
                "require": ["exp", "iat", "iss", "project", "seed"],
                "verify_exp": False, "verify_iat": False, "verify_nbf": False,  # the clock is ours, in `check_times`
            })
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise refused() from error
        tokens.check_times(claims, self._now())
        return claims


# ---------------------------------------------------------------- an ID token


def _check_meant_for_us(claims: tokens.Claims, sign_in: SignIn, trip: _Trip) -> None:
    """Issuer, audience, authorized party and nonce. Raises `Unauthenticated`."""
    audiences = tokens.audiences(claims)
    if claims.get("iss") != sign_in.issuer or sign_in.client_id not in audiences:
        raise refused()
    if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != sign_in.client_id:
        raise refused()
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode("utf-8", "surrogatepass"),
                                                             trip.nonce.encode()):
        raise refused()


def _allowed(sign_in: SignIn, claims: tokens.Claims) -> str:
    """The value that lets this person in. Raises `Forbidden` when there is none."""
    value = claims.get(sign_in.allow_claim)
    if sign_in.allow_claim == "email" and claims.get("email_verified") is not True:
        raise Forbidden  # an address that anybody may have typed
    values = value if isinstance(value, list) else [value]
    found = [one for one in values if isinstance(one, str) and one in sign_in.allow_values]
    if not found:
        raise Forbidden
    return found[0]


def _name(claims: tokens.Claims) -> str:
    """What reviews are signed with: the address if it is verified, else the name, else the subject."""
    email, name = claims.get("email"), claims.get("name")
    if claims.get("email_verified") is True and isinstance(email, str) and tokens.SUBJECT.fullmatch(email):
        return email
    if isinstance(name, str) and tokens.SUBJECT.fullmatch(name):
        return name
    return str(claims["sub"])


# ---------------------------------------------------------------- small change


def _is_safe(url: str) -> bool:
    """TLS, or this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK))


def _basic(client_id: str, client_secret: str) -> str:
    """RFC 6749, 2.3.1: both are form-encoded before they are joined."""
    pair = f"{quote(client_id, safe='')}:{quote(client_secret, safe='')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
