"""Where a webhook may go: to the public Internet by TLS, unless its endpoint says that it may be private.

Whoever may set an endpoint must not reach what only this machine, or its network, can reach (server-side request
forgery). An address is judged where it is written down, and once more, by what its name stands for at that moment, when
a connection is made (see `posting`).
"""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

URL = re.compile(r"[!-~]{1,2048}")
NAME = re.compile(r"([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)
NAME_MAX = 253
NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")  # a host whose last label is one is an address to many a resolver
OWN = ("localhost", "local", "internal", "localdomain", "home.arpa")  # names that mean something else on each network

# IANA's registries of special-purpose addresses: what is not globally reachable, or leads to an address inside another.
SPECIAL_4 = tuple(map(ip_network, (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4")))
GLOBAL_6 = ip_network("2000::/3")  # all that was given out for general use; so no mapped, translated or local ones
SPECIAL_6 = tuple(map(ip_network, ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")))


def is_public(address: str) -> bool:
    """Of an address in its usual form, such as `192.0.2.1`."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv4Address):
        return not any(found in network for network in SPECIAL_4)
    return not found.scope_id and found in GLOBAL_6 and not any(found in network for network in SPECIAL_6)


def problem(url: str, *, allow_private: bool) -> str | None:
    """Why nothing may be sent there; None: nothing speaks against it yet."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "is no address"
    if not URL.fullmatch(url) or "\\" in url or not host or port == 0:
        return "must be an address such as https://receiver.example.com/plaudit, in ASCII and without spaces"
    if "@" in parts.netloc or "#" in url:
        return "may have neither a user nor a fragment"
    if parts.scheme != "https" and not (allow_private and parts.scheme == "http"):
        return "must begin with https:// (http:// only with allow_private)"
    return _host_problem(host, bracketed="[" in parts.netloc, allow_private=allow_private)


def _host_problem(host: str, *, bracketed: bool, allow_private: bool) -> str | None:
    address = _address(host, bracketed=bracketed)
    if address is not None:
        public = is_public(address)
    elif bracketed or NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        return "has an address in a form that is not the usual one; write it like 192.0.2.1 or [2001:db8::1]"
    elif not NAME.fullmatch(host) or len(host) > NAME_MAX:
        return "has a name that is none: letters, digits, dashes and dots, without a dot at its end"
    else:
        public = "." in host and not any(f".{host.lower()}".endswith(f".{own}") for own in OWN)
    return None if public or allow_private else ("is not on the public Internet; if it is meant to be yours, say "
                                                "allow_private = true")


def _address(host: str, *, bracketed: bool) -> str | None:
    """Only in the usual form: `IPv4Address` takes no other."""
    try:
        return str(IPv6Address(host) if bracketed else IPv4Address(host))
    except AddressValueError:
        return None
