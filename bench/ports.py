"""Where servers listen.

A port that the system gives out is free until the next process asks for one, or connects to somebody: a server that
starts a second later, or again, may find it taken. So these are of those below, and each process counts through them
from a place of its own.
"""

from __future__ import annotations

import socket
from itertools import count
from random import SystemRandom

_LOWEST, _HIGHEST = 11_000, 32_767
"""Linux gives out those above; below, some are refused by browsers."""
_SPAN = _HIGHEST - _LOWEST + 1
_NUMBERS = count(SystemRandom().randrange(_SPAN))


def free_port() -> int:
    """A port of the loopback on which nobody listens; another one each time."""
    return next(port for number in _NUMBERS if _is_free(port := _LOWEST + number % _SPAN))


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
