"""What is on its way into a thread's log and into the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runline.model.run_event import RunEvent
from runline.model.usage import UsageEntry


@dataclass(frozen=True, slots=True)
class Entries:
    """What one attempt of a run has come to and nobody has written yet, in the order in which it happened.

    `whole`: nothing of the run was written before, so that its calls of models are all here.
    """

    events: Sequence[RunEvent] = ()
    usage: Sequence[UsageEntry] = ()
    whole: bool = False

    def __bool__(self) -> bool:
        return bool(self.events or self.usage)


NOTHING = Entries()
