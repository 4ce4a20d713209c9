"""When each attempt of each run executed, and how long the next took to come after a death: from the marks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chaos.history import Life, Mark

PROMPT_SECONDS = 2.0
"""Within which a run goes on after a restart, as promised."""

STOP_SECONDS = 1.0
"""Within which a process that stood still finds that it has lost its runs, and stops them, as promised."""


@dataclass(frozen=True)
class Span:
    """One attempt of a run in one process, from its first step to its last, or to the death in one."""

    run: str
    thread: str
    attempt: int
    pid: int
    began: float
    ended: float
    cut: bool

    def goes_on_from(self, earlier: Span) -> bool:
        """Whether the other is an attempt that lost the run to this one, in another process, and stops in time."""
        lost = self.run == earlier.run and self.attempt > earlier.attempt and self.pid != earlier.pid
        return lost and not earlier.cut and earlier.ended < self.began + STOP_SECONDS


def spans_of(marks: Sequence[Mark], lives: Sequence[Life]) -> Iterator[Span]:
    """All spans, in no order.

    That of a process which stood still ends there, if it stops soon afterwards: others may have gone on with the run.
    """
    deaths = {life.pid: life.died_at for life in lives}
    pauses = {life.pid: life.pauses for life in lives}
    attempts: dict[tuple[str, int, int], list[Mark]] = {}
    for mark in marks:
        attempts.setdefault((mark.run, mark.attempt, mark.pid), []).append(mark)
    for (run, attempt, pid), own in attempts.items():
        cut = own[-1].what == "enter"
        ended = deaths[pid] if cut else own[-1].at
        stood = [began for began, over in pauses.get(pid, ()) if own[0].at < began < ended < over + STOP_SECONDS]
        ended = min([ended, *stood])
        yield Span(run, own[0].thread, attempt, pid, own[0].at, ended, cut)


def recovery_seconds(marks: Sequence[Mark], lives: Sequence[Life]) -> list[float]:
    """For each run that a death cut off: from when the next life was ready until the run executed again.

    Runs that did not go on are left out (they were stopped), as are those whose next life was too short.
    """
    enters = [mark for mark in marks if mark.what == "enter"]
    taken = []
    spans = list(spans_of(marks, lives))
    for life, after in pairwise(lives):
        for span in spans:
            if not (span.cut and span.pid == life.pid):
                continue
            again = min((mark.at for mark in enters if mark.run == span.run and mark.pid != life.pid
                         and mark.at > life.died_at), default=None)  # fmt: skip
            if again is not None and (again < after.died_at or after.died_at - after.ready_at > PROMPT_SECONDS):
                taken.append(max(again - after.ready_at, 0.0))
    return sorted(taken)


def takeover_seconds(marks: Sequence[Mark], lives: Sequence[Life]) -> list[float]:
    """For each run that a death cut off: from the death until it executed again, on whichever node."""
    deaths = {life.pid: life.died_at for life in lives}
    taken = []
    for span in spans_of(marks, lives):
        died_at = deaths[span.pid]
        later = [mark.at for mark in marks if mark.run == span.run and mark.attempt > span.attempt]
        if span.cut and later:
            taken.append(max(min(later) - died_at, 0.0))
    return sorted(taken)
