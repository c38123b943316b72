"""Where a server is reached: a socket, and the settings with the port that it has."""

import errno
import os
import socket
from collections.abc import Callable

import msgspec

from plaudit.errors import PlauditError
from plaudit.http import sockets
from plaudit.settings import Settings, SettingsError


class PortTaken(PlauditError):
    """Another process listens there; when it ends, the port is free"""

    code = "port_taken"


def listen(settings: Settings) -> tuple[socket.socket, Settings]:
    """A listening socket, and the settings with the port that it has. Raises `PortTaken`, `SettingsError`."""
    return _bound(sockets.listen, settings)


def reserve(settings: Settings) -> tuple[socket.socket, Settings]:
    """A socket that keeps the address for several workers, and the settings as `listen` gives them.

    Raises as `listen`.
    """
    return _bound(sockets.reserve, settings)


def _bound(bind: Callable[[str, int], socket.socket], settings: Settings) -> tuple[socket.socket, Settings]:
    try:
        bound = bind(settings.host, settings.port)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        said = f"cannot listen on {settings.host} port {settings.port} ({reason})"
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(f"{said}; stop what is there, or choose another with --port") from error
        raise SettingsError(f"{said}; choose another with --host or --port") from error
    return bound, msgspec.structs.replace(settings, port=bound.getsockname()[1])
