"""The store that graphs and clients share: langgraph's contract, kept by each database in its own way.

Each call is one transaction. langgraph's own stores gather the calls of all callers into one batch, in which an odd
one fails the others, and embed while they hold a lock.

Divergence 26: items are found the most recently changed first, and keep the time of their creation when they are put
again. The official development server finds them in the order of their creation, which it resets.
Divergence 28: an item that has expired is gone from that moment; sweeping only frees its space. The official
development server keeps it.
Divergence 29: what an item was is no longer found by meaning once it is put again with `index: false`.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from langgraph.store.base import BaseStore, GetOp, Op, PutOp, SearchOp, TTLConfig, validate_op_namespace

from runline.graphs import items
from runline.graphs.items import Row, Vectors
from runline.graphs.store_index import StoreIndex
from runline.graphs.store_spec import StoreSpec
from runline.kit.clock import Clock
from runline.model.item_filter import check_filter

SWEPT_AT_ONCE = 1000


class RunlineStore(BaseStore):
    """What the stores of all databases have in common: each op alone is theirs."""

    supports_ttl = True

    def __init__(self, clock: Clock, spec: StoreSpec, index: StoreIndex | None) -> None:
        self.ttl_config: TTLConfig = {
            "refresh_on_read": spec.refresh_on_read,
            "default_ttl": spec.default_ttl_minutes,
        }
        self._clock = clock
        self._index = index
        self._loop = asyncio.get_running_loop()

    def batch(self, ops: Iterable[Op]) -> list[Any]:
        """As `abatch`, for nodes that are not async: they run in threads."""
        wanted = list(ops)
        try:
            inside = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            inside = False
        if inside:
            raise asyncio.InvalidStateError("In a coroutine, call the store's async methods: `await store.aget(...)`.")
        return asyncio.run_coroutine_threadsafe(self.abatch(wanted), self._loop).result()

    async def abatch(self, ops: Iterable[Op]) -> list[Any]:
        """Do these one after the other in one transaction; see the base class.

        Raises BadRequest or Invalid (odd filter), Unavailable (out of reach, embedding failed), Unreadable.
        """
        wanted = list(ops)
        for op in wanted:
            validate_op_namespace(op)
            if isinstance(op, SearchOp) and op.filter:
                check_filter(op.filter)
        vectors = [await self._vectors(op) for op in wanted]
        now = self._clock.now()
        answers = await self._do(now, list(zip(wanted, vectors, strict=True)))
        await self._renew(now, wanted, answers)
        return [_result(op, answer) for op, answer in zip(wanted, answers, strict=True)]

    @abstractmethod
    async def _do(self, now: datetime, ops: Sequence[tuple[Op, Vectors | bytes | None]]) -> list[Any]:
        """The answer of each op, with rows for items; beside an op stands what its texts are embedded as."""

    @abstractmethod
    async def _live_on(self, now: datetime, rows: Sequence[Row]) -> None:
        """Let items that were read live for another of their times."""

    @abstractmethod
    async def sweep_ttl(self) -> int:
        """Delete what has expired, and say how many items that were."""

    async def _vectors(self, op: Op) -> Vectors | bytes | None:
        if self._index and isinstance(op, PutOp):
            return await self._index.of_item(op)
        if self._index and isinstance(op, SearchOp) and op.query:
            return await self._index.of_query(op.query)
        return None

    async def _renew(self, now: datetime, ops: Sequence[Op], answers: Sequence[Any]) -> None:
        read = [
            row
            for op, answer in zip(ops, answers, strict=True)
            if isinstance(op, GetOp | SearchOp) and op.refresh_ttl and answer
            for row in (answer if isinstance(op, SearchOp) else [answer])
            if row.ttl_minutes is not None
        ]
        if read:
            await self._live_on(now, read)


def _result(op: Op, answer: Any) -> Any:
    if isinstance(op, SearchOp):
        return items.readable(answer)
    return answer.item() if isinstance(answer, Row) else answer
