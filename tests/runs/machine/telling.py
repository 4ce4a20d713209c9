"""Rules: the events of one run are emitted, stored, compacted and swept, by one process after the other."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from kit.exploring import OwnLoop
from runline.kit.ids import new_id
from runline.model.event import Event
from runline.runs.follow import RunStreams
from runline.runs.recorder import Recorder
from runline.storage.engine import Database
from runline.storage.segments import SegmentStore
from runline.streams.memory import KeepLimits, MemoryStreamBridge
from storage.world import World

RESULT = b'{"done":true}'


class TellingMachine(RuleBasedStateMachine):
    """A run that is told, by one process after the other."""

    def __init__(self, loop: OwnLoop, database: Database) -> None:
        super().__init__()
        self.loop = loop
        self.world = World.over(database)
        self.segments = SegmentStore(database)
        self.waiting: list[Event] = []
        self.visible: list[Event] = []
        self.ended = self.swept = False
        self.seq = 0

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
        self.streams = RunStreams(self.world.runs, self.bridge, self.segments, self.recorder)
        self.journal = self.loop.do(self.streams.journal(self.run))
        begin = self.bridge.last_seq(self.run.run_id)
        assert begin == len(self.visible) if self.resumable else begin >= self.seq, "no seq is used twice"
        self.seq = begin

    def cut_all(self) -> None:
        """Cut every reader off."""
        raise NotImplementedError

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
        self.loop.do(self.segments.compact((self.run.run_id, self.run.attempt)))

    @precondition(lambda self: self.ended)
    @rule()
    def sweep(self) -> None:
        self.world.clock.pass_(1)
        self.loop.do(self.segments.sweep(self.world.clock.now()))
        self.swept = True

    @rule()
    def crash(self) -> None:
        """What was not stored is lost with the process; the next attempt, if there is one, goes on in another."""
        self.cut_all()
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
        self.streams = RunStreams(self.world.runs, self.bridge, self.segments, Recorder(self.segments, self.bridge))
