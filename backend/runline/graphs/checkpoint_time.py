"""The time by which LangGraph makes the ids of checkpoints. They sort by it, and the greatest is a thread's state.

langgraph asks the machine. Machines that share a database disagree, and a clock may be set back: what was saved later
would sort before what was saved earlier, and be overlooked. So it is told the database's time, and never one that is
before a checkpoint that was read. It has one such time for a process, and so have we.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from langgraph.checkpoint.base import id as langgraph_ids

from runline.graphs.checkpoint_ids import is_made_by_time, place_of_checkpoint
from runline.kit.clock import Clock, SystemClock
from runline.model.place import place_of


class CheckpointTime:
    """Stands where langgraph has Python's `time`."""

    def __init__(self) -> None:
        self._clock: Clock = SystemClock()
        self._newest = 0

    def time_ns(self) -> int:
        """Nanoseconds since 1970."""
        return 1000 * max(place_of(self._clock.now()).moment, self._newest + 1)

    def pass_by(self, checkpoint_id: str) -> None:
        """From here on it is later than when this checkpoint was made, if its id tells when that was."""
        if is_made_by_time(checkpoint_id):
            self._newest = max(self._newest, place_of_checkpoint(checkpoint_id).moment)

    @contextmanager
    def told_by(self, clock: Clock) -> Iterator[None]:
        """Meanwhile it is that of a database."""
        before, self._clock = self._clock, clock
        try:
            yield
        finally:
            self._clock = before


CHECKPOINT_TIME = CheckpointTime()
langgraph_ids.time = CHECKPOINT_TIME  # type: ignore[assignment, attr-defined, unused-ignore]
