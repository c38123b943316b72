"""The client's address: the connection's own, or what trusted proxies say of it and nobody else."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.datastructures import Headers
from starlette.types import Scope

Network = IPv4Network | IPv6Network
UNKNOWN = "unknown"
IPV6_HOST_BITS = 64  # one customer has a /64, so that is what a limit must count


def client_address(scope: Scope, trusted_proxies: Sequence[Network]) -> str:
    """The nearest address that is not a trusted proxy, reading X-Forwarded-For from its right end."""
    client = scope.get("client")
    address = client[0] if client else UNKNOWN
    if not trusted_proxies or not _trusted(address, trusted_proxies):
        return address
    for hop in reversed(",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")):
        if not _parse(hop.strip()):
            break
        address = hop.strip()
        if not _trusted(address, trusted_proxies):
            break
    return address


@lru_cache(maxsize=4096)
def bucket(address: str) -> str:
    """What is limited as one: an IPv4 address, or the /64 of an IPv6 one."""
    parsed = _parse(address)
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(IPv6Network((int(parsed) >> IPV6_HOST_BITS << IPV6_HOST_BITS, IPV6_HOST_BITS)))
    return address


def _trusted(address: str, proxies: Sequence[Network]) -> bool:
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in proxies)


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
