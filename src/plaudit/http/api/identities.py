"""A guest or a visitor becomes a user: because the application's back end says so, or because the client proves in one
request to be both.

A guest's proof is what the project's guest mode asks for; a visitor's is its session token.
"""

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from plaudit.errors import Forbidden, Invalid, Unauthenticated
from plaudit.http import body, identity, registration
from plaudit.http.api import query, wire
from plaudit.http.bearer import bearer
from plaudit.http.door import Door
from plaudit.http.exchange import exchange
from plaudit.http.registration import GuestOwner, Owner, UserOwner, VisitorOwner
from plaudit.http.resource import Resource, resource
from plaudit.model import AuthLevel, Contract, Project, Scope, ServerKey, Subject, Voter
from plaudit.ports import Authenticator
from plaudit.service import Service


class Vouched(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a back end says. Exactly one of guest and visitor is given."""

    guest: GuestOwner | None = None
    visitor: VisitorOwner | None = None
    user: UserOwner


class Proved(Struct, frozen=True, forbid_unknown_fields=True):
    """What a client sends beside its headers: a visitor's session token."""

    session: str | None = None


class Identities:
    def __init__(self, service: Service, authenticator: Authenticator, door: Door, body_bytes_max: int) -> None:
        self._service = service
        self._authenticator = authenticator
        self._door = door
        self._body_bytes_max = body_bytes_max

    def routes(self) -> list[Resource]:
        return [resource("/v1/identities/link", "plaudit", POST=self.link)]

    async def link(self, request: Request) -> Response:
        await self._door.knock(request)
        token = bearer(request)
        if known := self._server_key(token):
            project, owner, user = await self._vouched(request, *known)
        else:
            project, owner, user = await self._proved(request, await self._authenticator.by_identity_token(token))
        return body.json_response(wire.linked(await self._service.link(project.id, owner, user)))

    def _server_key(self, token: str) -> tuple[Project, ServerKey] | None:
        try:
            return self._authenticator.by_server_key(token)
        except Unauthenticated:
            return None  # it may be a user's token

    # ------------------------------------------------------------ by the back end

    async def _vouched(self, request: Request, project: Project, key: ServerKey) -> tuple[Project, Subject, Subject]:
        self._door.admit_project(request, project)
        if not key.may(Scope.MESSAGES_WRITE):
            raise Forbidden(f"This key lacks the scope {Scope.MESSAGES_WRITE.value}")
        query.parameters(request, {})
        said: Vouched = registration.decoded(_vouched, await body.read(request, self._body_bytes_max))
        user = registration.known_owner(Owner(user=said.user))
        if (said.guest is None) == (said.visitor is None):
            raise Invalid("guest", "must be given, or else visitor")
        if said.guest is None:
            return project, registration.known_owner(Owner(visitor=said.visitor)), user
        return project, await self._guest(project, said.guest), user

    async def _guest(self, project: Project, guest: GuestOwner) -> Subject:
        try:
            return await self._authenticator.guest_subject(project, guest.device_id, guest.user_id)
        except Invalid as error:
            raise Invalid(f"guest.{error.field}", error.reason) from None

    # ------------------------------------------------------------ by the client

    async def _proved(self, request: Request, user: Voter) -> tuple[Project, Subject, Subject]:
        self._door.admit_project(request, user.project, Contract.PLAUDIT)
        query.parameters(request, {})
        said: Proved = registration.decoded(_proved, await self._body(request))
        owner = await self._owner(request, said.session)
        await self._door.admit(request, user, Contract.PLAUDIT)
        if owner.project.id != user.project.id:
            raise Forbidden("The user and the guest are known to different projects")
        return user.project, owner.subject, user.subject

    async def _body(self, request: Request) -> bytes:
        """A guest's headers need none."""
        asked = exchange(request.scope).asked
        if asked.get(b"content-length", b"0") == b"0" and not asked.keys() & {b"content-type", b"transfer-encoding"}:
            return b"{}"
        return await body.read(request, self._body_bytes_max)

    async def _owner(self, request: Request, session: str | None) -> Voter:
        headers = identity.identity(request.scope["headers"])
        if (session is None) == (b"x-device-id" not in headers):
            raise Invalid("session", "must be given, or else a guest's headers")
        if session is None:
            claim = identity.device_claim(headers)
            return await identity.guest(request, claim, self._authenticator, self._door, Contract.PLAUDIT)
        visitor = await self._authenticator.by_bearer(session)
        if visitor.auth_level is not AuthLevel.SESSION:
            raise Invalid("session", "is not a visitor's session token")
        return visitor


_vouched = msgspec.json.Decoder(Vouched)
_proved = msgspec.json.Decoder(Proved)
