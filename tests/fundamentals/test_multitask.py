"""Multitask: what happens when a run is created on a thread that has one already."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import ConflictError, NotFoundError
from langgraph_sdk.schema import Run

from fundamentals.gate import Gate
from fundamentals.reading import log, log_of, past_of, status_of

BUSY = "Thread is already running a task. Wait for it to finish or choose a different multitask strategy."
STEPS = ["one", "two", "three"]


@pytest.fixture
async def running(client: LangGraphClient, thread_id: str, gate: Gate) -> Run:
    """A run that has done step one and stands at the gate."""
    run = await client.runs.create(thread_id, "steps", input=log("first"), context=gate.context, durability="sync")
    await gate.reached()
    return run


async def test_enqueued_runs_go_one_at_a_time_in_order(
    client: LangGraphClient, thread_id: str, running: Run, gate: Gate
) -> None:
    """The default. Each run finds the state that the one before it left."""
    queued = [await client.runs.create(thread_id, "steps", input=log(str(n)), context=gate.context) for n in range(5)]
    assert [await status_of(client, thread_id, run["run_id"]) for run in queued] == ["pending"] * 5
    assert gate.visits() == 1

    gate.open()
    values = await client.runs.join(thread_id, queued[-1]["run_id"])

    assert log_of(values) == [word for name in ("first", *"01234") for word in (name, *STEPS)]
    assert {run["status"] for run in await client.runs.list(thread_id)} == {"success"}


async def test_runs_of_different_threads_do_not_wait_for_each_other(
    client: LangGraphClient, running: Run, gate: Gate
) -> None:
    for _ in range(3):
        other = (await client.threads.create())["thread_id"]
        await client.runs.create(other, "steps", input=log(), context=gate.context)

    await gate.reached(times=4)


async def test_an_error_does_not_stop_the_queue(
    client: LangGraphClient, thread_id: str, running: Run, gate: Gate
) -> None:
    bad = await client.runs.create(thread_id, "steps", input=log("bad"), context={"fail": "ValueError"})
    good = await client.runs.create(thread_id, "steps", input=log("good"))

    gate.open()
    await client.runs.join(thread_id, good["run_id"])

    assert await status_of(client, thread_id, bad["run_id"]) == "error"
    assert await status_of(client, thread_id, good["run_id"]) == "success"
    assert (await client.threads.get(thread_id))["status"] == "idle"


async def test_reject_refuses_the_second_run(client: LangGraphClient, thread_id: str, running: Run, gate: Gate) -> None:
    """On create, stream and wait alike; the first run is not touched."""
    for path in ("runs", "runs/stream", "runs/wait"):
        with pytest.raises(ConflictError, match=BUSY):
            await client.http.post(
                f"/threads/{thread_id}/{path}",
                json={"assistant_id": "steps", "input": {"log": ["no"]}, "multitask_strategy": "reject"},
            )

    gate.open()
    assert log_of(await client.runs.join(thread_id, running["run_id"])) == ["first", *STEPS]
    assert len(await client.runs.list(thread_id)) == 1


async def test_reject_lets_a_run_onto_an_idle_thread(client: LangGraphClient, thread_id: str) -> None:
    values = await client.runs.wait(thread_id, "steps", input=log(), multitask_strategy="reject")

    assert log_of(values) == STEPS


async def test_interrupt_stops_the_first_run_and_builds_on_what_it_did(
    client: LangGraphClient, thread_id: str, running: Run
) -> None:
    """For a user who adds something before the answer is there. The stopped run stays in the list."""
    values = await client.runs.wait(thread_id, "steps", input=log("second"), multitask_strategy="interrupt")

    assert log_of(values) == ["first", "one", "second", *STEPS]
    assert await status_of(client, thread_id, running["run_id"]) == "interrupted"
    thread: Any = await client.threads.get(thread_id)
    assert (thread["status"], thread["error"]) == ("idle", None)


async def test_rollback_makes_the_second_run_take_the_first_ones_place(
    client: LangGraphClient, thread_id: str, gate: Gate
) -> None:
    """For a user who edits the question: the victim's row and checkpoints are gone, as if never asked."""
    await client.runs.wait(thread_id, "steps", input=log("kept"))
    before = await past_of(client, thread_id)
    victim = await client.runs.create(thread_id, "steps", input=log("victim"), context=gate.context)
    await gate.reached()

    values = await client.runs.wait(thread_id, "steps", input=log("new"), multitask_strategy="rollback")

    assert log_of(values) == ["kept", *STEPS, "new", *STEPS]
    with pytest.raises(NotFoundError):
        await client.runs.get(thread_id, victim["run_id"])
    after = await past_of(client, thread_id)
    assert [state["checkpoint"] for state in after.history[-len(before.history) :]] == [
        state["checkpoint"] for state in before.history
    ]
    assert len(after.history) == 2 * len(before.history)


@pytest.mark.parametrize("strategy", ["interrupt", "rollback"])
async def test_the_whole_queue_gives_way(client: LangGraphClient, thread_id: str, running: Run, strategy: Any) -> None:
    """Runs that wait are evicted too: interrupted ones stay listed, rolled back ones are gone."""
    queued = await client.runs.create(thread_id, "steps", input=log("queued"))

    last = await client.runs.create(thread_id, "steps", input=log("last"), multitask_strategy=strategy)
    values = await client.runs.join(thread_id, last["run_id"])

    kept = strategy == "interrupt"
    assert log_of(values) == [*(["first", "one"] if kept else []), "last", *STEPS]
    listed = {run["run_id"]: run["status"] for run in await client.runs.list(thread_id)}
    evicted = {running["run_id"]: "interrupted", queued["run_id"]: "interrupted"} if kept else {}
    assert listed == {**evicted, last["run_id"]: "success"}


async def test_a_delayed_run_holds_up_nobody(client: LangGraphClient, thread_id: str) -> None:
    """It takes its place in the queue when it is due; what comes meanwhile goes first."""
    delayed = await client.runs.create(thread_id, "steps", input=log("delayed"), after_seconds=3)
    values = await client.runs.wait(thread_id, "steps", input=log("meanwhile"))

    assert log_of(values) == ["meanwhile", *STEPS]
    assert log_of(await client.runs.join(thread_id, delayed["run_id"])) == ["meanwhile", *STEPS, "delayed", *STEPS]
    listed = await client.runs.list(thread_id)
    assert [run["run_id"] for run in listed][1] == delayed["run_id"], "the newest first, by their creation"


@pytest.mark.parametrize("strategy", ["interrupt", "rollback"])
async def test_a_delayed_run_gives_way_like_any_other(client: LangGraphClient, thread_id: str, strategy: Any) -> None:
    """`reject` refuses to stand beside it, too."""
    await client.runs.create(thread_id, "steps", input=log("delayed"), after_seconds=3600)
    with pytest.raises(ConflictError):
        await client.runs.create(thread_id, "steps", input=log("refused"), multitask_strategy="reject")
    values = await client.runs.wait(thread_id, "steps", input=log("new"), multitask_strategy=strategy)
    assert log_of(values) == ["new", *STEPS]
    assert (await client.threads.get(thread_id))["status"] == "idle"
