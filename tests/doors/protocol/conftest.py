"""A client of the protocol on a thread that nobody knows yet."""

from __future__ import annotations

import httpx
import pytest

from doors.protocol.talk import Talk


@pytest.fixture
def talk(http: httpx.AsyncClient) -> Talk:
    return Talk(http)
