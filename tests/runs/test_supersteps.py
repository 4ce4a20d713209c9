"""Threads that are made with a state: whole, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from runline.errors import BadRequest, Conflict, GraphUnavailable, NotFound, RunlineError
from runline.kit.ids import new_id
from runline.model.lifecycle import ThreadStatus
from runline.model.viewer import ANONYMOUS, Viewer
from runline.runs.supersteps import NodeUpdate, ThreadSpec
from runs.house import GRAPHS, House, open_house
from runs.test_upkeep import rows

FIRST = NodeUpdate("__start__", {"script": ["later"], "log": ["first"]})
SECOND = NodeUpdate("act", {"script": [], "log": ["second"]})
NO_NODE = NodeUpdate("nobody", {})
SCRIPT = {"graph_id": "script"}


def spec(*supersteps: Sequence[NodeUpdate], metadata: dict[str, Any] | None = None, **more: Any) -> ThreadSpec:
    return ThreadSpec(
        **{"thread_id": None, "metadata": SCRIPT if metadata is None else metadata, **more}, supersteps=supersteps
    )


async def test_a_thread_is_made_with_all_its_states(house: House) -> None:
    thread = await house.core.thread_maker.create(ANONYMOUS, spec([FIRST], [SECOND]))
    assert (thread.status, thread.values["log"]) == (ThreadStatus.IDLE, ["first", "second"])
    assert thread == await house.get_thread(thread.thread_id)
    assert await house.log(thread.thread_id) == ["first", "second"]
    await house.finish(thread.thread_id, "third")
    assert await house.log(thread.thread_id) == ["first", "second", "third"]


async def test_a_thread_that_was_left_in_the_middle_goes_on_from_there(house: House) -> None:
    thread = await house.core.thread_maker.create(ANONYMOUS, spec([FIRST]))
    assert thread.status is ThreadStatus.INTERRUPTED
    await house.finish(thread.thread_id, input=None)
    assert await house.log(thread.thread_id) == ["first", "later"]


FAILURES: dict[str, tuple[ThreadSpec, type[RunlineError]]] = {
    "no such node": (spec([FIRST], [NO_NODE]), BadRequest),
    "no updates": (spec([FIRST], []), BadRequest),
    "values that the graph refuses": (spec([FIRST], [NodeUpdate("act", {"log": 5})]), BadRequest),
    "no graph": (spec([FIRST], metadata={}), BadRequest),
    "a graph that is no text": (spec([FIRST], metadata={"graph_id": 5}), BadRequest),
    "no such graph": (spec([FIRST], metadata={"graph_id": "nothing"}), NotFound),
    "a broken graph": (spec([FIRST], metadata={"graph_id": "broken"}), GraphUnavailable),
}


@pytest.mark.parametrize(("wanted", "error"), FAILURES.values(), ids=FAILURES)
async def test_a_superstep_that_fails_leaves_nothing_behind(
    tmp_path: Path, wanted: ThreadSpec, error: type[RunlineError]
) -> None:
    async with open_house(tmp_path, {**GRAPHS, "broken": "runs.agents:missing"}) as house:
        before = rows(tmp_path)
        thread_id = new_id()
        for chosen in (None, thread_id):
            with pytest.raises(error):
                await house.core.thread_maker.create(
                    ANONYMOUS, spec(*wanted.supersteps, metadata=wanted.metadata, thread_id=chosen)
                )
            assert rows(tmp_path) == before
        # and the id is free
        await house.core.thread_maker.create(ANONYMOUS, spec([FIRST], thread_id=thread_id))


async def test_the_id_of_a_thread_that_exists_is_a_conflict_and_its_state_stays(house: House) -> None:
    maker = house.core.thread_maker
    thread = await maker.create(ANONYMOUS, spec([FIRST], [SECOND]))
    again = spec([FIRST], thread_id=thread.thread_id)
    with pytest.raises(Conflict):
        await maker.create(ANONYMOUS, again)
    with pytest.raises(Conflict):
        await maker.create(Viewer("mallory"), spec([FIRST], thread_id=thread.thread_id, exist_ok=True))
    assert await maker.create(ANONYMOUS, spec([FIRST], thread_id=thread.thread_id, exist_ok=True)) == thread
    assert await house.log(thread.thread_id) == ["first", "second"]


async def test_a_command_is_what_a_node_returned(house: House) -> None:
    command = NodeUpdate("act", command={"update": {"log": ["told"], "script": []}})
    thread = await house.core.thread_maker.create(ANONYMOUS, spec([FIRST], [command]))
    assert (thread.status, thread.values["log"]) == (ThreadStatus.IDLE, ["first", "told"])
