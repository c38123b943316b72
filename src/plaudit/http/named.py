"""Voters whom the application's back end names: its server key is the proof, the name its own for that person."""

import re

from starlette.requests import Request

from plaudit.errors import Forbidden, Invalid
from plaudit.http.bearer import bearer
from plaudit.http.door import Door
from plaudit.http.registration import LINE
from plaudit.model import AuthLevel, Contract, Project, Scope, Subject, SubjectKind, Voter
from plaudit.ports import Authenticator
from plaudit.rules import canonical_id

NAME_LENGTH_MAX = 128  # as for `owner.visitor.id` of a message, which is the same name

_LINE = re.compile(LINE)


async def key_holder(request: Request, authenticator: Authenticator, door: Door, contract: Contract, scope: Scope
                     ) -> Project:
    """Whose server key it is. Raises `RateLimited`, `Unauthenticated`, `RouteNotFound`, `Forbidden`."""
    await door.knock(request)
    return opened(request, authenticator, door, contract, scope, key=bearer(request))


def opened(request: Request, authenticator: Authenticator, door: Door, contract: Contract, scope: Scope, *, key: str
           ) -> Project:
    """As `key_holder`, once the address was counted, whatever the key came in."""
    project, held = authenticator.by_server_key(key)
    door.admit_project(request, project, contract)
    if not held.may(scope):
        raise Forbidden(f"This key lacks the scope {scope.value}")
    return project


async def named_voter(request: Request, door: Door, project: Project, contract: Contract, *, name: object, field: str
                      ) -> Voter:
    """Whom the back end names, let in. Raises `Invalid` naming `field` for what can be no name, `RateLimited`."""
    if not isinstance(name, str) or len(name) > NAME_LENGTH_MAX or not _LINE.match(name):
        raise Invalid(field, f"must be 1 to {NAME_LENGTH_MAX} characters, none of them a control character")
    voter = Voter(project, Subject.of(SubjectKind.VISITOR, canonical_id(name)), AuthLevel.SERVER_KEY)
    await door.admit(request, voter, contract)
    return voter
