"""One run in the words of the protocol: its beginning, its events, its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runline.doors.protocol.classic import ClassicEvents
from runline.doors.protocol.events import WireEvent, begin_of, end_of
from runline.doors.protocol.recent import RecentEvents
from runline.doors.protocol.unkept import Unkept
from runline.model.event import Event
from runline.model.run import Run, StreamProtocol
from runline.model.thread_seq import thread_seq
from runline.runs.agent_tree import ASKED


class RunView:
    """What is told of a run, from its first event on: how it has ended depends on what it has told before."""

    def __init__(self, run: Run, recent: RecentEvents) -> None:
        self.run = run
        self._recent = recent
        self._asked = False
        self._begun = False
        self._unkept = Unkept(run)
        self._classic = ClassicEvents(run) if run.spec.protocol is StreamProtocol.CLASSIC else None

    def begin(self) -> Iterator[WireEvent]:
        """Its beginning, if it was not told yet."""
        if not self._begun:
            self._begun = True
            yield begin_of(self.run)

    def events(self, events: Iterable[Event]) -> Iterator[WireEvent]:
        """Its next events."""
        yield from self.begin()
        for event in events:
            if event.name == "metadata":
                yield from self._unkept.begin_anew(event)
            for told in self._translated(event) if self._classic else self._recent.of(self.run, event):
                self._asked = self._asked or told.name.startswith(ASKED)
                self._unkept.hear(told)
                yield told

    def end(self, fresh: Run | None) -> Iterator[WireEvent]:
        """Its end, as its row says."""
        yield from self.begin()
        yield end_of(self.run, fresh, None, asked=self._asked)

    def _translated(self, event: Event) -> Iterator[WireEvent]:
        told = self._classic.translate(event) if self._classic else ()
        for place, (name, params) in enumerate(told):
            seq = thread_seq(self.run, event.seq, place)
            yield WireEvent(seq, f"{self.run.run_id}-{event.seq}.{place}", name, params)
