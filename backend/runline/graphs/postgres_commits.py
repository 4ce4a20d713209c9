"""What runs save, committed together: what comes while transactions are under way waits, and is one with the others.

With little to do each write is a transaction of its own and begins at once; with much to do transactions grow, and
cost less each. One that fails is divided, so that no write fails or waits because of another.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from runline.errors import Unavailable
from runline.graphs.checkpoints import Token
from runline.graphs.postgres_rows import Rows

_AT_ONCE = 4
_MOST = 32


@dataclass(frozen=True, slots=True, eq=False)
class FencedPut:
    """A write of an attempt, and who waits for it."""

    rows: Rows
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


class Transact(Protocol):
    """Makes writes in one transaction, or none of them. `patient`: it waits for a database that is away."""

    async def __call__(self, batch: Sequence[FencedPut], *, patient: bool) -> None: ...


class CommonCommits:
    """Makes writes, several by one transaction."""

    def __init__(self, transact: Transact) -> None:
        self._transact = transact
        self._waiting: deque[FencedPut] = deque()
        self._working = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def write(self, rows: Rows, token: Token) -> None:
        """Make one write. Raises what it failed of; a cancelled caller takes it back, unless it has begun."""
        asked = FencedPut(rows, token, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        if self._working < _AT_ONCE:
            self._working += 1
            self._spawn(self._work())
        await asked.done

    def _spawn(self, doing: Coroutine[Any, Any, None]) -> None:
        """Do it in a task that no caller can cancel."""
        task = asyncio.create_task(doing, name="save checkpoints")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        try:
            while self._waiting:
                taken = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST))]
                if wanted := [asked for asked in taken if not asked.done.cancelled()]:
                    await self._commit(wanted)
        finally:
            self._working -= 1

    async def _commit(self, batch: Sequence[FencedPut]) -> None:
        try:
            await self._transact(batch, patient=False)
        except Exception as exc:
            if len(batch) == 1 and not isinstance(exc, Unavailable):
                batch[0].settle(exc)
                return
            # meanwhile others go on: one that waits for a lock keeps nobody else waiting
            for asked in batch:
                self._spawn(self._alone(asked))
        else:
            for asked in batch:
                asked.settle()

    async def _alone(self, asked: FencedPut) -> None:
        try:
            await self._transact([asked], patient=True)
        except Exception as exc:
            asked.settle(exc)
        else:
            asked.settle()
