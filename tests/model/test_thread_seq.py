"""The seqs of a thread's events: they grow with all that grows, and JavaScript has them exactly."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from runline.model.run import Run
from runline.model.thread_seq import first_seq, last_seq, ordinal_at, thread_seq, through
from storage.world import StandingClock

LARGEST_OF_JAVASCRIPT = 2**53 - 1
_NOW = StandingClock().now()


def run(ordinal: int) -> Run:
    return replace(Run("r", "t", "g", "", None, None, {}, _NOW, _NOW, _NOW), ordinal=ordinal)  # type: ignore[arg-type]


def test_seqs_grow_with_the_place_the_event_the_attempt_and_the_run() -> None:
    one, two = run(1), run(2)
    grows = [
        first_seq(one),
        thread_seq(one, 1),
        thread_seq(one, 1, 1),
        through(one, 1),
        thread_seq(one, 2),
        thread_seq(one, 2**24),
        thread_seq(one, 10**9 + 1),
        thread_seq(one, 2 * 10**9 + 7, 3),
        last_seq(one),
        first_seq(two),
        thread_seq(two, 1),
    ]
    assert all(lower < higher for lower, higher in pairwise(grows)), grows


def test_every_seq_tells_its_run() -> None:
    for ordinal in (1, 2, 1000):
        for seq in (first_seq(run(ordinal)), thread_seq(run(ordinal), 5, 2), last_seq(run(ordinal))):
            assert ordinal_at(seq) == ordinal


def test_what_goes_beyond_all_limits_stays_in_its_run() -> None:
    beyond = thread_seq(run(3), 99 * 10**9, 99)
    assert thread_seq(run(3), 1) < beyond < last_seq(run(3))
    assert through(run(3), 1) == thread_seq(run(3), 1, 1000)


def test_the_last_event_of_the_last_run_is_exact_in_javascript() -> None:
    assert last_seq(run(2**18 - 1)) == LARGEST_OF_JAVASCRIPT
