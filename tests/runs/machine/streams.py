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
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from kit.exploring import NEWEST, OwnLoop, recall
from runline.errors import NotStreamable
from runline.kit.ids import new_id
from runline.model.event import Event
from runline.model.viewer import Viewer
from runline.runs.follow import RunStreams
from runline.runs.recorder import Recorder
from runline.storage.engine import Database
from runline.storage.segments import SegmentStore
from runline.streams.contracts import Batch, Ended, EventsGone
from runline.streams.memory import KeepLimits, MemoryStreamBridge
from storage.world import World

RESULT = b'{"done":true}'


@dataclass
class Reader:
    """Where it is, and the answer that it reads; None while it is cut off."""

    position: int
    batches: AsyncIterator[Batch] | None = None


class StreamMachine(RuleBasedStateMachine):
    """A run that is told, by one process after the other."""

    def __init__(self, loop: OwnLoop, database: Database) -> None:
        super().__init__()
        self.loop = loop
        self.world = World.over(database)
        self.segments = SegmentStore(database)
        self.readers: list[Reader] = []
        self.waiting: list[Event] = []
        self.visible: list[Event] = []
        self.ended = self.swept = False

    @initialize(
        resumable=st.booleans(), memory=st.sampled_from([2_000, 20_000, 10**9]), retention=st.sampled_from([0.0, 60.0])
    )
    def begin(self, resumable: bool, memory: int, retention: float) -> None:
        self.limits = KeepLimits(retention, memory)
        self.resumable = resumable
        self.run = self.loop.do(self.world.start(new_id(), create_thread=True, stream_resumable=resumable))
        self.start_process()

    def start_process(self) -> None:
        self.bridge = MemoryStreamBridge(self.limits)
        self.recorder = Recorder(self.segments, self.bridge)
        self.streams = RunStreams(self.bridge, self.segments, self.recorder)
        self.journal = self.loop.do(self.streams.journal(self.run))
        self.seq = self.bridge.last_seq(self.run.run_id)

    # the run

    @precondition(lambda self: not self.ended)
    @rule(count=st.sampled_from([1, 2, 30, 300]), size=st.sampled_from([0, 100, 2_000]))
    def emit(self, count: int, size: int) -> None:
        for _ in range(count):
            self.seq += 1
            self.journal.emit("custom", "x" * size)
            self.waiting.append(Event(self.seq, "custom", b'"%b"' % (b"x" * size)))
        if not self.resumable:
            self._show()

    def _show(self) -> None:
        self.visible += self.waiting
        self.waiting = []

    @precondition(lambda self: self.resumable and self.waiting)
    @rule()
    def store(self) -> None:
        self.loop.do(self.recorder.write_step())
        self._show()

    @precondition(lambda self: self.resumable and not self.ended)
    @rule(count=st.sampled_from([10, 100]))
    def trickle(self, count: int) -> None:
        """Events that come one by one, and are stored so."""
        for _ in range(count):
            self.emit(1, 0)
            self.store()

    @precondition(lambda self: not self.ended)
    @rule()
    def end(self) -> None:
        if self.waiting:
            self.store()
        assert self.loop.do(self.world.finish(self.run)).held
        self.loop.do(self.journal.end(RESULT))
        self.ended = True

    @precondition(lambda self: self.ended and self.resumable)
    @rule()
    def compact(self) -> None:
        self.loop.do(self.segments.compact(self.run.run_id))

    @precondition(lambda self: self.ended)
    @rule()
    def sweep(self) -> None:
        self.world.clock.pass_(1)
        self.loop.do(self.segments.sweep(self.world.clock.now()))
        self.swept = True

    @rule()
    def crash(self) -> None:
        """What was not stored is lost with the process; the next attempt, if there is one, goes on in another."""
        for reader in self.readers:
            self._cut(reader)
        self.waiting = []
        if not self.resumable:
            self.visible = []
        if not self.ended:
            assert self.loop.do(self.world.leases.requeue(self.run, crashed=True))
            (self.run,) = self.loop.do(self.world.claim())
            self.start_process()
        else:
            self._forget()

    def _forget(self) -> None:
        self.bridge = MemoryStreamBridge(self.limits)
        self.streams = RunStreams(self.bridge, self.segments, Recorder(self.segments, self.bridge))

    # its readers

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

    def teardown(self) -> None:
        for reader in self.readers:
            self._cut(reader)
