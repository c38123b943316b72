"""`plaudit key new|list|revoke`"""

from datetime import UTC, datetime
from typing import Annotated

import typer

from plaudit.cli import Misused
from plaudit.cli.options import Config, read
from plaudit.model import Project, Scope
from plaudit.settings import Configuration
from plaudit.settings.keys import KeyRecord, add_key, keys_file, read_keys, revoke_key

app = typer.Typer(no_args_is_help=True, help="Server keys: what the application's back end shows to Plaudit.")

Project_ = Annotated[str | None, typer.Option("--project", help="Whose key; default: the default project.",
                                              show_default=False)]


@app.command("new")
def new(project: Project_ = None, key_id: Annotated[str | None, typer.Option(
            "--id", help="A name to list and revoke it by; default: made up.", show_default=False)] = None,
        scope: Annotated[list[Scope], typer.Option(help="What the key may do; repeat for several.")] = [  # noqa: B006 -- typer copies it
            Scope.MESSAGES_WRITE, Scope.FEEDBACK_READ],
        toml: Annotated[bool, typer.Option("--toml", help="Store nothing; print the lines for plaudit.toml.")] = False,
        config: Config = None) -> None:
    """Make a server key and show it, once.

    Only its SHA-256 is kept, so a lost key cannot be shown again: make another one and revoke the lost one.
    A running server takes the key within two seconds.

    Examples:

      plaudit key new

      plaudit key new --project shop --id backend --scope messages:write

      plaudit key new --id operator --scope admin --toml
    """
    configuration = read(config)
    owner = find_project(configuration, project)
    secret, record = mint(owner.id, key_id, tuple(scope))
    if toml:
        print(_toml(record))
    else:
        _refuse_taken(configuration, record.id)
        add_key(configuration.settings.data_path, record)
        print(f"id:     {record.id}  (project {owner.id}; {', '.join(record.scopes)})")
    print(f"{'# ' if toml else ''}secret: {secret}")
    print(f"{'# ' if toml else ''}This is the only time that the secret is shown.")


@app.command("list")
def list_(config: Config = None) -> None:
    """List the server keys.

    Of each its id, its project, what it may do, and where it is kept since when; never the key itself.

    Example:

      plaudit key list
    """
    configuration = read(config)
    rows = [("ID", "PROJECT", "SCOPES", "KEPT IN")]
    for project in configuration.projects:
        rows += [(key.id, project.id, _scopes(key.scopes), str(configuration.file)) for key in project.server_keys]
    path = keys_file(configuration.settings.data_path)
    for record in read_keys(configuration.settings.data_path).server_keys:
        rows.append((record.id, record.project, _scopes(record.scopes), f"{path} since {record.created}"))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        print("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]))


@app.command("revoke")
def revoke(key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, from `plaudit key list`.")],
           config: Config = None) -> None:
    """Make a server key worthless.

    A running server forgets the key within two seconds.

    Example:

      plaudit key revoke backend
    """
    configuration = read(config)
    if revoke_key(configuration.settings.data_path, key_id):
        print(f"revoked: {key_id}. A running server forgets it within two seconds.")
        return
    if key_id in _written(configuration):
        raise Misused(f'key "{key_id}" stands in {configuration.file}; remove its [[projects.server_keys]] there and '
                      "restart the server")
    raise Misused(f'there is no key "{key_id}"; `plaudit key list` shows those that there are')


# ---------------------------------------------------------------- steps


def mint(project_id: str, key_id: str | None, scopes: tuple[Scope, ...]) -> tuple[str, KeyRecord]:
    """A fresh key in plain text, and what is kept of it."""
    from plaudit.auth.keys import new_server_key

    secret, sha256 = new_server_key()
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return secret, KeyRecord(project_id, key_id or f"key-{sha256[:8]}", sha256, scopes, created)


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
    return {key.id for project in configuration.projects for key in project.server_keys}


def _scopes(scopes: frozenset[Scope] | tuple[Scope, ...]) -> str:
    return ",".join(sorted(scopes))


def _toml(record: KeyRecord) -> str:
    scopes = ", ".join(f'"{scope}"' for scope in record.scopes)
    return (f'# Below the [[projects]] with id = "{record.project}":\n[[projects.server_keys]]\nid = "{record.id}"\n'
            f'sha256 = "{record.sha256}"\nscopes = [{scopes}]\ncreated = "{record.created}"')
