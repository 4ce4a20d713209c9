"""The backends of the stream contracts: a new one is added here, and every test of this folder runs on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from kit.leaks import nothing_leaks
from runline.streams.contracts import Bell, StreamBridge
from runline.streams.memory import KeepLimits, MemoryBell, MemoryStreamBridge

MakeBridge = Callable[..., StreamBridge]


@pytest.fixture(autouse=True)
async def leak_free() -> AsyncIterator[None]:
    async with nothing_leaks():
        yield


@pytest.fixture(params=["memory"])
def make_bridge(request: pytest.FixtureRequest) -> MakeBridge:
    """Make a bridge with these limits (KeepLimits); without any it keeps all that a test publishes."""
    backends = {"memory": lambda **limits: MemoryStreamBridge(KeepLimits(**limits))}
    made: MakeBridge = backends[request.param]
    return made


@pytest.fixture
def bridge(make_bridge: MakeBridge) -> StreamBridge:
    return make_bridge()


@pytest.fixture(params=["memory"])
def bell(request: pytest.FixtureRequest) -> Bell:
    backends = {"memory": MemoryBell}
    made: Bell = backends[request.param]()
    return made
