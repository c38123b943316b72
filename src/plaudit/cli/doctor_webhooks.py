"""What `plaudit doctor` says of endpoints. None is sent anything: that is `plaudit webhook test`."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from urllib.parse import urlsplit

from plaudit.cli.finding import Finding
from plaudit.events import Backlog, Endpoint
from plaudit.settings import Configuration, SettingsError
from plaudit.store.counted import counted

OLD_SECONDS = 3600.0
HTTPS, HTTP = 443, 80


async def examine_webhooks(configuration: Configuration) -> AsyncIterator[Finding]:
    from plaudit.settings.webhooks import endpoints_of

    try:
        endpoints = endpoints_of(configuration.settings)
    except SettingsError as error:
        yield Finding(good=False, text=f"Webhooks: {error}")
        return
    for endpoint in endpoints:
        yield await _place(endpoint)
    backlogs = await _backlogs(configuration)
    for finding in _waiting({endpoint.id for endpoint in endpoints}, backlogs):
        yield finding


async def _place(endpoint: Endpoint) -> Finding:
    """Where its name leads from here, as a server would find it."""
    from plaudit.webhooks.addresses import is_public
    from plaudit.webhooks.posting import resolve

    parts = urlsplit(endpoint.url)
    host, port = parts.hostname or "", parts.port or (HTTPS if parts.scheme == "https" else HTTP)
    name = f"Webhook {endpoint.id} of project {endpoint.project_id}"
    try:
        found = await resolve(host, port)
    except OSError:
        return Finding(good=False, text=f"{name}: {host} stands for no address; check its url and the network")
    wrong = [address for address in found if not is_public(address)]
    if wrong and not endpoint.allow_private:
        return Finding(good=False, text=f"{name}: {host} stands for {wrong[0]}, which is not on the public Internet, "
                                        "so nothing is sent there; if that is meant, set allow_private = true")
    return Finding(good=True, text=f"{name}: {host} can be found; `plaudit webhook test {endpoint.id}` tries it")


async def _backlogs(configuration: Configuration) -> list[Backlog]:
    from plaudit.bootstrap import now
    from plaudit.databases import reading
    from plaudit.errors import PlauditError

    with suppress(PlauditError):  # a database that was never used, or of which a server has to be started first
        async with reading(configuration.settings, configuration.projects, now=now) as store:
            return await store.backlogs()
    return []


def _waiting(known: set[str], backlogs: list[Backlog]) -> Iterator[Finding]:
    for backlog in backlogs:
        name = f"Webhook {backlog.endpoint_id}"
        if backlog.endpoint_id not in known:
            yield Finding(good=False, text=f"{name}: it is not in the settings; {counted(backlog.waiting, 'event')} "
                                           f"waiting and {backlog.dead} dead are kept for it; put it back, or leave it")
            continue
        oldest_seconds = time.time() - (backlog.oldest_at or 0) / 1000
        if backlog.waiting and oldest_seconds > OLD_SECONDS:
            yield Finding(good=False, text=f"{name}: {counted(backlog.waiting, 'event')} waiting, the oldest for "
                                           f"{oldest_seconds / OLD_SECONDS:.0f} h; look at the receiver: "
                                           f"`plaudit webhook test {backlog.endpoint_id}`")
        if backlog.dead:
            yield Finding(good=False, text=f"{name}: {counted(backlog.dead, 'event')} given up; `plaudit webhook dead "
                                           f"{backlog.endpoint_id}` says why, `plaudit webhook replay "
                                           f"{backlog.endpoint_id} --all` sends them again")
