"""The seq of an event among all events of its thread, over all runs: a number that needs no counter of its own.

It is made of the run's ordinal, the event's seq in the run, and the place among what that one event is told as:
ordinal * 2^35 + position * 2^6 + place, below 2^53, so that JavaScript has it exactly. Such seqs grow, and are the same
for every reader and after a restart; they are not dense, which no client asks for.

Limits, each far from what happens: 2^18 runs of a thread; 2^24 events of an attempt of a run that is not resumable,
whose attempts have ranges of 10^9 seqs each, of which the first 2^24 are told apart; 32 such attempts.
"""

from __future__ import annotations

from runline.model.run import Run

_PLACES = 1 << 6
_PER_ATTEMPT = 1 << 24
_ATTEMPTS = 1 << 5
_PER_RUN = _PER_ATTEMPT * _ATTEMPTS * _PLACES

SEQS_PER_ATTEMPT = 10**9
"""Where events are lost with their process, the run's next attempt begins in a range of its own."""


def first_seq(run: Run) -> int:
    """The seq of a run's begin, before all its events."""
    return (run.ordinal or 0) * _PER_RUN


def last_seq(run: Run) -> int:
    """The seq of its end, behind all of them."""
    return first_seq(run) + _PER_RUN - 1


def thread_seq(run: Run, seq: int, place: int = 0) -> int:
    """The seq of what a run's event is told as; those past the 63rd of one event share the last."""
    attempt, behind = divmod(seq, SEQS_PER_ATTEMPT)
    position = min(attempt * _PER_ATTEMPT + behind, _PER_ATTEMPT * _ATTEMPTS - 1)
    # the very last one is the end's
    return first_seq(run) + min(position * _PLACES + min(place, _PLACES - 1), _PER_RUN - 2)


def through(run: Run, seq: int) -> int:
    """The highest seq that a run's events up to `seq` may have."""
    return thread_seq(run, seq, _PLACES - 1)


def ordinal_at(seq: int) -> int:
    """The ordinal of the run that an event belongs to."""
    return seq // _PER_RUN
