"""Endpoints with their secrets, which are no settings. The tables have been checked before."""

import re
from collections.abc import Iterable
from pathlib import Path

from plaudit.events import Endpoint
from plaudit.settings.loading import SettingsError
from plaudit.settings.secrets import read_private
from plaudit.settings.table import Settings, WebhookTable
from plaudit.webhooks import addresses, signing

HEADER = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*([!-~](?:[ -~]*[!-~])?)[ \t]*")
OURS = re.compile(r"webhook-.*|content-.*|user-agent|host|connection|transfer-encoding|te|upgrade", re.IGNORECASE)


def endpoints_of(settings: Settings) -> tuple[Endpoint, ...]:
    """Of all projects. Raises `SettingsError`."""
    return tuple(_endpoint(project.id, table) for project in settings.projects for table in project.webhooks)


def _endpoint(project_id: str, table: WebhookTable) -> Endpoint:
    return Endpoint(
        id=table.id,
        project_id=project_id,
        url=_url(table),
        secrets=tuple(_keys(map(Path, table.secret_files))),
        headers=_headers(Path(table.headers_file)) if table.headers_file else (),
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


def _headers(file: Path) -> tuple[tuple[str, str], ...]:
    """What a line says is not shown: it is a key, perhaps."""
    lines = [(number, line) for number, line in enumerate(read_private(file).splitlines(), 1) if line.strip()]
    found = []
    for number, line in lines:
        header = HEADER.fullmatch(line)
        if not header or OURS.fullmatch(header[1]):
            raise SettingsError(f"{file}:{number}: is no header that can be sent along; write it like "
                                "authorization: Bearer …")
        found.append((header[1].lower(), header[2]))
    return tuple(found)
