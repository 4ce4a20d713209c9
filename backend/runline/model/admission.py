"""What happens to a thread's other runs when one more is created. Pure; the store applies it in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runline.errors import ThreadBusy
from runline.model.lifecycle import MultitaskStrategy, StopReason
from runline.model.run import Run


@dataclass(frozen=True, slots=True)
class Admission:
    """The newcomer is let in. `ready`: nothing stands before it. `evicted`: runs that must go, and how.

    An evicted run that never started ends in the same transaction; another is asked to stop, and the newcomer waits.
    """

    ready: bool
    evicted: tuple[Run, ...] = ()
    reason: StopReason | None = None


_REASONS = {
    MultitaskStrategy.INTERRUPT: StopReason.INTERRUPT,
    MultitaskStrategy.ROLLBACK: StopReason.ROLLBACK,
}


def decide(newcomer: Run, active: Sequence[Run], *, held: bool = False) -> Admission:
    """Judge a newcomer against the thread's active runs, and whether a state update holds its slot.

    Raises ThreadBusy for `reject`.
    """
    strategy = newcomer.spec.multitask_strategy
    if not active and not held:
        return Admission(ready=True)
    if strategy is MultitaskStrategy.REJECT:
        raise ThreadBusy
    if reason := _REASONS.get(strategy):
        started = any(run.started for run in active)
        return Admission(ready=not (started or held), evicted=tuple(active), reason=reason)
    return Admission(ready=not held and not any(run.started or run.due_at < newcomer.due_at for run in active))
