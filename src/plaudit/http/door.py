"""What every operation passes before its own work, in this order: the address's limit, the caller's proof (the
contract's own business), the project's consent, the subject's limit."""

from collections.abc import Sequence

from starlette.requests import Request

from plaudit.http.address import Network, came_by_https, client_address
from plaudit.http.errors import RouteNotFound
from plaudit.http.exchange import exchange
from plaudit.http.limits import Limiter
from plaudit.model import Contract, Project, Voter
from plaudit.ports import Guest


class Door:
    def __init__(self, limiter: Limiter, trusted_proxies: Sequence[Network]) -> None:
        self._limiter = limiter
        self._trusted_proxies = trusted_proxies

    async def knock(self, request: Request) -> None:
        """Before authentication. Raises `RateLimited`."""
        await self._limiter.address(exchange(request.scope), self._address(request))

    async def admit_sign_in(self, request: Request) -> None:
        """Before a key is looked at that somebody typed. Raises `RateLimited`."""
        await self._limiter.sign_in(exchange(request.scope), self._address(request))

    def came_by_https(self, request: Request) -> bool:
        """To us, or to a proxy that we trust."""
        return came_by_https(request.scope, self._trusted_proxies)

    def admit_stranger(self, request: Request) -> None:
        """Before somebody is made known who may have come for the first time. Raises `RateLimited`."""
        self._limiter.newcomer(exchange(request.scope), self._address(request))

    def admit_project(self, request: Request, project: Project, contract: Contract | None = None) -> None:
        """Once the project is known. A contract that it does not list is as if it were not there: `RouteNotFound`."""
        exchange(request.scope).project = project
        if contract is not None and contract not in project.contracts:
            raise RouteNotFound

    async def admit(self, request: Request, voter: Voter, contract: Contract) -> None:
        """Once the voter is known. Raises `RouteNotFound`, `RateLimited`."""
        self.admit_project(request, voter.project, contract)
        notes = exchange(request.scope)
        notes.subject = voter.subject
        await self._limiter.voter(notes, voter)

    async def admit_guest(self, request: Request, guest: Guest, contract: Contract) -> None:
        """As `admit`; a guest may have come for the first time."""
        await self.admit(request, guest.voter, contract)
        self._limiter.newcomer(exchange(request.scope), self._address(request), guest.known_since)

    def _address(self, request: Request) -> str:
        return client_address(request.scope, self._trusted_proxies)
