"""`plaudit config check|show|docs`"""

import sys

import typer

from plaudit.cli.options import Config, read

app = typer.Typer(no_args_is_help=True, help="The settings: are they right, and what are they?")


@app.command("check")
def check(config: Config = None) -> None:
    """Say whether the settings can be used.

    If not: which line is wrong, and what would be right (exit code 2).

    Examples:

      plaudit config check

      plaudit config check --config /etc/plaudit.toml
    """
    configuration = read(config)
    projects = ", ".join(project.id for project in configuration.projects)
    print(f"{configuration.file or 'No file, only defaults and the environment'}: good. Projects: {projects}")


@app.command("show")
def show(config: Config = None) -> None:
    """Print the settings that hold, as TOML.

    From defaults, file and environment together, without the passwords in addresses. Secrets are not settings.

    Example:

      plaudit config show
    """
    import msgspec
    import tomlkit

    from plaudit.store.postgres_server import without_password

    settings = msgspec.to_builtins(read(config).settings)
    for name in ("database_url", "limits_url"):
        if "://" in (settings[name] or ""):
            settings[name] = without_password(settings[name])
    print(tomlkit.dumps({name: _without_nothing(value) for name, value in settings.items() if value is not None}),
          end="")


@app.command("docs", hidden=True)
def docs() -> None:
    """Print docs/settings.md."""
    from plaudit.settings.manual import manual

    sys.stdout.write(manual())


def _without_nothing(value: object) -> object:
    """TOML has no null: what is not set is not there."""
    if isinstance(value, dict):
        return {key: _without_nothing(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_without_nothing(inner) for inner in value]
    return value
