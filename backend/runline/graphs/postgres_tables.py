"""Makes the tables of checkpoints and items, each statement once in a database.

`IF NOT EXISTS` alone would do it at each start: that an index or a column is there already is only found out with its
table locked, so that a process that starts waits for whoever writes, and lets others wait behind it.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import AsyncCursor
from psycopg.rows import DictRow

_MIGRATIONS = "CREATE TABLE IF NOT EXISTS table_migrations (part TEXT, step INTEGER, PRIMARY KEY (part, step))"
_TAKEN = "SELECT count(*) AS count FROM table_migrations WHERE part = %s"
_TAKE = "INSERT INTO table_migrations (part, step) VALUES (%s, %s)"


async def make_tables(cursor: AsyncCursor[DictRow], part: str, statements: Sequence[str]) -> None:
    """Execute those of a part that never were, in their order. New ones are put last, and none is ever changed.

    The caller keeps other processes out. One that ends between a statement and its note leaves it to be executed again.
    """
    await cursor.execute(_MIGRATIONS)
    (taken,) = await (await cursor.execute(_TAKEN, (part,))).fetchall()
    for step in range(taken["count"], len(statements)):
        await cursor.execute(statements[step])
        await cursor.execute(_TAKE, (part, step))
