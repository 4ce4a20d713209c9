"""Deleting a run's checkpoints leaves exactly what was there before it: the promise behind every rollback."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import permutations

import pytest
from langgraph.types import Command

from runline.graphs.checkpoints import RunlineSaver
from runs.lineage import Lineage

PLACES = [
    "nowhere",
    "question one",
    "question two",
    "question three",
    "question inside",
    "the end",
    "an error",
    "a cancel",
    "a state update",
]

Victim = Callable[[Lineage], Awaitable[str]]


async def fork(lineage: Lineage) -> str:
    oldest = await lineage.oldest_checkpoint()
    return await lineage.run(None if oldest else {"log": ["in"]}, **({"checkpoint_id": oldest} if oldest else {}))


VICTIMS: dict[str, Victim] = {
    "new input": lambda lineage: lineage.run({"log": ["again"]}),
    "new input that fails": lambda lineage: lineage.run({"log": ["again"]}, "badly"),
    "new input that is cancelled": lambda lineage: lineage.run({"log": ["again"]}, "never"),
    "resume": lambda lineage: lineage.run(Command(resume="yes")),
    "resume with update": lambda lineage: lineage.run(Command(resume="yes", update={"log": ["more"]})),
    "goto": lambda lineage: lineage.run(Command(goto="first")),
    "goto that is cancelled": lambda lineage: lineage.run(Command(goto="first"), "never"),
    "fork": fork,
}


@pytest.mark.parametrize("durability", ["sync", "async", "exit"])
@pytest.mark.parametrize("victim", VICTIMS.values(), ids=VICTIMS)
@pytest.mark.parametrize("place", PLACES)
async def test_an_undone_run_leaves_every_row_as_it_was(
    saver: RunlineSaver, place: str, victim: Victim, durability: str
) -> None:
    lineage = Lineage(saver, durability)
    await lineage.reach(place)
    rows, states = await lineage.stored(), await lineage.told()
    run_id = await victim(lineage)
    await saver.adelete_for_runs([run_id])
    assert await lineage.stored() == rows
    assert await lineage.told() == states


async def test_a_continued_run_can_be_undone_too(saver: RunlineSaver) -> None:
    """The one that goes on with `None` where its predecessor was cancelled, and writes onto its checkpoint."""
    lineage = Lineage(saver)
    await lineage.reach("a cancel")
    rows = await lineage.stored()
    run_id = await lineage.run(None)
    assert await lineage.stored() != rows
    await saver.adelete_for_runs([run_id])
    assert await lineage.stored() == rows


async def test_an_undone_run_can_be_made_again(saver: RunlineSaver) -> None:
    lineage = Lineage(saver)
    await lineage.reach("question three")
    for _ in range(2):
        run_id = await lineage.run(Command(resume="yes"))
        assert (await lineage.graph.aget_state(lineage.config())).next == ("child",)
        await saver.adelete_for_runs([run_id])
    await lineage.run(Command(resume="other"))
    assert (await lineage.graph.aget_state(lineage.config())).values["log"][-1] == "yes yes other"


async def test_runs_undone_from_the_last_to_the_first_pass_by_every_state(saver: RunlineSaver) -> None:
    lineage = Lineage(saver)
    before, runs = [], []
    before.append(await lineage.stored())
    runs.append(await lineage.run({"log": ["in"]}))
    for _ in range(5):
        before.append(await lineage.stored())
        runs.append(await lineage.run(Command(resume="yes")))
    for run_id, rows in zip(reversed(runs), reversed(before), strict=True):
        await saver.adelete_for_runs([run_id])
        assert await lineage.stored() == rows


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_runs_undone_in_any_order_leave_what_was_before_the_first_of_them(
    saver: RunlineSaver, order: tuple[int, ...]
) -> None:
    lineage = Lineage(saver)
    await lineage.reach("question one")
    rows = await lineage.stored()
    runs = [await lineage.run(Command(resume="yes")) for _ in range(3)]
    for index in order:
        await saver.adelete_for_runs([runs[index]])
    assert await lineage.stored() == rows


async def test_two_runs_undone_together_leave_what_was_before_the_first(saver: RunlineSaver) -> None:
    lineage = Lineage(saver)
    await lineage.reach("question one")
    rows = await lineage.stored()
    runs = [await lineage.run(Command(resume="yes")) for _ in range(2)]
    await saver.adelete_for_runs(runs)
    assert await lineage.stored() == rows


async def test_undoing_runs_that_are_unknown_changes_nothing(saver: RunlineSaver) -> None:
    lineage = Lineage(saver)
    await lineage.reach("question two")
    rows = await lineage.stored()
    await saver.adelete_for_runs(["unknown"])
    await saver.adelete_for_runs([])
    assert await lineage.stored() == rows
