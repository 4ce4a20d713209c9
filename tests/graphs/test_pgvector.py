"""Searching by meaning in PostgreSQL needs its extension pgvector: who has it not is told at the start what to do.

That it finds what it should is told by test_store_index.py, on PostgreSQL as on SQLite.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from graphs.memory import HandClock, index_by, keys, open_memory
from kit.leaks import nothing_leaks
from kit.postgres import Server, serving_own
from runline.errors import ConfigError
from runline.graphs.store_index import StoreIndex

REMEDY = "Install it (CREATE EXTENSION vector), or remove 'store.index' from langgraph.json."


@contextmanager
def without_pgvector() -> Iterator[str]:
    """A database on a server that does not have it."""
    with serving_own() as server, server.database() as conninfo:
        yield make_conninfo(conninfo, options="-c extension_control_path=/nowhere")


@contextmanager
def without_the_right(postgres: Server) -> Iterator[str]:
    """A database whose user may not make it."""
    with postgres.database() as conninfo, psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("CREATE ROLE modest LOGIN")
        connection.execute("GRANT CREATE ON SCHEMA public TO modest")
        try:
            yield make_conninfo(conninfo, user="modest")
        finally:
            connection.execute("DROP OWNED BY modest")
            connection.execute("DROP ROLE modest")


@pytest.fixture(params=["a server that does not have it", "a user who may not make it"])
def lacking(request: pytest.FixtureRequest, postgres: Server) -> Iterator[str]:
    lacks = without_pgvector() if "server" in request.param else without_the_right(postgres)
    with lacks as conninfo:
        yield conninfo


async def refusal(conninfo: str, index: StoreIndex) -> str:
    with pytest.raises(ConfigError) as refused:
        async with open_memory(conninfo, HandClock(), index=index):
            pass
    return str(refused.value)


async def test_an_index_without_pgvector_is_refused_and_the_store_works_without_an_index(lacking: str) -> None:
    async with nothing_leaks():
        said = await refusal(lacking, index_by())
        assert said.startswith("'store.index' needs PostgreSQL's extension pgvector, which cannot be made here: ")
        assert said.endswith(REMEDY)
        async with open_memory(lacking, HandClock()) as store:
            await store.aput(("a",), "key", {"text": "red"})
            assert keys(await store.asearch(("a",), query="red")) == ["key"]


async def test_vectors_that_are_longer_than_it_keeps_are_refused(postgres: Server) -> None:
    with postgres.database() as conninfo:
        async with nothing_leaks():
            said = await refusal(conninfo, index_by(dims=16_001))
            assert said == "'store.index.dims' is 16001; in PostgreSQL it can be 16000 at most."
            longest = index_by(lambda texts: [[1.0] * 16_000 for _ in texts], dims=16_000)
            async with open_memory(conninfo, HandClock(), index=longest) as store:
                await store.aput(("a",), "key", {"text": "red"})
                (found,) = await store.asearch(("a",), query="red")
                assert found.score == pytest.approx(1.0)
