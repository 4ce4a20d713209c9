"""What is on its way into a thread's log and into the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runline.model.run_event import RunEvent
from runline.model.usage import Tokens, UsageEntry


@dataclass(frozen=True, slots=True)
class Entries:
    """What one attempt of a run has come to and nobody has written yet, in the order in which it happened.

    `spent` is what the run has used in all; None if only the ledger can tell.
    """

    events: Sequence[RunEvent] = ()
    usage: Sequence[UsageEntry] = ()
    spent: Tokens | None = None

    def __bool__(self) -> bool:
        return bool(self.events or self.usage)


NOTHING = Entries()
