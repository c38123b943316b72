"""For orchestrators and operators: is it alive, can it take votes, how is it doing."""

import asyncio
from collections.abc import Callable
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response

from plaudit.errors import Forbidden, Unavailable
from plaudit.http.bearer import bearer
from plaudit.http.body import json_response
from plaudit.http.errors import RouteNotFound
from plaudit.http.metrics import Metrics
from plaudit.http.resource import Resource, resource
from plaudit.model import Scope
from plaudit.ports import Authenticator
from plaudit.service import Service


class Access(StrEnum):
    """Who may see a page that is not for the public by default."""

    KEY = "key"  # whoever shows a server key with scope admin
    PUBLIC = "public"
    OFF = "off"


def allow(access: Access, request: Request, authenticator: Authenticator) -> None:
    """Raises `RouteNotFound`, `Unauthenticated`, `Forbidden`."""
    if access is Access.OFF:
        raise RouteNotFound
    if access is Access.KEY:
        _, key = authenticator.by_server_key(bearer(request))
        if not key.may(Scope.ADMIN):
            raise Forbidden


class Health:
    """`draining` becomes true when the process has been asked to stop, so that no new traffic is sent to it."""

    def __init__(self, service: Service, metrics: Metrics, authenticator: Authenticator, metrics_access: Access,
                 draining: Callable[[], bool]) -> None:
        self._service = service
        self._metrics = metrics
        self._authenticator = authenticator
        self._metrics_access = metrics_access
        self._draining = draining
        self._check: asyncio.Task[None] | None = None

    def routes(self) -> list[Resource]:
        return [
            resource("/livez", "health", GET=self.livez),
            resource("/readyz", "health", GET=self.readyz),
            resource("/metrics", "health", GET=self.metrics),
        ]

    async def livez(self, _request: Request) -> Response:
        return json_response({"status": "alive"})

    async def readyz(self, _request: Request) -> Response:
        if self._draining():
            raise Unavailable("The server is shutting down", retry_after_seconds=5)
        await self._checked()
        return json_response({"status": "ready"})

    async def metrics(self, request: Request) -> Response:
        allow(self._metrics_access, request, self._authenticator)
        return Response(self._metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def _checked(self) -> None:
        """Whoever asks during a check has its outcome: the check is a write, and anybody may ask, as often as they
        like, so one at a time must do. Raises `Unavailable`."""
        if self._check is None or self._check.done():
            self._check = asyncio.create_task(self._service.check(), name="readyz")
        await asyncio.shield(self._check)
