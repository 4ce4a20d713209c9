"""Where servers listen."""

from __future__ import annotations

import socket


def free_port() -> int:
    """A port of the loopback on which nobody listens. Until this process ends, nobody else is given it.

    It stays bound, beside which a server may listen that reuses addresses, as servers do. One that was let go of could
    be another's before the server is up, or while it is down between two starts.
    """
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind(("127.0.0.1", 0))
        port = int(keeper.getsockname()[1])
        keeper.detach()
    return port
