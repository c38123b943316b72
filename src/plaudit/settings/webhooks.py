"""Endpoints with their secrets, which are no settings. The tables have been checked before."""

from collections.abc import Iterable
from pathlib import Path

from plaudit.events import Endpoint
from plaudit.settings.loading import SettingsError
from plaudit.settings.secrets import read_private
from plaudit.settings.table import Settings, WebhookTable
from plaudit.webhooks import addresses, signing


def endpoints_of(settings: Settings) -> tuple[Endpoint, ...]:
    """Of all projects. Raises `SettingsError`."""
    return tuple(_endpoint(project.id, table) for project in settings.projects for table in project.webhooks)


def _endpoint(project_id: str, table: WebhookTable) -> Endpoint:
    return Endpoint(
        id=table.id,
        project_id=project_id,
        url=_url(table),
        secrets=tuple(_keys(map(Path, table.secret_files))),
        kinds=frozenset(table.events),
        has_comment=table.has_comment,
        contracts=frozenset(table.contracts),
        body=table.body,
        comments=table.comments,
        contents=table.contents,
        allow_private=table.allow_private,
    )


def _url(table: WebhookTable) -> str:
    if table.url is not None or table.url_file is None:
        return table.url or ""
    url = read_private(Path(table.url_file)).strip()
    if wrong := addresses.problem(url, allow_private=table.allow_private):
        raise SettingsError(f"{table.url_file}: the address {wrong}")
    return url


def _keys(files: Iterable[Path]) -> Iterable[bytes]:
    for file in files:
        try:
            yield signing.key_of(read_private(file).strip())
        except ValueError as error:
            raise SettingsError(f"{file}: {error}; `plaudit webhook secret` makes one") from error
