"""What is told of a thread at once, in the forms in which it is sent: each made once for all who ask for the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from runline.doors.protocol.events import WireEvent
from runline.doors.protocol.filters import Filter
from runline.model.place import Place

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Position:
    """Where a reader of a thread is: it was told all up to `place`, and of the run there all events up to `seq`."""

    place: Place
    seq: int = 0


class Telling:
    """Events that come together, and the position behind them.

    `ended`: the run that they are the end of. `numbered`: their seqs are their own, and not that of the event before.
    """

    def __init__(
        self, events: Iterable[WireEvent], position: Position, *, ended: str | None = None, numbered: bool = True
    ) -> None:
        self.events = tuple(events)
        self.position = position
        self.ended = ended
        self._numbered = numbered
        self._frames: dict[Filter, bytes] = {}
        self._texts: dict[Filter, tuple[str, ...]] = {}

    @property
    def size(self) -> int:
        """Its events' data in bytes."""
        return sum(len(event.params) for event in self.events)

    def behind(self, position: Position) -> Telling:
        """That of it which lies behind a position of its thread."""
        if self.position.place <= position.place:
            return Telling((), self.position)
        # further on there is another run, perhaps of another thread by the same id, whose seqs have begun anew
        if self.position.place > position.place.behind or not self._numbered:
            return self
        return self.after(position.seq)

    def after(self, seq: int) -> Telling:
        """Those of its events that have a larger seq."""
        if all(event.seq > seq for event in self.events):
            return self
        return Telling((event for event in self.events if event.seq > seq), self.position, ended=self.ended)

    def frames(self, wanted: Filter) -> bytes:
        """What a filter shows of it, as server-sent events."""
        return _made_once(self._frames, wanted, lambda: b"".join(event.frame for event in self._shown(wanted)))

    def texts(self, wanted: Filter) -> tuple[str, ...]:
        """What a filter shows of it, as messages."""
        return _made_once(self._texts, wanted, lambda: tuple(event.encoded.decode() for event in self._shown(wanted)))

    def _shown(self, wanted: Filter) -> Iterable[WireEvent]:
        return (event for event in self.events if wanted.shows(event.name))


def _made_once(made: dict[Filter, T], wanted: Filter, make: Callable[[], T]) -> T:
    known = made.get(wanted)
    if known is None:
        known = made[wanted] = make()
    return known
