"""Copies of threads on which a run goes on meanwhile."""

from __future__ import annotations

from runline.model.thread import Thread
from runline.model.viewer import ANONYMOUS
from runs.agents import GATES
from runs.house import House


async def test_what_a_copy_shows_is_what_was_copied(house: House) -> None:
    """Not what the source had come to a moment before."""
    run = await house.create(await house.thread(), *(f"step {number}" for number in range(24)), "wait gate")
    copies: list[Thread] = []
    while len(copies) < 2 or not GATES["gate"].inside:
        copies.append(await house.core.states.copy(ANONYMOUS, run.thread_id))
    for copy in copies:
        assert (copy.values or {}).get("log", []) == await house.log(copy.thread_id)
