"""Who asks, as Langfuse's clients say it: `Basic` with both keys is a back end, `Bearer` with the publishable key a
page.

A publishable key proves nothing, and an answer's id is no secret. So a page may vote only with a bearer receipt, which
says for which message, and as whom.
"""

import base64
from dataclasses import dataclass

from starlette.requests import Request

from plaudit import rules
from plaudit.errors import Invalid, Unauthenticated
from plaudit.http import receipts
from plaudit.http.bearer import authorization
from plaudit.http.door import Door
from plaudit.http.named import opened
from plaudit.model import Contract, Project, Receipt, Scope, Voter
from plaudit.ports import Authenticator
from plaudit.service import Service

NAME = Contract.LANGFUSE
NO_RECEIPT = "A publishable key proves nobody: X-Message-Receipt must hold a bearer receipt of the message"


@dataclass(frozen=True, slots=True)
class Caller:
    """A back end, which votes as any message's owner; or who holds the receipt of one message."""

    project: Project
    holder: tuple[Voter, Receipt] | None = None


class Proof:
    def __init__(self, service: Service, authenticator: Authenticator, door: Door) -> None:
        self._service = service
        self._authenticator = authenticator
        self._door = door

    async def caller(self, request: Request) -> Caller:
        """Raises `RateLimited`, `Unauthenticated`, `RouteNotFound`, `Forbidden`, `Invalid`."""
        await self._door.knock(request)
        scheme, given = authorization(request)
        if scheme == "bearer":
            return await self._page(request, given)
        return Caller(self._back_end(request, scheme, given))

    async def back_end(self, request: Request) -> Project:
        """Raises as `caller`, and `Unauthenticated` for a page."""
        await self._door.knock(request)
        return self._back_end(request, *authorization(request))

    def _back_end(self, request: Request, scheme: str, given: str) -> Project:
        public, secret = _pair(scheme, given)
        project = opened(request, self._authenticator, self._door, NAME, Scope.FEEDBACK_WRITE, key=secret)
        if public not in (project.publishable_key, project.id):
            raise Unauthenticated(token_invalid=True)
        return project

    async def _page(self, request: Request, key: str) -> Caller:
        project = self._authenticator.by_publishable_key(key, request.headers.get("origin"))
        self._door.admit_project(request, project, NAME)
        try:
            voter, held = await receipts.holder(request, self._authenticator)
        except Unauthenticated:
            raise Unauthenticated(NO_RECEIPT) from None
        if voter.project.id != project.id:
            raise Invalid("receipt", "is of another project than the publishable key")
        rules.check_receipt(held, voter, held.message.id, self._service.now())
        await self._door.admit(request, voter, NAME)
        return Caller(project, (voter, held))


def _pair(scheme: str, given: str) -> tuple[str, str]:
    """RFC 7617's user-id and password. Raises `Unauthenticated`."""
    try:
        public, colon, secret = base64.b64decode(given, validate=True).decode("ascii").partition(":")
    except ValueError:  # no base64, or not of ASCII, within or without
        raise Unauthenticated(token_invalid=True) from None
    if scheme != "basic" or not colon:
        raise Unauthenticated(token_invalid=True)
    return public, secret
