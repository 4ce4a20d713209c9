"""PostgreSQL behind PgBouncer: one that pools sessions will do, one that pools anything less is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from kit.pgbouncer import pgbouncer
from kit.postgres import Server
from kit.proxy import standing_before
from runline.errors import ConfigError
from runline.storage.postgres import PostgresOptions, open_postgres
from runline.storage.postgres_owner import own_postgres
from storage.world import World

Pooler = Callable[[str], AbstractAsyncContextManager[PostgresOptions]]


@pytest.fixture
def pooled(postgres: Server, tmp_path: Path) -> Pooler:
    """A new database behind a pooler of this mode."""

    @asynccontextmanager
    async def open_pooled(mode: str) -> AsyncIterator[PostgresOptions]:
        with postgres.database() as conninfo:
            where = conninfo_to_dict(conninfo)
            async with standing_before(Path(str(where["host"])) / ".s.PGSQL.5432") as proxy:
                pooler = pgbouncer(tmp_path, proxy.port, str(where["dbname"]), mode)
                address = await asyncio.to_thread(pooler.__enter__)
                try:
                    yield PostgresOptions(address, busy_timeout_seconds=2)
                finally:
                    await asyncio.to_thread(pooler.__exit__, None, None, None)

    return open_pooled


def own(options: PostgresOptions) -> AbstractAsyncContextManager[None]:
    return own_postgres(options, lambda: None)


async def test_one_that_pools_sessions_will_do(pooled: Pooler) -> None:
    async with pooled("session") as options, own(options), open_postgres(options) as database:
        world = World.over(database)
        threads = await asyncio.gather(*(world.thread() for _ in range(30)))
        assert [await world.get_thread(thread.thread_id) for thread in threads] == threads
        with pytest.raises(ConfigError, match="in use by another gateway"):
            async with own(options):
                pass


@pytest.mark.parametrize("mode", ["transaction", "statement"])
async def test_one_that_pools_less_is_refused(pooled: Pooler, mode: str) -> None:
    async with pooled(mode) as options:
        with pytest.raises(ConfigError, match="pool_mode = session"):
            async with own(options):
                pass
