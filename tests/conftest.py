"""Fixtures for tests that talk to a gateway over a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import httpx
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from gateway import Gateway, serving
from kit.exploring import OwnLoop
from kit.postgres import Server, serving_postgres
from kit.redis_server import shared_redis

MAX_BODY_BYTES = 200_000


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """The PostgreSQL that tests share; each takes a database of its own."""
    with serving_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The gateway that tests share. At its end no run is left behind, and its log shows no trouble."""
    settings = {"RUNLINE_LIMITS__MAX_BODY_BYTES": str(MAX_BODY_BYTES), "RUNLINE_SERVER__CORS_ORIGINS": '["*"]'}
    with serving(tmp_path_factory.mktemp("gateway") / "data", settings) as shared:
        yield shared


@pytest.fixture
def start_gateway(tmp_path: Path) -> Iterator[Callable[..., Gateway]]:
    """Start a gateway of one's own: `start_gateway(RUNLINE_...="...")`. It is stopped and checked at the end."""
    with ExitStack() as stack:

        def start(**settings: str) -> Gateway:
            return stack.enter_context(serving(tmp_path / f"gateway-{next(number)}", settings))

        number = count(1)
        yield start


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[LangGraphClient]:
    """The public Python SDK, connected to the shared gateway."""
    async with get_client(url=gateway.url) as connected:
        yield connected


@pytest.fixture
async def http(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    """A plain HTTP client, for what the SDK hides: status codes, headers, bytes."""
    async with httpx.AsyncClient(base_url=gateway.url, timeout=30) as connected:
        yield connected


@pytest.fixture(scope="session")
def redis_uri() -> Iterator[str]:
    """The address of a Redis that tests share."""
    with shared_redis() as uri:
        yield uri


@pytest.fixture
def loop() -> Iterator[OwnLoop]:
    """For state machines, whose rules are not coroutines."""
    with OwnLoop() as loop:
        yield loop
