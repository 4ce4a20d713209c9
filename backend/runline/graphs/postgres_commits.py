"""What runs save, committed together: what comes while transactions are under way waits, and is one with the others.

With little to do each write is a transaction of its own and begins at once; with much to do transactions grow, and
cost less each. One that fails is divided, so that no write fails because of another.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from psycopg import AsyncCursor
from psycopg.rows import DictRow

from runline.errors import Unavailable
from runline.graphs.checkpoints import Token
from runline.graphs.postgres_pool import Passing

Put = Callable[[AsyncCursor[DictRow]], Awaitable[object]]
"""One write, to be made in a transaction."""

_AT_ONCE = 2
_MOST = 32


@dataclass(frozen=True, slots=True, eq=False)
class FencedPut:
    """A write of an attempt, and who waits for it."""

    put: Put
    token: Token
    done: asyncio.Future[None]

    def settle(self, error: Exception | None = None) -> None:
        """Tell who waits, if anybody still does."""
        if self.done.done():
            return
        if error:
            self.done.set_exception(error)
        else:
            self.done.set_result(None)


class CommonCommits:
    """Makes writes by `transact`, which makes all that it is given in one transaction, or none."""

    def __init__(self, transact: Callable[[Sequence[FencedPut]], Awaitable[None]]) -> None:
        self._transact = transact
        self._waiting: deque[FencedPut] = deque()
        self._working: set[asyncio.Task[None]] = set()

    async def write(self, put: Put, token: Token) -> None:
        """Make one write. Raises what it failed of; a cancelled caller takes it back, unless it has begun."""
        asked = FencedPut(put, token, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        if len(self._working) < _AT_ONCE:
            working = asyncio.create_task(self._work(), name="save checkpoints")
            self._working.add(working)
            working.add_done_callback(self._working.discard)
        await asked.done

    async def _work(self) -> None:
        while self._waiting:
            taken = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST))]
            if wanted := [asked for asked in taken if not asked.done.cancelled()]:
                await self._commit(wanted)

    async def _commit(self, batch: Sequence[FencedPut]) -> None:
        try:
            await self._transact(batch)
        except Exception as exc:
            is_away = isinstance(exc, Unavailable) and not isinstance(exc, Passing)
            if len(batch) > 1 and not is_away:
                for asked in batch:
                    await self._commit([asked])
            else:
                for asked in batch:
                    asked.settle(exc)
        else:
            for asked in batch:
                asked.settle()
