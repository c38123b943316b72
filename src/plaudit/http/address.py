"""The client's address: the connection's own, or what trusted proxies say of it and nobody else."""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.datastructures import Headers
from starlette.types import Scope

Network = IPv4Network | IPv6Network
UNKNOWN = "unknown"
WITH_PORT = re.compile(r"\A(?:([0-9.]+):[0-9]{1,5}|\[([^\]]+)\](?::[0-9]{1,5})?)\Z", re.ASCII)
IPV6_HOST_BITS = 64  # one customer has a /64, so that is what a limit must count


def client_address(scope: Scope, trusted_proxies: Sequence[Network]) -> str:
    """The nearest address that is not a trusted proxy, reading X-Forwarded-For from its right end."""
    client = scope.get("client")
    address = client[0] if client else UNKNOWN
    if not trusted_proxies or not _trusted(address, trusted_proxies):
        return address
    for hop in reversed(",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")):
        found = _parse(hop.strip())
        if found is None:
            break
        address = str(found)
        if not _trusted(address, trusted_proxies):
            break
    return address


def came_by_https(scope: Scope, trusted_proxies: Sequence[Network]) -> bool:
    """By the connection itself, or by what a trusted proxy says of the one before it (X-Forwarded-Proto)."""
    client = scope.get("client")
    if scope.get("scheme") == "https":
        return True
    if not client or not _trusted(client[0], trusted_proxies):
        return False
    said = ",".join(Headers(scope=scope).getlist("x-forwarded-proto"))
    return said.rpartition(",")[2].strip().lower() == "https"


@lru_cache(maxsize=4096)
def bucket(address: str) -> str:
    """What is limited as one: an IPv4 address, or the /64 of an IPv6 one."""
    parsed = _parse(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((int(parsed) >> IPV6_HOST_BITS << IPV6_HOST_BITS, IPV6_HOST_BITS)))
    return address


def _trusted(address: str, proxies: Sequence[Network]) -> bool:
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in proxies)


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    """None for what is no address. Some proxies add the client's port; an IPv4 address may be written as IPv6."""
    try:
        parsed = ip_address(WITH_PORT.sub(r"\1\2", text))
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed
