"""The command line. Exit codes: 0 done, 1 failed, 2 used or configured wrongly."""

import os
import sys
from collections.abc import Callable

FAILED = 1
MISUSED = 2
PRIVATE = 0o077  # whatever a command writes is the operator's alone


class Failed(Exception):
    """The command could not do what it was asked. The message is one line that says what to do. Exit code 1."""


class Misused(Exception):
    """The command cannot do that as things are set up. The message is one line that says what to do. Exit code 2."""


def main() -> None:
    from plaudit.cli.app import app

    os.umask(PRIVATE)
    sys.exit(exit_code(app))


def exit_code(command: Callable[[], object]) -> int:
    """Run a command; whatever an operator can put right is told in a line, without a traceback."""
    from plaudit.errors import PlauditError
    from plaudit.settings import SettingsError

    try:
        command()
    except (Misused, SettingsError) as error:
        return _told(str(error), MISUSED)
    except Failed as error:
        return _told(str(error), FAILED)
    except PlauditError as error:
        return _told(error.message, FAILED)
    except OSError as error:
        return _told(f"{error.filename or 'the system'}: {error.strerror or error}", FAILED)
    return 0


def _told(message: str, code: int) -> int:
    print("\n".join(f"plaudit: {line}" for line in message.splitlines()), file=sys.stderr)
    return code
