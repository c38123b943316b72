"""`plaudit token`"""

import time
from typing import Annotated

import typer

from plaudit.cli import Misused
from plaudit.cli.key import find_project
from plaudit.cli.options import Config, Development, ServerHost, ServerPort, read


def token(subject: Annotated[str, typer.Option(help="Whose token: the `sub` of the user.")],
          project: Annotated[str | None, typer.Option(help="Only the default project believes the development issuer.",
                                                      show_default=False)] = None,
          minutes: Annotated[int, typer.Option(min=1, max=60 * 24 * 30, help="How long it is good.")] = 60,
          host: ServerHost = None, port: ServerPort = None, development: Development = None, config: Config = None
          ) -> None:
    """Print a user's token from the built-in development issuer.

    With it, the path of signed-in users can be tried without an identity provider. Refused unless development mode is
    on. Give the same --host, --port and --config as to the server.

    Examples:

      plaudit serve --development

      plaudit token --development --subject alice

      token=$(plaudit token --development --subject alice)

      \b
      curl -H "Authorization: Bearer $token" \\
        http://127.0.0.1:8000/api/v1/user/conversations
    """
    from plaudit.bootstrap import DEVELOPMENT_AUDIENCE, development_issuer

    configuration = read(config, host=host, port=port, development=development)
    if not configuration.settings.development:
        raise Misused("tokens are minted in development mode only; start the server and this command with "
                      "--development, or set PLAUDIT_DEVELOPMENT=true")
    if find_project(configuration, project) != configuration.default_project:
        raise Misused(f"only the default project, {configuration.default_project.id}, believes the development issuer")
    issuer = development_issuer(configuration.settings)
    print(issuer.mint(subject, DEVELOPMENT_AUDIENCE, time.time_ns() // 1_000_000, lifetime_seconds=minutes * 60))
