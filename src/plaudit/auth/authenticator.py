"""`ports.Authenticator`: which proof belongs to which project, and what is remembered between requests.

Hot path: a token that was verified a moment ago is a SHA-256 and a dictionary away; a guest whose device is known to
be bound is two regular expressions, an HMAC and a dictionary away. Neither awaits anything.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from plaudit.auth import guests, links, sessions, tokens
from plaudit.auth.bounded import Bounded
from plaudit.auth.guests import GuestHashes, GuestIdentity
from plaudit.auth.jwks import JwksCache
from plaudit.auth.keys import SERVER_KEY_PREFIX, PublishableKeys, ServerKeys
from plaudit.auth.receipts import Receipts
from plaudit.auth.tokens import Unverified, refused
from plaudit.auth.verified import Signer, VerifiedTokens
from plaudit.errors import Forbidden, Unauthenticated
from plaudit.model import AuthLevel, GuestMode, Instant, Issuer, Project, ServerKey, Subject, SubjectKind, Voter
from plaudit.people import Person
from plaudit.ports import DeviceClaim, Guest, Store, VoteLink

KNOWN_GUESTS_MAX = 20_000


@dataclass(frozen=True, slots=True)
class AuthSecrets:
    """`session_secret` may be changed, at the price of every session. `guest_pepper` may not: guests would be lost."""

    session_secret: bytes = field(repr=False)
    guest_pepper: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if min(len(self.session_secret), len(self.guest_pepper)) < sessions.SECRET_BYTES_MIN:
            raise ValueError(f"secrets must have at least {sessions.SECRET_BYTES_MIN} bytes")


class Authenticator:
    """`now` gives milliseconds since 1970, `new_id` a fresh UUID as text."""

    def __init__(self, projects: Sequence[Project], default_project_id: str | None, *, store: Store,
                 secrets: AuthSecrets, jwks: JwksCache, now: Callable[[], Instant], new_id: Callable[[], str],
                 session_lifetime_seconds: int = sessions.LIFETIME_SECONDS) -> None:
        """Raises `ValueError` when the default project is none of `projects`."""
        self._projects = {project.id: project for project in projects}
        if default_project_id is not None and default_project_id not in self._projects:
            raise ValueError(f"there is no project {default_project_id!r}")
        self._default = self._projects.get(default_project_id or "")
        self._hosts = {host.lower(): project for project in projects for host in project.hosts}
        self._issuers = _by_issuer(projects)
        self._server_keys = ServerKeys(projects)
        self._receipts = Receipts(projects)
        self._publishable_keys = PublishableKeys(projects)
        self._session_secret = secrets.session_secret
        self._session_lifetime_seconds = session_lifetime_seconds
        self._store = store
        self._jwks = jwks
        self._now = now
        self._new_id = new_id
        self._verified = VerifiedTokens()
        jwks.when_dropped(self._verified.forget)
        self._hashes = GuestHashes(secrets.guest_pepper)
        # Facts that do not change once they are so, unless a guest is erased: since when a device is bound, that it
        # shows tokens.
        self._bound: Bounded[tuple[str, str], Instant] = Bounded(KNOWN_GUESTS_MAX)
        self._shows_token: Bounded[tuple[str, str], bool] = Bounded(KNOWN_GUESTS_MAX)

    # ------------------------------------------------------------ tokens

    async def by_bearer(self, token: str) -> Voter:
        """A user or a visitor. See `ports.Authenticator`."""
        return self._recall(token) or await self._verify(token, sessions_count=True)

    async def by_identity_token(self, token: str) -> Voter:
        """A user only. See `ports.Authenticator`."""
        voter = self._recall(token) or await self._verify(token, sessions_count=False)
        if voter.auth_level is not AuthLevel.JWT:
            raise refused()
        return voter

    def _recall(self, token: str) -> Voter | None:
        tokens.check_size(token)
        return self._verified.get(token, self._now())

    async def _verify(self, token: str, *, sessions_count: bool) -> Voter:
        if token.startswith(SERVER_KEY_PREFIX):
            self._server_keys.find(token)
            raise Forbidden
        unverified = tokens.read(token)
        if sessions.is_session(unverified):
            if not sessions_count:
                raise refused()
            return self._visitor_of(token)
        return await self._user_of(token, unverified)

    def _visitor_of(self, token: str) -> Voter:
        now = self._now()
        session = sessions.verify(self._session_secret, token, now)
        project = self._projects.get(session.project_id)
        if project is None:
            raise refused()
        voter = Voter(project, Subject.of(SubjectKind.VISITOR, session.visitor_id), AuthLevel.SESSION)
        self._verified.put(token, voter, now, session.expires_at, None)
        return voter

    async def _user_of(self, token: str, unverified: Unverified) -> Voter:
        """Every check that needs no key comes before the one that may need the network."""
        project, issuer = self._believer(unverified.claims)
        kid = tokens.key_id(unverified.header, issuer.algorithms)
        tokens.check_claims(unverified.claims, issuer, self._now())
        key = await self._jwks.key(issuer, kid)
        if key is None:
            raise refused()
        tokens.check_signature(token, key, unverified.header["alg"])
        subject = Subject.user(issuer.issuer, unverified.claims["sub"])
        voter = Voter(project, subject, AuthLevel.JWT)
        expires_at = int(unverified.claims["exp"] * 1000)
        self._verified.put(token, voter, self._now(), expires_at, Signer(issuer.issuer, key.kid))
        return voter

    def _believer(self, claims: tokens.Claims) -> tuple[Project, Issuer]:
        """The first project that lists the token's issuer with one of its audiences."""
        issuer, audiences = claims.get("iss"), tokens.audiences(claims)
        if isinstance(issuer, str):
            for project, trusted in self._issuers.get(issuer, ()):
                if not audiences.isdisjoint(trusted.audiences):
                    return project, trusted
        raise refused()

    # ------------------------------------------------------------ guests

    async def by_device(self, claim: DeviceClaim, host: str) -> Guest:
        """A guest of the project that serves `host`, else of the default one. See `ports.Authenticator`."""
        project = self._hosts.get(_host_name(host), self._default)
        if project is None or project.guest_mode is GuestMode.OFF:
            raise Unauthenticated
        device_id, user_id = guests.read_claim(claim)
        guest = self._hashes.guest(project.id, device_id, user_id)
        if project.guest_mode is GuestMode.BARE:
            return Guest(Voter(project, guest.subject, AuthLevel.GUEST_BARE))
        if project.guest_mode is GuestMode.BOUND:
            return await self._bound_guest(project, guest)
        return await self._signed_guest(project, guest, claim.token)

    async def guest_subject(self, project: Project, device_id: str, user_id: str, *, binds: bool = True) -> Subject:
        """The subject of a guest whom the back end vouches for. See `ports.Authenticator`."""
        guests.check_vouched(device_id, user_id)
        guest = self._hashes.guest(project.id, device_id, user_id)
        if binds and self._bound.get(guest.fact) is None:
            await self._bind(guest, only_first=False)
        return guest.subject

    def guest(self, project: Project, device_id: str, user_id: str) -> Person:
        """Who that would be. See `ports.Authenticator`."""
        guests.check_vouched(device_id, user_id)
        guest = self._hashes.guest(project.id, device_id, user_id)
        return Person(guest.subject, self._hashes.stored(guest))

    def forget_guest(self, project: Project, guest: Subject) -> None:
        """What is remembered of one who was erased. See `ports.Authenticator`."""
        for known in (self._bound, self._shows_token):
            known.forget((project.id, guest.name))

    async def _bound_guest(self, project: Project, guest: GuestIdentity) -> Guest:
        bound_at = self._bound.get(guest.fact)
        if bound_at is None:
            bound_at = await self._bind(guest, only_first=True)
        if bound_at is None:
            raise Forbidden
        return Guest(Voter(project, guest.subject, AuthLevel.GUEST_BOUND), bound_at)

    async def _bind(self, guest: GuestIdentity, *, only_first: bool) -> Instant | None:
        """Since when the guest's device is bound to its user id; None: it is not."""
        binding = await self._store.bind_device(
            guest.project_id, *self._hashes.stored(guest), self._now(), only_first=only_first)
        if binding.bound_at is not None:
            self._bound.put(guest.fact, binding.bound_at)
        if binding.token_seen_at is not None:
            self._shows_token.put(guest.fact, value=True)
        return binding.bound_at

    async def _signed_guest(self, project: Project, guest: GuestIdentity, token: str | None) -> Guest:
        if token is None:
            return await self._first_seen(project, guest)
        now = self._now()
        age_milliseconds = self._hashes.token_age(token, guest, now)
        if not self._shows_token.get(guest.fact):
            await self._store.device_token_seen(guest.project_id, *self._hashes.stored(guest), now)
            self._shows_token.put(guest.fact, value=True)
        due = age_milliseconds > guests.TOKEN_RENEWED_AFTER_MILLISECONDS
        renewed = self._hashes.mint_token(guest, now) if due else None
        return Guest(Voter(project, guest.subject, AuthLevel.GUEST_SIGNED), now - age_milliseconds, renewed)

    async def _first_seen(self, project: Project, guest: GuestIdentity) -> Guest:
        """A guest without a token is believed, and given one, until the first time that it shows one."""
        bound_at = None
        if not self._shows_token.get(guest.fact):
            bound_at = await self._bind(guest, only_first=True)
        if self._shows_token.get(guest.fact):
            raise Unauthenticated
        token = self._hashes.mint_token(guest, self._now())
        return Guest(Voter(project, guest.subject, AuthLevel.GUEST_BARE), bound_at, token)

    # ------------------------------------------------------------ keys and visitors

    def renew_keys(self, projects: Sequence[Project]) -> None:
        """From now on believe these projects' server keys and receipt keys, and no others."""
        self._server_keys = ServerKeys(projects)
        self._receipts = Receipts(projects)

    def by_receipt(self, receipt: str) -> tuple[Project, bytes]:
        """Whose key has signed it, and its claims. See `ports.Authenticator`."""
        return self._receipts.verify(receipt)

    def by_server_key(self, key: str) -> tuple[Project, ServerKey]:
        """Raises `Unauthenticated` when no project has this key."""
        return self._server_keys.find(key)

    def server_key(self, project_id: str, key_id: str) -> tuple[Project, ServerKey] | None:
        """A key by its id; None when the project has it no longer."""
        return self._server_keys.named(project_id, key_id)

    def by_publishable_key(self, key: str, origin: str | None) -> Project:
        """Raises `Unauthenticated` for an unknown key, `Forbidden` for an origin that is not the project's."""
        return self._publishable_keys.find(key, origin)

    async def visitor(self, project: Project, device: str) -> tuple[str, bool]:
        """A visitor's id by the id that its page keeps, and whether it is new."""
        device_hash = self._hashes.visitor_device(project.id, device)
        return await self._store.visitor(project.id, device_hash, self._new_id(), self._now())

    def session_token(self, project: Project, visitor_id: str) -> str:
        return sessions.mint(self._session_secret, project.id, visitor_id, self._now(), self._session_lifetime_seconds)

    def link_token(self, link: VoteLink, expires_at: Instant) -> str:
        return links.mint(self._session_secret, link, self._now(), expires_at)

    def by_link_token(self, token: str) -> VoteLink:
        """Raises `Unauthenticated` for what this server has not made, what has run out, and a project that is gone."""
        project_id, message_id, key = links.verify(self._session_secret, token, self._now())
        if project_id not in self._projects:
            raise refused()
        return VoteLink(self._projects[project_id], message_id, key)


def _by_issuer(projects: Iterable[Project]) -> dict[str, list[tuple[Project, Issuer]]]:
    found: dict[str, list[tuple[Project, Issuer]]] = {}
    for project in projects:
        for issuer in project.issuers:
            found.setdefault(issuer.issuer, []).append((project, issuer))
    return found


def _host_name(host: str) -> str:
    """A Host header's name: lower-case, without port; an IPv6 address keeps its brackets, as the settings write it."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()

