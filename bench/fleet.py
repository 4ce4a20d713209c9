"""Several servers on one PostgreSQL and one Redis, and what the database knows of their runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from bench.meter import Meter
from bench.servers import Server, Start, serving, shared_stores

_POLL_SECONDS = 0.02
_COUNT = "SELECT count(*) FROM runs WHERE status IN ('pending', 'running')"
_FAILED = "SELECT count(*) FROM runs WHERE status <> 'success'"


@contextmanager
def fleet(name: str, commands: Sequence[tuple[str, ...]], settings: Mapping[str, str]) -> Iterator[list[Server]]:
    """One server for each command."""
    with TemporaryDirectory(prefix="runline-bench-", ignore_cleanup_errors=True) as folder, ExitStack() as stack:
        stores = stack.enter_context(shared_stores(Path(folder)))
        starts = [Start(settings, command=command, stores=stores) for command in commands]
        yield [stack.enter_context(serving(name, start)) for start in starts]


def meter_of(servers: Sequence[Server]) -> Meter:
    """What work costs all of them together."""
    return Meter(lambda: sum(server.tree.cpu_seconds() for server in servers), stores=servers[0].store_trees())


async def drained(server: Server) -> int:
    """Wait until none of the runs is active; returns how many of all ended without success.

    The database is asked: it answers for every server alike, and at little cost.
    """
    if server.stores is None:
        raise ValueError("a server with a database of its own cannot be looked into")
    with psycopg.connect(server.stores.postgres.uri, autocommit=True) as connection:
        while _number(connection, _COUNT):  # noqa: ASYNC110 - asks a server
            await asyncio.sleep(_POLL_SECONDS)
        return _number(connection, _FAILED)


def _number(connection: psycopg.Connection, query: str) -> int:
    (count,) = connection.execute(query.encode()).fetchone() or (0,)
    return int(count)
