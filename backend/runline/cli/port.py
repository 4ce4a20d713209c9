"""The listening socket. It is opened before anything slow, so that a taken port is told at once."""

from __future__ import annotations

import errno
import ipaddress
import math
import socket
import sys
from itertools import chain

from runline.errors import ConfigError

BACKLOG = 2048
NEIGHBOURS = 20
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound


def listen(host: str, port: int) -> socket.socket:
    """Listen on the port. Raises ConfigError with a sentence; of a taken port it names a free one."""
    try:
        return _open(host, port)
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            free = find_free_port(host, port)
            raise ConfigError(f"Port {port} on {host} is already in use: try --port {free}, which is free.") from exc
        raise ConfigError(f"Cannot listen on {host} port {port}: {exc.strerror or exc}.") from exc


def drop_stalled(listener: socket.socket, seconds: float) -> None:
    """Have the system close connections of the listener whose other end takes nothing for so long.

    A server that closes one by itself waits until what it has written is taken, which may be never.
    """
    if sys.platform == "linux":
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, math.ceil(seconds * 1000))  # inherited


def find_free_port(host: str, taken: int) -> int:
    """One of the next ports if possible, else any that the system offers."""
    for port in chain(range(taken + 1, min(taken + 1 + NEIGHBOURS, 65536)), [0]):
        try:
            with _open(host, port) as found:
                return int(found.getsockname()[1])
        except OSError:
            continue
    raise ConfigError(f"{host} has no free port.")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def base_url(host: str, port: int) -> str:
    """The address to open in a client on this machine."""
    host = EVERYWHERE.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _open(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # inherited: an event leaves at once
    return listener
