"""One run in the words of the protocol: its beginning, its events, its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runline.doors.protocol.classic import ClassicEvents
from runline.doors.protocol.events import WireEvent, begin_of, end_of
from runline.doors.protocol.filters import CHANNELS, NAMED
from runline.model.event import Event
from runline.model.run import Run, StreamProtocol
from runline.model.thread_seq import thread_seq
from runline.runs.agent_tree import ASKED

_METHODS = frozenset(CHANNELS) | {ASKED}


class RunView:
    """What is told of a run, from its first event on: how it has ended depends on what it has told before."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._asked = False
        self._begun = False
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
            for place, (name, params) in enumerate(self._told(event)):
                self._asked = self._asked or name.startswith(ASKED)
                seq = thread_seq(self.run, event.seq, place)
                yield WireEvent(seq, f"{self.run.run_id}-{event.seq}.{place}", name, params)

    def end(self, fresh: Run | None) -> Iterator[WireEvent]:
        """Its end, as its row says."""
        yield from self.begin()
        yield end_of(self.run, fresh, None, asked=self._asked)

    def _told(self, event: Event) -> Iterable[tuple[str, bytes]]:
        if self._classic:
            return self._classic.translate(event)
        kind = event.name.partition("|")[0]
        return [(event.name, event.data)] if kind in _METHODS or kind.startswith(NAMED) else ()
