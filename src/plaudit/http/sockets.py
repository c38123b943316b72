"""The sockets that a server listens on. `port` 0 takes a free one. Everything here raises `OSError`."""

import socket

BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """One that nobody else listens on."""
    return socket.create_server(_address(host, port), family=_family(host), backlog=BACKLOG)


def reserve(host: str, port: int) -> socket.socket:
    """One that keeps the address for several workers, without listening.

    Each worker listens for itself, so that the kernel deals connections out. On one socket that all inherit, whoever
    woke took all that waited: of 32 connections opened at once, such as a proxy's, one of four workers had 20 to 32 and
    another none; dealt out, each had 5 to 15.
    """
    with listen(host, port) as probe:  # was it another's? What shares an address would share it with another server too
        port = probe.getsockname()[1]
    reserved = socket.socket(_family(host))
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if reserved.family == socket.AF_INET6:
        reserved.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # as the workers' own
    reserved.bind(_address(host, port))
    return reserved


def listen_beside(host: str, port: int) -> socket.socket:
    """One worker's own, on the reserved address."""
    return socket.create_server(_address(host, port), family=_family(host), backlog=BACKLOG, reuse_port=True)


def _address(host: str, port: int) -> tuple[str, int]:
    return host.strip("[]"), port


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
