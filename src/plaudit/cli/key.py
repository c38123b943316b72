"""`plaudit key new|list|revoke`"""

from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated

import typer

from plaudit.cli import Misused
from plaudit.cli.options import Config, read
from plaudit.model import Project, ReceiptAlgorithm, Scope
from plaudit.settings import Configuration
from plaudit.settings.checks import RECEIPT_KEY_ID
from plaudit.settings.keys import (
    KeyRecord,
    ReceiptKeyRecord,
    add_key,
    add_receipt_key,
    keys_file,
    read_keys,
    revoke_key,
)
from plaudit.settings.receipt_keys import key_text

app = typer.Typer(no_args_is_help=True, help="Keys of the application's back end: what it shows, and what it signs by.")


class Algorithm(StrEnum):
    """As a receipt key's text names them."""

    ED25519 = "ed25519"
    HS256 = "hs256"


Project_ = Annotated[str | None, typer.Option("--project", help="Whose key; default: the default project.",
                                              show_default=False)]


@app.command("new")
def new(project: Project_ = None, key_id: Annotated[str | None, typer.Option(
            "--id", help="A name to list and revoke it by; default: made up.", show_default=False)] = None,
        scope: Annotated[list[Scope], typer.Option(help="What the key may do; repeat for several.")] = [  # noqa: B006 -- typer copies it
            Scope.MESSAGES_WRITE, Scope.FEEDBACK_READ],
        receipts: Annotated[bool, typer.Option("--receipts", help="A key that signs receipts, instead of a server key."
                                               )] = False,
        algorithm: Annotated[Algorithm, typer.Option(help="Of a key that signs receipts.")] = Algorithm.ED25519,
        toml: Annotated[bool, typer.Option("--toml", help="Store nothing; print the lines for plaudit.toml.")] = False,
        config: Config = None) -> None:
    """Make a server key, or a key that signs receipts, and show it, once.

    Only what it is checked by is kept, so a lost key cannot be shown again: make another one and revoke the lost one.
    A running server takes the key within two seconds. Of either kind several may be good at once, so that one can be
    exchanged for another without a gap.

    Examples:

      plaudit key new

      plaudit key new --project shop --id backend --scope messages:write

      plaudit key new --id operator --scope admin --toml

      plaudit key new --receipts --id chat-2026
    """
    configuration = read(config)
    owner = find_project(configuration, project)
    if receipts:
        _new_receipt_key(configuration, owner, key_id, algorithm, toml=toml)
        return
    secret, record = mint(owner.id, key_id, tuple(scope))
    if toml:
        print(_toml(record))
    else:
        _refuse_taken(configuration, record.id)
        add_key(configuration.settings.data_path, record)
        print(f"id:     {record.id}  (project {owner.id}; {', '.join(record.scopes)})")
    _show(secret, toml=toml)


@app.command("list")
def list_(config: Config = None) -> None:
    """List the server keys, and those that sign receipts.

    Of each its id, its project, what it may do, and where it is kept since when; never the key itself.

    Example:

      plaudit key list
    """
    configuration = read(config)
    rows = [("ID", "PROJECT", "SCOPES", "KEPT IN")]
    for project in configuration.projects:
        rows += [(key.id, project.id, _scopes(key.scopes), str(configuration.file)) for key in project.server_keys]
        rows += [(key.id, project.id, f"receipts ({key.algorithm})", str(configuration.file))
                 for key in project.receipt_keys]
    path, kept = keys_file(configuration.settings.data_path), read_keys(configuration.settings.data_path)
    for record in kept.server_keys:
        rows.append((record.id, record.project, _scopes(record.scopes), f"{path} since {record.created}"))
    for receipt_key in kept.receipt_keys:
        rows.append((receipt_key.id, receipt_key.project, f"receipts ({receipt_key.algorithm})",
                     f"{path} since {receipt_key.created}"))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        print("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]))


@app.command("revoke")
def revoke(key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, from `plaudit key list`.")],
           config: Config = None) -> None:
    """Make a key worthless.

    A running server forgets the key within two seconds. Receipts that a revoked key has signed register no message any
    more; votes that were stored stay.

    Example:

      plaudit key revoke backend
    """
    configuration = read(config)
    if revoke_key(configuration.settings.data_path, key_id):
        print(f"revoked: {key_id}. A running server forgets it within two seconds.")
        return
    if key_id in _written(configuration):
        raise Misused(f'key "{key_id}" stands in {configuration.file}; remove it there and restart the server')
    raise Misused(f'there is no key "{key_id}"; `plaudit key list` shows those that there are')


# ---------------------------------------------------------------- steps


def mint(project_id: str, key_id: str | None, scopes: tuple[Scope, ...]) -> tuple[str, KeyRecord]:
    """A fresh key in plain text, and what is kept of it."""
    from plaudit.auth.keys import new_server_key

    secret, sha256 = new_server_key()
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return secret, KeyRecord(project_id, key_id or f"key-{sha256[:8]}", sha256, scopes, created)


def _new_receipt_key(configuration: Configuration, owner: Project, key_id: str | None, algorithm: Algorithm, *,
                     toml: bool) -> None:
    secret, record = mint_receipt_key(owner.id, key_id, algorithm)
    if toml:
        print(f'# Below the [[projects]] with id = "{record.project}":\n[[projects.receipt_keys]]\nid = "{record.id}"\n'
              f'algorithm = "{record.algorithm}"\nkey = "{record.key}"\ncreated = "{record.created}"')
    else:
        _refuse_taken(configuration, record.id)
        add_receipt_key(configuration.settings.data_path, record)
        print(f"id:     {record.id}  (project {owner.id}; signs receipts by {record.algorithm})")
    _show(secret, toml=toml)


def mint_receipt_key(project_id: str, key_id: str | None, algorithm: Algorithm) -> tuple[str, ReceiptKeyRecord]:
    """A fresh key as the application's back end holds it, and what is kept of it. Raises `Misused`."""
    from plaudit.auth.receipts import new_key

    for what, name in (("the project's id", project_id), ("--id", key_id or "x")):
        if not RECEIPT_KEY_ID.fullmatch(name):
            raise Misused(f'of a key that signs receipts, {what} must be letters, digits, dashes or underscores; '
                          f'"{name}" is not')
    believed = ReceiptAlgorithm[algorithm.name]
    secret, checked_by = new_key(believed)
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    record = ReceiptKeyRecord(project_id, key_id or f"receipts-{sha256(checked_by).hexdigest()[:8]}", believed,
                              key_text(checked_by), created)
    return f"rk_{algorithm}.{project_id}.{record.id}.{key_text(secret)}", record


def _show(secret: str, *, toml: bool) -> None:
    mark = "# " if toml else ""
    print(f"{mark}secret: {secret}\n{mark}This is the only time that the secret is shown.")


def find_project(configuration: Configuration, wanted: str | None) -> Project:
    """Raises `Misused`."""
    known = {project.id: project for project in configuration.projects}
    if wanted is not None and wanted not in known:
        raise Misused(f'there is no project "{wanted}"; choose one of {", ".join(known)}')
    return known[wanted] if wanted else configuration.default_project


def _refuse_taken(configuration: Configuration, key_id: str) -> None:
    if key_id in _written(configuration):
        raise Misused(f'there is a key "{key_id}" in {configuration.file} already; choose another --id')


def _written(configuration: Configuration) -> set[str]:
    projects = configuration.projects
    return {key.id for project in projects for key in project.server_keys} | {
        key.id for project in projects for key in project.receipt_keys}


def _scopes(scopes: frozenset[Scope] | tuple[Scope, ...]) -> str:
    return ",".join(sorted(scopes))


def _toml(record: KeyRecord) -> str:
    scopes = ", ".join(f'"{scope}"' for scope in record.scopes)
    return (f'# Below the [[projects]] with id = "{record.project}":\n[[projects.server_keys]]\nid = "{record.id}"\n'
            f'sha256 = "{record.sha256}"\nscopes = [{scopes}]\ncreated = "{record.created}"')
