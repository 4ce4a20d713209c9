"""One run's stream, its process and its readers, as rules of a state machine.

A reader joins behind any event, reads a batch now and then, is cut off, and comes again at its position. Meanwhile
events are emitted and stored, memory forgets, processes die and the sweeper passes. What a reader has seen is always
a piece of the stream without a gap; only memory that was never stored, or was swept, may be gone, and says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from kit.exploring import NEWEST, OwnLoop, recall
from runline.errors import NotStreamable
from runline.model.viewer import Viewer
from runline.storage.engine import Database
from runline.streams.contracts import Batch, Ended, EventsGone
from runs.machine.telling import TellingMachine


@dataclass
class Reader:
    """Where it is, and the answer that it reads; None while it is cut off."""

    position: int
    batches: AsyncIterator[Batch] | None = None


class StreamMachine(TellingMachine):
    """A run that is told, and those who read it."""

    def __init__(self, loop: OwnLoop, database: Database) -> None:
        super().__init__(loop, database)
        self.readers: list[Reader] = []

    def _newest(self) -> int:
        return self.visible[-1].seq if self.visible else 0

    @rule(back=st.integers(0, 400))
    def join(self, back: int) -> None:
        """Behind any event that there is."""
        self.readers.append(Reader(max(self._newest() - back, 0)))
        self._follow(self.readers[-1], self.readers[-1].position)

    @rule()
    def join_from_now_on(self) -> None:
        self.readers.append(Reader(self._newest()))
        self._follow(self.readers[-1], None)

    def _follow(self, reader: Reader, after: int | None) -> None:
        run = self.loop.do(self.world.runs.get(Viewer(self.run.owner), self.run.run_id))
        try:
            reader.batches = self.loop.do(self.streams.follow(run, after))
        except NotStreamable:
            assert self.ended, "a run that goes on can be read"
            assert not self.visible or not self.resumable or self.swept, "and so can what was stored"
            self.readers.remove(reader)

    @precondition(lambda self: self.readers)
    @rule(age=NEWEST)
    def cut(self, age: int) -> None:
        self._cut(recall(self.readers, age))

    def _cut(self, reader: Reader) -> None:
        if reader.batches is not None:
            self.loop.do(reader.batches.aclose())  # type: ignore[attr-defined]
            reader.batches = None

    @precondition(lambda self: self.readers)
    @rule(age=NEWEST)
    def read(self, age: int) -> None:
        """The next batch; who was cut off comes again first."""
        reader = recall(self.readers, age)
        if reader.batches is None:
            self._follow(reader, reader.position)
            return
        expected = [event for event in self.visible if event.seq > reader.position]
        if not expected and not self.ended:
            return
        try:
            batch = self.loop.do(self._next(reader.batches))
        except EventsGone:
            assert not self.resumable or self.swept, "what was stored is not gone"
            self.readers.remove(reader)
            return
        if isinstance(batch, Ended):
            assert self.ended
            assert not expected, "nobody is told of the end before all that comes before it"
            self.readers.remove(reader)
        else:
            assert batch
            assert list(batch) == expected[: len(batch)], "in order, each once, none left out"
            reader.position = batch[-1].seq

    async def _next(self, batches: AsyncIterator[Batch]) -> Batch:
        async with asyncio.timeout(10):
            return await anext(batches)

    def cut_all(self) -> None:
        for reader in self.readers:
            self._cut(reader)

    def teardown(self) -> None:
        self.cut_all()
