"""`plaudit demo`"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from plaudit.cli.options import Port
from plaudit.model import Limits, Reason, Vote

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from plaudit.bootstrap import Prepared, Running
    from plaudit.demo.chat import Access
    from plaudit.demo.crowd import Talk
    from plaudit.demo.loading import Keys

REASONS = (
    Reason("demo-wrong", Vote.DISLIKE, {"en": "Wrong", "de": "Falsch", "ar": "خطأ"}),
    Reason("demo-long", Vote.DISLIKE, {"en": "Too long", "de": "Zu lang", "ar": "طويل جدًا"}),
    Reason("demo-off-topic", Vote.DISLIKE, {"en": "Not what I asked", "de": "Am Thema vorbei", "ar": "خارج الموضوع"}),
)


def demo(port: Port = None) -> None:
    """Serve invented demo data: a dashboard to look at, and a chat with thumbs to click.

    Ninety days of a shop's assistant that never was. Everything is labelled as invented, is kept in a temporary folder,
    and is forgotten when Ctrl-C stops it. Your own settings and data are not touched.

    Examples:

      plaudit demo

      plaudit demo --port 0
    """
    import tempfile

    import uvloop

    from plaudit import bootstrap, listening
    from plaudit.cli import logs
    from plaudit.settings import Settings, built_in

    with tempfile.TemporaryDirectory(prefix="plaudit-demo-") as folder:
        settings = Settings(port=Settings().port if port is None else port, data_dir=folder, development=True,
                            drain_seconds=0, log_format="text", per_address_per_minute=0)
        logs.configure(settings.log_format)
        listener, settings = listening.listen(settings)
        with listener:
            prepared, receipt_key = _open_to_own_page(bootstrap.prepare(built_in(settings), {}))
            uvloop.run(_serve(prepared, _access(prepared, receipt_key), listener))


async def _serve(prepared: Prepared, access: Access, listener: socket.socket) -> None:
    from plaudit import bootstrap
    from plaudit.demo import page
    from plaudit.demo.chat import Chat

    chat = Chat(access)
    try:
        await bootstrap.serve(prepared, listener, _fill_and_announce, page.routes(chat))
    finally:
        await chat.aclose()


async def _fill_and_announce(running: Running) -> None:
    import httpx2

    from plaudit.bootstrap import now
    from plaudit.demo import crowd, loading
    from plaudit.demo.progress import followed

    talks = crowd.invent(now())
    transport = httpx2.ASGITransport(running.application)
    async with httpx2.AsyncClient(transport=transport, base_url=running.prepared.settings.base_url) as client:
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


def _open_to_own_page(prepared: Prepared) -> tuple[Prepared, str]:
    """With the key that the chat signs receipts with. The page is served from here, so here is its origin, and nothing
    limits how fast the data comes in."""
    from plaudit.cli.key import Algorithm, mint_receipt_key
    from plaudit.settings.keys import receipt_key_of

    port = prepared.settings.port
    first, *others = prepared.written
    receipt_key, record = mint_receipt_key(first.id, "demo", Algorithm.ED25519)
    first = replace(
        first, name="Invented demo data", origins=frozenset({f"http://127.0.0.1:{port}", f"http://localhost:{port}"}),
        limits=Limits(per_subject=0, per_project=0), reasons=REASONS, receipt_keys=(receipt_key_of(record),))
    return replace(prepared, written=(first, *others)), receipt_key


def _access(prepared: Prepared, receipt_key: str) -> Access:
    from plaudit.demo.chat import SUBJECT, Access

    keys = _keys(prepared)
    return Access(url=prepared.settings.base_url, server_key=keys.server, receipt_key=receipt_key,
                  publishable_key=keys.publishable, issuer=keys.issuer, user_token=partial(keys.user_token, SUBJECT))


def _keys(prepared: Prepared) -> Keys:
    from plaudit.demo.loading import Keys

    assert prepared.first_server_key and prepared.development_issuer  # noqa: S101, PT018 -- each demo is a first start
    return Keys(
        server=prepared.first_server_key,
        publishable=prepared.default_project.publishable_key or "",
        issuer=prepared.development_issuer.issuer,
        user_token=partial(_user_token, prepared),
    )


def _user_token(prepared: Prepared, subject: str) -> str:
    from plaudit.bootstrap import DEVELOPMENT_AUDIENCE, now

    assert prepared.development_issuer  # noqa: S101 -- the demo runs in development mode
    return prepared.development_issuer.mint(subject, DEVELOPMENT_AUDIENCE, now())
