"""The composition root: from settings to a running server. The only file that names concrete classes.

`prepare` reads what is on the disk, `running` opens what must be open, `serve` answers until the process is told to
stop. Nothing happens when this module is imported.
"""

import asyncio
import gc
import socket
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_network
from pathlib import Path

import msgspec

from plaudit import background, databases
from plaudit.analytics import Analytics
from plaudit.arrivals import Arrivals
from plaudit.auth.authenticator import Authenticator, AuthSecrets
from plaudit.auth.development import DevelopmentIssuer, new_private_key_pem
from plaudit.auth.jwks import JwksCache
from plaudit.auth.keys import new_publishable_key, new_server_key
from plaudit.auth.oidc import Provider
from plaudit.auth.viewers import Viewers
from plaudit.charts.drawing import Drawing
from plaudit.events import Endpoint
from plaudit.http import dashboard, development, sockets
from plaudit.http.app import Application, EdgeSettings
from plaudit.http.health import Access
from plaudit.http.limits import SharedCounts
from plaudit.http.metrics import Metrics
from plaudit.http.resource import Resource
from plaudit.http.server import Server, ServerSettings
from plaudit.http.worker_metrics import Board
from plaudit.model import Instant, Issuer, Limits, Project, Scope
from plaudit.ports import IssuerCheck
from plaudit.service import Service
from plaudit.settings import Configuration, Secrets, Settings, open_secrets
from plaudit.settings.keys import KeyRecord, Keys, add_key, read_keys, with_keys
from plaudit.settings.secrets import client_secret, development_key
from plaudit.settings.table import DashboardTable
from plaudit.settings.webhooks import endpoints_of
from plaudit.store.failures import CannotOpen
from plaudit.workers import Worker

DEVELOPMENT_AUDIENCE = "plaudit-development"
FIRST_KEY_ID = "first"
DAY_SECONDS = 24 * 60 * 60
SWITCH_SECONDS = 0.0005


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that a server needs to know, before anything is open."""

    settings: Settings
    written: tuple[Project, ...]  # the default one first, as the settings have them
    keys: Keys  # those that the command line made
    secrets: Secrets
    secrets_created: bool
    first_server_key: str | None = field(repr=False)  # in plain text, by the start that made it only
    development_issuer: DevelopmentIssuer | None = field(repr=False)
    endpoints: tuple[Endpoint, ...] = ()

    @property
    def projects(self) -> tuple[Project, ...]:
        return with_keys(self.written, self.keys)

    @property
    def default_project(self) -> Project:
        return self.projects[0]


@dataclass(frozen=True, slots=True)
class Running:
    """The parts, open and wired."""

    prepared: Prepared
    application: Application
    service: Service
    authenticator: Authenticator
    metrics: Metrics
    store: databases.AnyStore


@dataclass(frozen=True, slots=True)
class People:
    """What a command needs that gives out or erases what is a person's."""

    service: Service
    store: databases.AnyStore
    authenticator: Authenticator


Announce = Callable[[Running], Awaitable[None]]
Share = tuple[Board, int]  # where workers write what they count, and this one's place there


async def serve(prepared: Prepared, listener: socket.socket, announce: Announce,
                more_routes: Sequence[Resource] = (), share: Share | None = None) -> None:
    """Answer until SIGTERM or SIGINT, then finish what is in flight. `announce` runs when all is ready.

    Raises `DatabaseInUse`, `WrongDatabase`, `CannotOpen`.
    """
    async with running(prepared, more_routes) as parts:
        server = Server(parts.application, _server_settings(prepared.settings), partial(announce, parts))
        _tune_interpreter()
        tasks = _start_tasks(parts, share)
        try:
            async with _sending(parts):
                await server.serve(sockets=[listener])
        finally:
            for task in tasks:
                task.cancel()


def _start_tasks(parts: Running, share: Share | None) -> list[asyncio.Task[None]]:
    prepared, changed = parts.prepared, asyncio.Event()
    projects = prepared.projects

    def renew(keys: Keys) -> None:
        nonlocal projects
        projects = with_keys(prepared.written, keys)
        parts.authenticator.renew_keys(projects)
        changed.set()

    keys = background.watch_keys(prepared.settings.data_path, prepared.keys, renew)
    tasks = [asyncio.create_task(keys, name="keys"),
             asyncio.create_task(background.fold(parts.store), name="totals"),
             asyncio.create_task(background.tell_missed(parts.service), name="missed"),
             asyncio.create_task(background.note_settings(parts.service, lambda: projects, changed), name="audit")]
    if share:
        tasks.append(asyncio.create_task(background.tell_workers(parts.metrics.share(*share)), name="metrics"))
    if share is None or share[1] == 0:  # one of several workers is enough
        tasks.append(asyncio.create_task(background.forget_old(parts.store, prepared.written, now), name="retention"))
    return tasks


@asynccontextmanager
async def _sending(parts: Running) -> AsyncIterator[None]:
    """Endpoints are told of votes while the block runs. Where there are none, nothing is even loaded."""
    endpoints = parts.prepared.endpoints
    if not endpoints:
        yield
        return
    from plaudit.webhooks.posting import Poster  # noqa: PLC0415 -- for those who use it
    from plaudit.webhooks.sending import Couriers  # noqa: PLC0415 -- as above

    poster = Poster()
    couriers = Couriers(endpoints, parts.store, poster.post, now=now)
    parts.metrics.watch_webhooks(couriers.facts)
    couriers.start()
    try:
        yield
    finally:
        await couriers.aclose()
        await poster.aclose()


async def serve_as(worker: Worker, prepared: Prepared, board: Board, announce: Announce) -> None:
    """`serve` as one of several processes; the last of them announces what they all are. Raises as `serve`."""

    async def ready(parts: Running) -> None:
        if worker.is_last:
            await announce(parts)
        worker.say_ready()

    worker.stop_with_parent()
    with sockets.listen_beside(prepared.settings.host, prepared.settings.port) as listener:
        await serve(prepared, listener, ready, share=(board, worker.number))


def _tune_interpreter() -> None:
    """What is loaded by now stays, so the collector need not look at it again; and a thread that comes back from the
    disk gets the interpreter within half a millisecond instead of five."""
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_SECONDS)


@asynccontextmanager
async def running(prepared: Prepared, more_routes: Sequence[Resource] = ()) -> AsyncIterator[Running]:
    """Open the database and wire the parts; close it when the block ends. Raises as `serve`."""
    settings, issuer = prepared.settings, prepared.development_issuer
    metrics = Metrics()
    store = await databases.open_store(settings, prepared.projects, now=now, when_committed=metrics.committed,
                                       endpoints=prepared.endpoints)
    jwks = JwksCache(now, {issuer.issuer: issuer.jwks} if issuer else {})
    metrics.queue_depth.set_function(lambda: store.queue_depth)
    metrics.watch_issuers(jwks.facts)
    try:
        authenticator = Authenticator(
            prepared.projects, prepared.default_project.id,
            store=store, secrets=AuthSecrets(prepared.secrets.session_secret, prepared.secrets.guest_pepper),
            jwks=jwks, now=now, new_id=new_id, session_lifetime_seconds=settings.session_days * DAY_SECONDS,
        )
        arrivals = Arrivals(settings.late_message_seconds, others_register=settings.on_postgres)
        service = Service(store, now=now, new_id=new_id, arrivals=arrivals)
        metrics.watch_missed(lambda: arrivals.missed)
        async with _shared_counts(settings, metrics) as shared_counts, _pages(prepared, authenticator) as pages:
            application = Application(
                service, Analytics(store, now=now), authenticator, metrics, _edge_settings(settings),
                origins=frozenset[str]().union(*(project.origins for project in prepared.projects)),
                more_routes=[*(development.routes(issuer.jwks) if issuer else ()), *more_routes],
                shared_counts=shared_counts, pages=pages,
            )
            yield Running(prepared, application, service, authenticator, metrics, store)
    finally:
        await store.close()
        await jwks.aclose()


@asynccontextmanager
async def _pages(prepared: Prepared, authenticator: Authenticator) -> AsyncIterator[dashboard.Parts | None]:
    """What people need to look at the numbers. Their identity providers have a cache of keys of their own, for those
    that voters come from are shown in the metrics one by one."""
    if not prepared.settings.dashboard:
        yield None
        return
    jwks, drawing, secret = JwksCache(now), Drawing(), prepared.secrets.session_secret
    provider = Provider(jwks, secret, now)
    try:
        yield dashboard.Parts(Viewers(prepared.projects, authenticator, provider, secret, now), drawing)
    finally:
        await drawing.aclose()
        await provider.aclose()
        await jwks.aclose()


@asynccontextmanager
async def _shared_counts(settings: Settings, metrics: Metrics) -> AsyncIterator[SharedCounts | None]:
    """Tried before the first request, so that a wrong password is told at the start; down, they hinder nobody."""
    if settings.limits_url is None:
        yield None
        return
    from plaudit.http.limits_shared import ValkeyCounts  # noqa: PLC0415 -- 30 ms of a start, for those who use it

    counts = ValkeyCounts(settings.limits_url, now=now)
    metrics.watch_shared_limits(lambda: counts.down_since is None)
    try:
        await counts.count("start")
        yield counts
    finally:
        await counts.aclose()


@asynccontextmanager
async def reading(configuration: Configuration) -> AsyncIterator[Analytics]:
    """The numbers of a database, for commands; servers may run. Raises `CannotOpen`, `WrongDatabase`."""
    async with databases.reading(configuration.settings, configuration.projects, now=now) as store:
        yield Analytics(store, now=now)


@asynccontextmanager
async def people(configuration: Configuration, environ: Mapping[str, str]) -> AsyncIterator[People]:
    """A database that exists already, to give out and erase what is a person's, without a server and however long it
    takes. Raises as `serve`, and `SettingsError`."""
    settings, projects = configuration.settings, configuration.projects
    if not settings.on_postgres and not settings.database_path.is_file():
        raise CannotOpen(f"There is no database at {settings.database_path}: check data_dir and database_url")
    secrets, _ = open_secrets(settings.data_path, environ)
    store = await databases.open_store(settings, projects, now=now, when_committed=lambda *_: None,
                                       wait_seconds_max=DAY_SECONDS)
    try:
        yield People(Service(store, now=now, new_id=new_id), store, Authenticator(
            projects, configuration.default_project.id, store=store, jwks=JwksCache(now), now=now, new_id=new_id,
            secrets=AuthSecrets(secrets.session_secret, secrets.guest_pepper),
            session_lifetime_seconds=settings.session_days * DAY_SECONDS))
    finally:
        await store.close()


@asynccontextmanager
async def issuer_check() -> AsyncIterator[IssuerCheck]:
    """For `plaudit doctor`."""
    jwks = JwksCache(now)
    try:
        yield jwks.check
    finally:
        await jwks.aclose()


async def limits_problem(url: str) -> str | None:
    """For `plaudit doctor`, which has time: why the shared limits cannot be counted; None: they can."""
    from plaudit.http.limits_shared import ValkeyCounts  # noqa: PLC0415 -- as above

    counts = ValkeyCounts(url, now=now, deadline_seconds=1.0)
    try:
        return await counts.problem()
    finally:
        await counts.aclose()


# ---------------------------------------------------------------- before anything is open


def prepare(configuration: Configuration, environ: Mapping[str, str]) -> Prepared:
    """Read the secrets and the keys, making those that a first start needs. Raises `SettingsError`."""
    settings = configuration.settings
    secrets, created = open_secrets(settings.data_path, environ)
    first_key = _first_keys(configuration)
    first, *others = _with_client_secrets(configuration)
    issuer = development_issuer(settings) if settings.development else None
    if issuer:
        first = replace(first, issuers=(*first.issuers, _trust(issuer)))
    if issuer and configuration.file is None:
        settings, first = _without_default_limits(settings), replace(first, limits=Limits(per_subject=0, per_project=0))
    return Prepared(settings, (first, *others), read_keys(settings.data_path), secrets, created, first_key, issuer,
                    endpoints_of(settings))


def _without_default_limits(settings: Settings) -> Settings:
    """Whoever tries things out is a thousand voters at one address. A limit that they set themselves stays."""
    if settings.per_address_per_minute != Settings().per_address_per_minute:
        return settings
    return msgspec.structs.replace(settings, per_address_per_minute=0)


def _with_client_secrets(configuration: Configuration) -> list[Project]:
    """The projects, those with people of an identity provider with their client's secret. Raises `SettingsError`."""
    pages = {table.id: table.dashboard for table in configuration.settings.projects}
    return [_with_client_secret(project, pages.get(project.id)) for project in configuration.projects]


def _with_client_secret(project: Project, table: DashboardTable | None) -> Project:
    if project.sign_in is None or table is None or table.client_secret_file is None:
        return project
    secret = client_secret(Path(table.client_secret_file))
    return replace(project, sign_in=replace(project.sign_in, client_secret=secret))


def development_issuer(settings: Settings) -> DevelopmentIssuer:
    """Named after the address, so that its keys are where its name says. Raises `SettingsError`."""
    pem = development_key(settings.data_path, lambda: new_private_key_pem().decode())
    return DevelopmentIssuer.from_pem(settings.base_url + development.PATH, pem.encode())


def _first_keys(configuration: Configuration) -> str | None:
    """Without a file, the one project gets a publishable key and a server key that may do everything, once."""
    if configuration.file or read_keys(configuration.settings.data_path).publishable_keys:
        return None
    key, sha256 = new_server_key()
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    record = KeyRecord(configuration.default_project.id, FIRST_KEY_ID, sha256, tuple(Scope), created)
    add_key(configuration.settings.data_path, record, new_publishable_key())
    return key


def _trust(issuer: DevelopmentIssuer) -> Issuer:
    return Issuer(
        issuer=issuer.issuer,
        audiences=frozenset({DEVELOPMENT_AUDIENCE}),
        jwks_url=f"{issuer.issuer}.well-known/jwks.json",
        algorithms=(issuer.algorithm,),
    )


# ---------------------------------------------------------------- settings as each part wants them


def _edge_settings(settings: Settings) -> EdgeSettings:
    return EdgeSettings(
        header_bytes_max=settings.header_bytes_max,
        header_fields_max=settings.header_fields_max,
        body_bytes_max=settings.body_bytes_max,
        batch_body_bytes_max=settings.batch_body_bytes_max,
        per_address_per_minute=settings.per_address_per_minute,
        trusted_proxies=tuple(ip_network(network) for network in settings.trusted_proxies),
        metrics_access=Access(settings.metrics_access),
        docs_access=Access.PUBLIC if settings.docs_public else Access(settings.docs_access),
        log_all_requests=settings.log_requests == "all",
    )


def _server_settings(settings: Settings) -> ServerSettings:
    return ServerSettings(
        host=settings.host,
        port=settings.port,
        header_bytes_max=settings.header_bytes_max,
        request_timeout_seconds=settings.request_timeout_seconds,
        keep_alive_seconds=settings.keep_alive_seconds,
        drain_seconds=settings.drain_seconds,
        shutdown_timeout_seconds=settings.shutdown_timeout_seconds,
    )


def now() -> Instant:
    """The one clock."""
    return time.time_ns() // 1_000_000


def new_id() -> str:
    return str(uuid.uuid4())
