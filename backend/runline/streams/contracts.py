"""What a stream bridge and a bell promise; one test suite reads these docstrings aloud over every backend."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from runline.errors import RunlineError
from runline.model.event import Event
from runline.model.lifecycle import StopReason


class EventsGone(RunlineError):
    """A reader asked for events that the bridge has dropped to stay within its memory.

    `kept_after`: the position behind which there are events again; None if there are none.
    """

    status = 410

    def __init__(self, run_id: str, after: int, kept_after: int | None = None) -> None:
        self.kept_after = kept_after
        super().__init__(f"The events of run {run_id} after {after} are no longer kept; read the run's state instead")


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a run's stream: its result document, as `/join` answers it, encoded as JSON."""

    result: bytes


Batch = Sequence[Event] | Ended


class StreamBridge(Protocol):
    """Carries each run's events from its one writer to any number of readers.

    A stream is open from `open` to `close` and kept for replay for a retention time after that. Events are
    published in the order of their dense `seq`. Nothing is lost between replay and live tail, and a reader's
    slowness costs the bridge nothing: readers hold a position, not a queue.
    """

    def open(self, run_id: str, after: int = 0) -> None:
        """Make the run's stream known; events of an open stream are kept. Opening twice is harmless.

        `after`: the newest seq that earlier attempts used; the stream's own events begin behind it.
        """
        ...

    def expect(self, run_id: str) -> None:
        """A run was admitted that waits to be executed, in this process or in another: its stream is to come."""
        ...

    def leave(self, run_id: str) -> None:
        """This process writes the stream no more. Unless it was closed, a later attempt goes on with it."""
        ...

    def publish(self, run_id: str, event: Event) -> None:
        """Append the next event. Does nothing if the stream is not open."""
        ...

    def close(self, run_id: str, result: bytes) -> None:
        """End the stream: readers get what is left, then Ended(result)."""
        ...

    def knows(self, run_id: str) -> bool:
        """Tell whether the run can be read here: its stream is open, or closed and still kept."""
        ...

    async def reach(self, run_id: str, newest: int | None, *, sure: bool = False) -> bool:
        """Make the run's stream known here if it is anywhere, whoever writes it; tell whether it is known now.

        `newest`: the newest seq that earlier attempts of an active run used; its stream becomes known in any case,
        and its events are there when they come. None for a run that has ended; `sure`: just now, so that what it told
        may be on its way, and is waited for a little.
        """
        ...

    def last_seq(self, run_id: str) -> int:
        """The newest event's seq; 0 if there is none."""
        ...

    def origin(self, run_id: str) -> int:
        """The `after` that the stream was opened with; 0 if it is not known."""
        ...

    def read(self, run_id: str, after: int) -> AsyncIterator[Batch]:
        """Yield the events with seq > after as they come, several at once where they wait, and lastly Ended.

        Raises EventsGone when events after `after` were dropped, or lie before the `origin` of an attempt that was
        begun anew. Ends without Ended only when the bridge shuts down.
        """
        ...

    def shut_down(self) -> None:
        """End all reads, without Ended where their run has not ended: the reader may come again after a restart."""
        ...


class RunNotes(Protocol):
    """Notes of runs that every process can find for as long as the run's stream is kept. May be lost."""

    def write(self, run_id: str, note: bytes, seconds: int | None = None) -> None:
        """Keep a note of a run that begins, or for so many seconds."""
        ...

    async def find(self, run_id: str) -> bytes | None:
        """The note that some process wrote; None if there is none, or nobody to ask."""
        ...


class Bell(Protocol):
    """Wakes workers when a run may be ready. May be lost: a slow poll is the certainty behind it."""

    def ring(self) -> None:
        """Wake every waiter."""
        ...

    async def wait(self, timeout: float) -> None:
        """Return at the next ring or after `timeout` seconds; a ring since the last wait counts."""
        ...


class StopBell(Protocol):
    """Tells the process that executes a run to stop it. May be lost: the renewal of leases is the certainty."""

    def ring(self, run_id: str, reason: StopReason) -> None:
        """Tell all other processes."""
        ...

    def answer(self, stop: Callable[[str, StopReason], None]) -> None:
        """Call `stop` at each ring of another process, from now on."""
        ...


class ThreadBells(Protocol):
    """One bell for each thread: it wakes those who follow the thread when there may be news of it. May be lost."""

    def ring(self, thread_id: str) -> None:
        """Wake everybody who listens to the thread."""
        ...

    def listen(self, thread_id: str, every: float) -> AsyncIterator[None]:
        """Yield at once, at each ring since this call, and at least every `every` seconds.

        Several rings that nobody waited for count as one. Whoever listens no more is forgotten. Ends when the process
        shuts down.
        """
        ...

    def shut_down(self) -> None:
        """End all listening, now and later."""
        ...
