"""Fixtures for tests that talk to a gateway over a socket."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import httpx
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from bench.ports import free_port
from fundamentals.gate import Gate
from gateway import Gateway, serving
from kit.emptied import Emptied, emptied
from kit.exploring import OwnLoop
from kit.leaks import nothing_leaks
from kit.postgres import Server, serving_postgres
from kit.redis_server import RedisServer, redis_server, shared_redis
from kit.savers import SaverOpener, open_on_postgres
from runline.graphs.checkpoints import RunlineSaver
from runline.graphs.sqlite_checkpoints import open_sqlite_saver
from shared import POSTGRES, REDIS, SHARED
from storage.migrated import make_template

MAX_BODY_BYTES = 200_000

pytest_plugins = ["of_files"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """The PostgreSQL that tests share; each takes a database of its own."""
    with serving_postgres() as server:
        yield server


@pytest.fixture(scope="session", autouse=SHARED)
def every_gateway_shares(postgres: Server, redis_uri: str) -> None:
    """`make shared`: whatever serves, serves from a place of its own there."""
    os.environ |= {POSTGRES: postgres.uri, REDIS: redis_uri}


@pytest.fixture(scope="session")
def checkpoint_database(postgres: Server) -> Iterator[Emptied]:
    """The database in PostgreSQL whose checkpoints tests have one after the other."""
    with emptied(postgres, open_on_postgres) as shared:
        yield shared


@pytest.fixture(params=["sqlite", "postgres"])
def open_saver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SaverOpener]:
    """Opens a saver, always the same one: of each kind."""
    if request.param == "sqlite":
        yield lambda: open_sqlite_saver(tmp_path / "checkpoints.db", synchronous="OFF")
    else:
        database: Emptied = request.getfixturevalue("checkpoint_database")
        with database.lent() as conninfo:
            yield lambda: open_on_postgres(conninfo)


@pytest.fixture
async def saver(open_saver: SaverOpener) -> AsyncIterator[RunlineSaver]:
    """A saver of each kind, with nothing in it."""
    async with nothing_leaks(), open_saver() as saver:
        yield saver


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
def own_redis() -> Iterator[RedisServer]:
    """A Redis of one's own, which may be stopped."""
    with redis_server() as server:
        yield server


@pytest.fixture(name="free_port")
def port_that_is_free() -> int:
    """A port on which nobody listens."""
    return free_port()


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """A gate that is shut. It opens when the test ends, so that no run is left waiting."""
    made = Gate(tmp_path / "gate")
    yield made
    made.open()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file, to be copied."""
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def loop() -> Iterator[OwnLoop]:
    """For state machines, whose rules are not coroutines."""
    with OwnLoop() as loop:
        yield loop
