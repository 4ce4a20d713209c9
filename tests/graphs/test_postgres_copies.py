"""PostgresSaver: a copy is of one moment, though others write beside it."""

from __future__ import annotations

import asyncio

import psycopg
from psycopg.sql import SQL, Identifier

from gateway import wait_until
from kit.emptied import Emptied
from kit.savers import everything, open_on_postgres
from runline.graphs.postgres_statements import TABLES
from runs.lineage import THREAD, Lineage


async def test_a_thread_that_is_deleted_while_it_is_copied_is_copied_wholly_or_not_at_all(
    checkpoint_database: Emptied,
) -> None:
    """The copy waits for one of its tables meanwhile."""
    with checkpoint_database.lent() as conninfo:
        connecting = await psycopg.AsyncConnection.connect(conninfo)
        async with open_on_postgres(conninfo) as saver, connecting as other:
            await Lineage(saver).reach("question inside")
            await other.execute("LOCK TABLE checkpoint_writes IN ACCESS EXCLUSIVE MODE")
            copying = asyncio.create_task(saver.acopy_thread(THREAD, "copy"))

            async def waits() -> bool:
                found = await other.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'relation'")
                return await found.fetchone() is not None

            await wait_until(waits)
            for table in TABLES:
                deletion = SQL("DELETE FROM {} WHERE thread_id = {}").format(Identifier(table), THREAD)
                await other.execute(deletion)
            await other.commit()
            await copying
            assert not any((await everything(saver)).values())
