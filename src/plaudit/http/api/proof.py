"""Who asks Plaudit's own API: the server key, its project, and what it may do."""

from starlette.requests import Request

from plaudit.errors import Forbidden
from plaudit.http.bearer import bearer
from plaudit.http.door import Door
from plaudit.model import Project, Scope, ServerKey
from plaudit.ports import Authenticator


class Proof:
    def __init__(self, authenticator: Authenticator, door: Door) -> None:
        self._authenticator = authenticator
        self._door = door

    async def project(self, request: Request, scope: Scope) -> Project:
        """Whose key it is. Raises `RateLimited`, `Unauthenticated`, `Forbidden`."""
        project, _ = await self.key(request, scope)
        return project

    async def key(self, request: Request, scope: Scope) -> tuple[Project, ServerKey]:
        """Raises as `project`."""
        await self._door.knock(request)
        project, key = self._authenticator.by_server_key(bearer(request))
        self._door.admit_project(request, project)
        if not key.may(scope):
            raise Forbidden(f"This key lacks the scope {scope.value}")
        return project, key
