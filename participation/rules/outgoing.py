"""Where the server may call: only what the operator listed by name, and only addresses that are public or listed too.

A name alone is not enough: whoever holds a name can let it lead into our own network (SSRF). So the address behind it
is looked at, and the one that was looked at is the one that is called (participation/outgoing.py).
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from participation.rules.refusals import Code, Refused

URL_MAX = 500
_PORTS = {"https": 443, "http": 80}
# Addresses of version 6 that carry one of version 4 which a gateway would call (RFC 6052, 3056).
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_WITHIN = (2**32) - 1
# A name, or an address as it is written in one; nothing that could mean something else in a header.
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+", re.ASCII)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Origin:
    """A scheme, a host and a port: what the operator lists, and what an address is held against."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (f":{self.port}" if self.port != _PORTS[self.scheme] else "")


def origin_of(text: str) -> Origin | None:
    """Read ``hooks.example.org``, ``https://hooks.example.org:8443`` or the origin of a whole address; none if bad.

    Without a scheme it is https. A name and password in an address is refused: it would end up in logs.
    """
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not host or parts.username is not None or parts.password is not None:
        return None
    if not _HOST.fullmatch(host) or any(ord(sign) < 33 for sign in text):
        return None
    return Origin(parts.scheme, host.rstrip("."), port or _PORTS[parts.scheme])


def check_listed(url: str, listed: Iterable[Origin]) -> Origin:
    """Give back the origin of an address that may be called.

    Refuses  call.bad_url, call.not_listed.
    """
    found = origin_of(url) if "://" in url and len(url) <= URL_MAX else None
    if found is None:
        raise Refused(Code.CALL_BAD_URL, {"url": url[:80]})
    if found not in set(listed):
        raise Refused(Code.CALL_NOT_LISTED, {"host": str(found)[:120]})
    return found


def check_address(address: str, networks: Iterable[Network]) -> None:
    """Let an address through that is out in the world, or in a network that the operator listed.

    Refuses  call.private_address.
    """
    found = _behind(ipaddress.ip_address(address.partition("%")[0]))
    is_listed = any(found in network for network in networks if network.version == found.version)
    if not is_listed and (not found.is_global or found.is_multicast):
        raise Refused(Code.CALL_PRIVATE_ADDRESS, {"address": str(found)})


def _behind(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address of version 4 that one of version 6 leads to, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & _WITHIN)
    return address.ipv4_mapped or address.sixtofour or address
