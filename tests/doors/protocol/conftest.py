"""A client of the protocol on a thread that nobody knows yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from doors.protocol.talk import Talk
from fundamentals.gate import Gate


@pytest.fixture
def talk(http: httpx.AsyncClient) -> Talk:
    return Talk(http)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """A gate that is shut. It opens when the test ends, so that no run is left waiting."""
    made = Gate(tmp_path / "gate")
    yield made
    made.open()
