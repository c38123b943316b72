"""`plaudit demo`"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from plaudit.cli.options import Port
from plaudit.model import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plaudit.bootstrap import Prepared, Running
    from plaudit.demo.crowd import Talk
    from plaudit.demo.loading import Keys
    from plaudit.demo.page import DemoVoters
    from plaudit.demo.talks import DemoAccess

SUBJECT = "demo-user"
VISITOR_DEVICE = "demo-visitor"
GUEST_HEADERS = {"x-device-id": "demo-device-0001", "x-platform": "web", "x-user-id": "U-demo-0001"}


def demo(port: Port = None) -> None:
    """Serve invented demo data: a dashboard to look at, and a page with thumbs to click.

    Ninety days of a shop's assistant that never was. Everything is labelled as invented, is kept in a temporary folder,
    and is forgotten when Ctrl-C stops it. Your own settings and data are not touched.

    Examples:

      plaudit demo

      plaudit demo --port 0
    """
    import tempfile

    import uvloop

    from plaudit import bootstrap
    from plaudit.cli import logs
    from plaudit.demo import page
    from plaudit.settings import Settings, built_in

    with tempfile.TemporaryDirectory(prefix="plaudit-demo-") as folder:
        settings = Settings(port=Settings().port if port is None else port, data_dir=folder, development=True,
                            drain_seconds=0, log_format="text", per_address_per_minute=0)
        logs.configure(settings.log_format)
        listener, settings = bootstrap.listen(settings)
        with listener:
            prepared = _open_to_own_page(bootstrap.prepare(built_in(settings), {}))
            uvloop.run(bootstrap.serve(prepared, listener, _fill_and_announce, page.routes(_voters(prepared))))


async def _fill_and_announce(running: Running) -> None:
    import httpx2

    from plaudit.bootstrap import now
    from plaudit.demo import crowd, loading
    from plaudit.demo import talks as exchanges
    from plaudit.demo.progress import followed

    talks = crowd.invent(now())
    transport = httpx2.ASGITransport(running.application)
    async with httpx2.AsyncClient(transport=transport, base_url=running.prepared.settings.base_url) as client:
        await exchanges.fill(client, await _access(running), now())
        with followed(talks) as (registered, voted):
            await loading.load(client, _keys(running.prepared), talks, registered, voted)
    print("\n".join(_lines(running.prepared, talks)), flush=True)


def _lines(prepared: Prepared, talks: list[Talk]) -> Iterator[str]:
    from plaudit.cli.welcome import LAST_LINE
    from plaudit.demo.crowd import DAYS

    answers = [shown for talk in talks for shown in talk.answers]
    votes = sum(shown.opinion is not None for shown in answers)
    base_url = prepared.settings.base_url
    yield f"Invented demo data of {DAYS} days: {len(answers):,} answers, {votes:,} votes. Forgotten when this stops."
    yield f"Dashboard:       {base_url}/dashboard"
    yield f"Server key:      {prepared.first_server_key}"
    yield "                 sign in with it; it opens nothing else"
    yield f"Thumbs to click: {base_url}/demo"
    yield LAST_LINE


def _open_to_own_page(prepared: Prepared) -> Prepared:
    """The page is served from here, so here is its origin. Nothing limits how fast the data comes in."""
    port = prepared.settings.port
    first, *others = prepared.written
    origins = frozenset({f"http://127.0.0.1:{port}", f"http://localhost:{port}"})
    unlimited = Limits(per_subject=0, per_project=0)
    first = replace(first, name="Invented demo data", origins=origins, limits=unlimited)
    return replace(prepared, written=(first, *others))


def _voters(prepared: Prepared) -> DemoVoters:
    from plaudit.demo.page import DemoVoters

    return DemoVoters(
        publishable_key=prepared.default_project.publishable_key or "",
        visitor_device=VISITOR_DEVICE,
        guest_device=GUEST_HEADERS["x-device-id"],
        guest_user=GUEST_HEADERS["x-user-id"],
        user_token=partial(_user_token, prepared),
    )


def _user_token(prepared: Prepared, subject: str = SUBJECT) -> str:
    from plaudit.bootstrap import DEVELOPMENT_AUDIENCE, now

    assert prepared.development_issuer  # noqa: S101 -- the demo runs in development mode
    return prepared.development_issuer.mint(subject, DEVELOPMENT_AUDIENCE, now())


def _keys(prepared: Prepared) -> Keys:
    from plaudit.demo.loading import Keys

    assert prepared.first_server_key and prepared.development_issuer  # noqa: S101, PT018 -- each demo is a first start
    return Keys(
        server=prepared.first_server_key,
        publishable=prepared.default_project.publishable_key or "",
        issuer=prepared.development_issuer.issuer,
        user_token=partial(_user_token, prepared),
    )


async def _access(running: Running) -> DemoAccess:
    from plaudit.demo.talks import DemoAccess

    prepared, project = running.prepared, running.prepared.default_project
    assert prepared.first_server_key and prepared.development_issuer  # noqa: S101, PT018 -- each demo is a first start
    visitor_id, _ = await running.authenticator.visitor(project, VISITOR_DEVICE)
    return DemoAccess(
        server_key=prepared.first_server_key,
        session_token=running.authenticator.session_token(project, visitor_id),
        visitor_id=visitor_id,
        guest_headers=GUEST_HEADERS,
        user_token=_user_token(prepared),
        user_owner={"issuer": prepared.development_issuer.issuer, "subject": SUBJECT},
    )
