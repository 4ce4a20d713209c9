"""Which addresses of the internet a webhook may reach: those that are anybody's to reach, and no others.

The tables follow IANA's registries of special-purpose addresses. Of IPv6 only what is handed out for the public is
open, so that everything with an IPv4 address inside it (mapped, NAT64, 6to4, Teredo) is closed without being taken
apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network

LOOPBACK: tuple[Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))

_PUBLIC_V6 = IPv6Network("2000::/3")

_CLOSED: tuple[Network, ...] = (
    IPv4Network("0.0.0.0/8"),
    IPv4Network("10.0.0.0/8"),
    IPv4Network("100.64.0.0/10"),
    IPv4Network("127.0.0.0/8"),
    # Azure's host, which answers only from inside
    IPv4Network("168.63.129.16/32"),
    # link-local, and with it most clouds' metadata
    IPv4Network("169.254.0.0/16"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.0.2.0/24"),
    IPv4Network("192.31.196.0/24"),
    IPv4Network("192.52.193.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv4Network("192.168.0.0/16"),
    IPv4Network("192.175.48.0/24"),
    IPv4Network("198.18.0.0/15"),
    IPv4Network("198.51.100.0/24"),
    IPv4Network("203.0.113.0/24"),
    IPv4Network("224.0.0.0/3"),
    # Teredo, ORCHID and the like
    IPv6Network("2001::/23"),
    IPv6Network("2001:db8::/32"),
    # 6to4
    IPv6Network("2002::/16"),
    IPv6Network("2620:4f:8000::/48"),
    IPv6Network("3fff::/20"),
)


def why_closed(text: str, opened: Sequence[Network]) -> str | None:
    """Why a webhook may not reach this address, in the platform's words; None if it may.

    `opened` are networks that the operator lets it reach none the less.
    """
    address = ip_address(text)
    if any(address in network for network in opened):
        return None
    if any(address in network for network in LOOPBACK):
        return "loopback IP range"
    if isinstance(address, IPv6Address) and address not in _PUBLIC_V6:
        return "blocked IP range"
    return "blocked IP range" if any(address in network for network in _CLOSED) else None
