"""`ports.Viewers`: whoever may look at the pages, by a server key or through the project's identity provider.

A session is a claim that this server signs, with a secret that it derives for nothing else: no visitor's token is ever
one, and none is a visitor's. It is good for twelve hours, and only while that holds which it was given for: the key is
there and may read; the person's claim is still among those that are allowed.
"""

import hmac
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import jwt

from plaudit.auth.oidc import Person, Provider
from plaudit.auth.tokens import check_size, check_times, refused
from plaudit.errors import Forbidden, Unauthenticated
from plaudit.model import Instant, Project, Scope, ServerKey
from plaudit.ports import Departure, Viewer

ISSUER = "plaudit-dashboard"
ALGORITHM = "HS256"
LIFETIME_SECONDS = 12 * 60 * 60
PURPOSE = b"plaudit dashboard sessions"
MARK_CHARACTERS = 16  # of a key's hash: another key of the same name is another key
NAME_LENGTH_MAX = 128


class Keys(Protocol):
    """Server keys, as they are now."""

    def by_server_key(self, key: str) -> tuple[Project, ServerKey]: ...

    def server_key(self, project_id: str, key_id: str) -> tuple[Project, ServerKey] | None: ...


class Viewers:
    """`now` gives milliseconds since 1970."""

    def __init__(self, projects: Sequence[Project], keys: Keys, provider: Provider, session_secret: bytes,
                 now: Callable[[], Instant]) -> None:
        self._with_people = {project.id: project for project in projects if project.sign_in}
        self._keys = keys
        self._provider = provider
        self._secret = hmac.digest(session_secret, PURPOSE, "sha256")
        self._now = now

    # ------------------------------------------------------------ by a key

    def by_key(self, key: str) -> tuple[Viewer, str]:
        project, found = self._keys.by_server_key(key)
        if not found.may(Scope.FEEDBACK_READ):
            raise Forbidden(f"This key lacks the scope {Scope.FEEDBACK_READ.value}")
        return Viewer(project, found.id), self._mint(project, key=found.id, mark=_mark(found))

    # ------------------------------------------------------------ by a session

    def by_session(self, session: str) -> Viewer:
        claims = self._verified(session)
        return self._key_holder(claims) if "key" in claims else self._person(claims)

    def _key_holder(self, claims: dict[str, Any]) -> Viewer:
        found = self._keys.server_key(str(claims["project"]), str(claims["key"]))
        if found is None:
            raise refused()
        project, key = found
        if not hmac.compare_digest(_mark(key), str(claims.get("mark"))) or not key.may(Scope.FEEDBACK_READ):
            raise refused()
        return Viewer(project, key.id)

    def _person(self, claims: dict[str, Any]) -> Viewer:
        project = self._with_people.get(str(claims["project"]))
        if project is None or project.sign_in is None:
            raise refused()
        through = claims.get("issuer"), claims.get("client")
        if through != (project.sign_in.issuer, project.sign_in.client_id):
            raise refused()
        if claims.get("allowed") not in project.sign_in.allow_values:
            raise refused()
        return Viewer(project, str(claims["name"]))

    # ------------------------------------------------------------ through an identity provider

    def sign_in_of(self, project_id: str | None) -> Project | None:
        if project_id is None:
            return next(iter(self._with_people.values())) if len(self._with_people) == 1 else None
        return self._with_people.get(project_id)

    async def depart(self, project: Project, return_url: str) -> Departure:
        return await self._provider.depart(project, return_url)

    async def arrive(self, luggage: str, state: str, code: str, return_url: str) -> tuple[Viewer, str]:
        project = self._with_people.get(self._provider.destination(luggage, state))
        if project is None or project.sign_in is None:
            raise Unauthenticated
        person = await self._provider.person(project.sign_in, luggage, code, return_url)
        return Viewer(project, person.name[:NAME_LENGTH_MAX]), self._mint_person(project, person)

    def _mint_person(self, project: Project, person: Person) -> str:
        return self._mint(project, name=person.name[:NAME_LENGTH_MAX], allowed=person.allowed,
                          issuer=person.issuer, client=person.client_id)

    # ------------------------------------------------------------ sessions

    def _mint(self, project: Project, **claims: str) -> str:
        issued_at = self._now() // 1000
        standard = {"iss": ISSUER, "project": project.id, "iat": issued_at, "exp": issued_at + LIFETIME_SECONDS}
        return jwt.encode({**standard, **claims}, self._secret, ALGORITHM)

    def _verified(self, session: str) -> dict[str, Any]:
        """Raises `Unauthenticated` for what is none of ours and for what has run out."""
        check_size(session)
        try:
            claims: dict[str, Any] = jwt.decode(session, self._secret, [ALGORITHM], issuer=ISSUER, options={
                "require": ["exp", "iat", "iss", "project"],
                "verify_exp": False, "verify_iat": False, "verify_nbf": False,  # the clock is ours, in `check_times`
            })
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise refused() from error
        check_times(claims, self._now())
        return claims


def _mark(key: ServerKey) -> str:
    return key.sha256[:MARK_CHARACTERS]
