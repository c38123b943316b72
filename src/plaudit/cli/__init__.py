"""The command line. Exit codes: 0 done, 1 failed, 2 used or configured wrongly."""

import os
import sys

FAILED = 1
MISUSED = 2
PRIVATE = 0o077  # whatever a command writes is the operator's alone


class Failed(Exception):
    """The command could not do what it was asked. The message is one line that says what to do. Exit code 1."""


class Misused(Exception):
    """The command cannot do that as things are set up. The message is one line that says what to do. Exit code 2."""


def main() -> None:
    """Run a command; whatever an operator can put right is told in a line, without a traceback."""
    from plaudit.cli.app import app
    from plaudit.errors import PlauditError
    from plaudit.settings import SettingsError

    os.umask(PRIVATE)
    try:
        app()
    except (Misused, SettingsError) as error:
        _stop(str(error), MISUSED)
    except Failed as error:
        _stop(str(error), FAILED)
    except PlauditError as error:
        _stop(error.message, FAILED)
    except OSError as error:
        _stop(f"{error.filename or 'the system'}: {error.strerror or error}", FAILED)


def _stop(message: str, code: int) -> None:
    print("\n".join(f"plaudit: {line}" for line in message.splitlines()), file=sys.stderr)
    sys.exit(code)
