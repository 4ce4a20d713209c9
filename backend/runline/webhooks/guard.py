"""Whether a webhook may be called: judged when a run names it, and again with each call.

Its name is resolved once, all addresses are judged, and a call connects to one of those and asks no resolver again.

Divergence 50: private networks are closed, too, and a URL must be absolute.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from runline.errors import Invalid
from runline.kit.threads import GraphThreads
from runline.webhooks.addresses import LOOPBACK, Network, why_closed
from runline.webhooks.rules import WebhookRules

_PORTS = {"http": 80, "https": 443}
_METADATA = frozenset({"metadata", "metadata.google.internal", "metadata.goog", "instance-data"})
_RESOLVE_SECONDS = 5.0
_RESOLVERS = 4


class Refused(Invalid):
    """A URL that no webhook may have."""


class Unresolved(Refused):
    """A host that has no address now; it may have one later."""

    def __init__(self) -> None:
        super().__init__("Webhook host blocked: DNS resolution failed")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes: a URL, and the addresses of its host that were found to be open."""

    url: httpx.URL
    port: int
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WebhookGuard:
    """Applies the project's rules, and the operator's: `opened` networks may be reached although they are private."""

    rules: WebhookRules
    opened: Sequence[Network] = ()
    # of their own: names are looked up although all other threads are busy with graphs
    _threads: GraphThreads = field(default_factory=lambda: GraphThreads(_RESOLVERS))

    async def check(self, text: str) -> Target:
        """Where a call to this URL would go. Raises Refused, or Unresolved if its host has no address."""
        url, port = self._parsed(text)
        host = url.raw_host.decode("ascii")
        addresses = await self._resolve(host, port)
        opened = (*self.opened, *(LOOPBACK if self.rules.loopback else ()))
        for address in addresses:
            if reason := why_closed(address, opened):
                raise Refused(f"Webhook host blocked: {reason}")
        return Target(url, port, addresses)

    def close(self) -> None:
        """Look up no more names."""
        self._threads.shutdown()

    def _parsed(self, text: str) -> tuple[httpx.URL, int]:
        if len(text) > self.rules.max_url_length:
            raise Refused("Webhook URL too long")
        try:
            url = httpx.URL(text)
        except httpx.InvalidURL as exc:
            raise Refused(f"Invalid webhook URL: {exc}") from None
        return url, self._judged(url)

    def _judged(self, url: httpx.URL) -> int:
        """The port, if the URL as written is one that the rules allow."""
        rules, host = self.rules, url.host.lower().rstrip(".")
        port = _PORTS.get(url.scheme, 0) if url.port is None else url.port
        if rules.require_https and url.scheme != "https":
            raise Refused("Webhook must use https")
        if not host:
            raise Refused("Invalid webhook hostname ''")
        if url.scheme not in _PORTS:
            raise Refused(f"Webhook host blocked: scheme '{url.scheme}' not allowed")
        if url.userinfo:
            raise Refused("Webhook URL must not contain credentials")
        if not 0 < port < 2**16:
            raise Refused("Port out of range 0-65535")
        if rules.allowed_domains is not None and not any(_matches(host, domain) for domain in rules.allowed_domains):
            raise Refused("Webhook domain not allowed")
        if rules.allowed_ports is not None and port not in rules.allowed_ports:
            raise Refused(f"Webhook port {port} not allowed")
        if host in _METADATA:
            raise Refused("Webhook host blocked: cloud metadata endpoint")
        if not rules.loopback and (host == "localhost" or host.endswith(".localhost")):
            raise Refused("Webhook host blocked: localhost address")
        return port

    async def _resolve(self, host: str, port: int) -> tuple[str, ...]:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_RESOLVE_SECONDS):
                found = await loop.run_in_executor(self._threads, _look_up, host, port)
        except (OSError, UnicodeError, TimeoutError):
            raise Unresolved from None
        if not found:
            raise Unresolved
        return found


def _look_up(host: str, port: int) -> tuple[str, ...]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


def _matches(host: str, domain: str) -> bool:
    return host.endswith(domain[1:]) if domain.startswith("*.") else host == domain
