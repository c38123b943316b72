"""Plaudit on the wire: the table of routes. What surrounds them is in `edge`."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from plaudit.analytics import Analytics
from plaudit.http import api, ballot, dashboard, docs, element
from plaudit.http.address import Network
from plaudit.http.contracts import assistant_ui, dify, handauncle, langfuse, langsmith, librechat, plaudit, siteassist
from plaudit.http.door import Door
from plaudit.http.edge import Caps, Dialect, Edge, PageDialect
from plaudit.http.health import Access, Health
from plaudit.http.limits import Limiter, SharedCounts
from plaudit.http.metrics import Metrics
from plaudit.http.resource import Resource, Table
from plaudit.ports import Authenticator
from plaudit.service import Service

DIALECTS: Sequence[Dialect | PageDialect] = (
    siteassist.DIALECT, handauncle.DIALECT, dify.DIALECT, langfuse.DIALECT, langsmith.DIALECT, librechat.DIALECT,
    assistant_ui.DIALECT, dashboard.DIALECT, ballot.DIALECT, api.OTLP_DIALECT, api.DIALECT)


@dataclass(frozen=True, slots=True)
class EdgeSettings:
    """What the edge is told. Sizes in bytes; limits in requests a minute, 0 for none."""

    header_bytes_max: int = 16 * 1024
    header_fields_max: int = 100
    body_bytes_max: int = 16 * 1024
    batch_body_bytes_max: int = 64 * 1024 * 1024
    per_address_per_minute: int = 0
    trusted_proxies: tuple[Network, ...] = ()
    metrics_access: Access = Access.KEY
    docs_access: Access = Access.KEY
    log_all_requests: bool = False


class Application:
    """The ASGI application. Set `draining` to make /readyz say that this process is going away."""

    def __init__(self, service: Service, analytics: Analytics, authenticator: Authenticator, metrics: Metrics,
                 settings: EdgeSettings, *, origins: frozenset[str] = frozenset(),
                 more_routes: Sequence[Resource] = (), shared_counts: SharedCounts | None = None,
                 pages: dashboard.Parts | None = None) -> None:
        """`origins`: every project's web origins. `more_routes`: pages that only some runs have. `shared_counts`: what
        the limits of several processes are counted by. `pages`: what the dashboard needs; None: there is none."""
        self.draining = False
        limiter = Limiter(per_address=settings.per_address_per_minute, shared=shared_counts)
        door = Door(limiter, settings.trusted_proxies)
        health = Health(service, metrics, authenticator, settings.metrics_access, lambda: self.draining)
        routes = [
            *handauncle.routes(service, authenticator, door, settings.body_bytes_max),
            *siteassist.routes(service, authenticator, door, settings.body_bytes_max),
            *plaudit.routes(service, authenticator, door, settings.body_bytes_max),
            *dify.routes(service, authenticator, door, settings.body_bytes_max),
            *assistant_ui.routes(service, authenticator, door, settings.body_bytes_max),
            *librechat.routes(service, authenticator, door, settings.body_bytes_max),
            *langfuse.routes(service, authenticator, door),
            *langsmith.routes(service, authenticator, door, settings.body_bytes_max),
            *ballot.routes(service, authenticator, door),
            *api.routes(service, analytics, authenticator, door, body_bytes_max=settings.body_bytes_max,
                        batch_body_bytes_max=settings.batch_body_bytes_max),
            *health.routes(),
            *docs.routes(authenticator, settings.docs_access),
            *element.routes(),
            *(dashboard.routes(service, analytics, pages, door, metrics) if pages else ()),
            *more_routes,
        ]
        caps = Caps(settings.header_bytes_max, settings.header_fields_max)
        self.edge = Edge(Table(routes), DIALECTS, metrics, caps, origins, log_all=settings.log_all_requests)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.edge(scope, receive, send)
