"""RunStore.admit: what each strategy makes of each queue, in one transaction."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runline.errors import NotFound, ThreadBusy
from runline.kit.ids import new_id
from runline.model.assistant import graph_assistant_id
from runline.model.lifecycle import RunStatus, StopReason, ThreadStatus
from runline.model.run import Run
from runline.model.viewer import ANONYMOUS
from storage.world import ALICE, ASSISTANT, BOB, LEASE, World


async def build(world: World, queue: str) -> tuple[str, list[Run]]:
    """A thread with such a queue, and its active runs."""
    thread_id = (await world.thread()).thread_id
    await world.finish(await world.start(thread_id))
    made = []
    for kind in queue.split():
        run = await world.add(thread_id, start=kind in ("running", "given-back"), after_seconds=60 * (kind == "later"))
        if kind == "given-back":
            await world.leases.requeue(run, crashed=False)
        made.append(run)
    return thread_id, made


# queue before, strategy, statuses of the queue and the newcomer after, requested stops
CASES = [
    ("", "enqueue", "running", ""),
    ("", "reject", "running", ""),
    ("", "interrupt", "running", ""),
    ("", "rollback", "running", ""),
    ("ready", "enqueue", "ready pending", "- -"),
    ("ready", "interrupt", "interrupted running", "- -"),
    ("ready", "rollback", "running", "-"),
    ("later", "enqueue", "pending running", "- -"),
    ("later later", "enqueue", "pending pending running", "- - -"),
    ("running later", "enqueue", "running pending pending", "- - -"),
    ("later", "interrupt", "interrupted running", "- -"),
    ("later", "rollback", "running", "-"),
    ("running", "enqueue", "running pending", "- -"),
    ("running", "interrupt", "running pending", "interrupt -"),
    ("running", "rollback", "running pending", "rollback -"),
    ("running pending", "enqueue", "running pending pending", "- - -"),
    ("running pending", "interrupt", "running interrupted pending", "interrupt - -"),
    ("running pending", "rollback", "running pending", "rollback -"),
    ("running pending pending", "rollback", "running pending", "rollback -"),
    ("given-back", "enqueue", "ready pending", "- -"),
    ("given-back", "interrupt", "ready pending", "interrupt -"),
    ("given-back", "rollback", "ready pending", "rollback -"),
    ("given-back pending", "interrupt", "ready interrupted pending", "interrupt - -"),
]


@pytest.mark.parametrize(("queue", "strategy", "after", "stops"), CASES)
async def test_each_strategy_makes_of_each_queue_what_it_should(
    world: World, queue: str, strategy: str, after: str, stops: str
) -> None:
    thread_id, before = await build(world, queue)
    admitted = await world.admit(thread_id, start=True, multitask_strategy=strategy)
    assert await world.statuses(thread_id) == ["success", *after.split()]
    assert admitted.run.status == after.rsplit(maxsplit=1)[-1]
    evicting = strategy in ("interrupt", "rollback") and before
    assert [run.run_id for run in admitted.evicted] == ([run.run_id for run in before] if evicting else [])
    assert admitted.reason == (strategy if evicting else None)
    rows = [row for run in [*before, admitted.run] if (row := await world.row(run))]
    assert not stops or [row.stop_requested or "-" for row in rows] == stops.split()
    assert (await world.get_thread(thread_id)).status is ThreadStatus.BUSY


@pytest.mark.parametrize("queue", ["ready", "later", "running", "running pending", "given-back"])
async def test_reject_refuses_on_any_active_run_and_changes_nothing(world: World, queue: str) -> None:
    thread_id, _ = await build(world, queue)
    before = await world.all_rows()
    with pytest.raises(ThreadBusy, match=r"^Thread is already running a task\. Wait for it to finish or choose a"):
        await world.add(thread_id, start=True, multitask_strategy="reject")
    assert await world.all_rows() == before


async def test_evicted_runs_are_told_as_they_were(world: World) -> None:
    thread_id, _ = await build(world, "running pending")
    admitted = await world.admit(thread_id, multitask_strategy="interrupt")
    assert [run.started for run in admitted.evicted] == [True, False]
    assert [run.status for run in admitted.evicted] == [RunStatus.RUNNING, RunStatus.PENDING]


async def test_a_rollback_request_is_not_softened_by_a_later_interrupt(world: World) -> None:
    thread_id, (running,) = await build(world, "running")
    for strategy in ("interrupt", "rollback", "interrupt"):
        await world.admit(thread_id, multitask_strategy=strategy)
    assert (await world.row(running)).stop_requested == "rollback"


async def test_a_claimed_newcomer_is_running_under_its_first_attempt_and_a_lease(world: World) -> None:
    run, claimant = world.run((await world.thread()).thread_id), world.claimant("me")
    started = (await world.runs.admit(run, ASSISTANT, claimant)).run
    assert (started.status, started.attempt, started.started_at) == (RunStatus.RUNNING, 1, world.clock.told)
    row = await world.row(run)
    assert (row.lease_owner, row.lease_until, row.ready) == ("me", world.clock.told + LEASE, 0)


async def test_without_a_worker_a_newcomer_is_ready_for_any(world: World) -> None:
    run = await world.add((await world.thread()).thread_id)
    assert (run.status, run.attempt, run.started_at) == (RunStatus.PENDING, 0, None)
    row = await world.row(run)
    assert (row.ready, row.lease_owner, row.lease_until, row.crashes) == (1, None, None, 0)


async def test_a_delayed_newcomer_is_ready_but_not_claimed_though_a_worker_is_free(world: World) -> None:
    run = await world.add((await world.thread()).thread_id, start=True, after_seconds=5)
    assert run.status is RunStatus.PENDING
    assert (await world.row(run)).ready == 1


async def test_everything_that_was_asked_for_is_read_again_as_it_was(world: World) -> None:
    spec: dict[str, Any] = {
        "input": {"messages": [{"role": "user", "content": "ü"}]},
        "command": {"resume": {"a": [1]}},
        "checkpoint": {"checkpoint_id": "x"},
        "config": {"configurable": {"a": 1}, "tags": ["t"], "recursion_limit": 7},
        "context": {"a": 1},
        "metadata": {"m": {"n": None}},
        "stream_mode": ("values", "updates"),
        "stream_subgraphs": True,
        "stream_resumable": True,
        "interrupt_before": ["a"],
        "interrupt_after": "*",
        "on_disconnect": "cancel",
        "multitask_strategy": "rollback",
        "create_thread": True,
        "after_seconds": 0.5,
        "durability": "exit",
    }
    run = await world.add(new_id(), **spec)
    assert await world.runs.get(ANONYMOUS, run.run_id) == run
    assert run.spec.stream_mode == ("values", "updates")


async def test_an_unknown_thread_is_not_found_unless_the_run_may_create_it(world: World) -> None:
    thread_id = new_id()
    with pytest.raises(NotFound, match=r"^Thread or assistant not found\.$"):
        await world.add(thread_id)
    assert await world.all_rows() == ([], [])
    run = await world.start(thread_id, create_thread=True)
    assert (await world.get_thread(thread_id)).status is ThreadStatus.BUSY
    assert run.thread_id == thread_id


@pytest.mark.parametrize("create_thread", [True, False])
async def test_somebody_elses_thread_is_not_found(world: World, create_thread: bool) -> None:
    thread = await world.thread(viewer=ALICE)
    before = await world.all_rows()
    with pytest.raises(NotFound):
        await world.add(thread.thread_id, viewer=BOB, create_thread=create_thread)
    assert await world.all_rows() == before


async def test_a_runs_metadata_are_the_assistants_the_threads_and_its_own_in_this_order(world: World) -> None:
    thread = await world.thread(a="thread", b="thread")
    assistant = replace(ASSISTANT, metadata={"a": "assistant", "c": "assistant", "d": "assistant"})
    run = world.run(thread.thread_id, metadata={"b": "run", "d": "run"})
    graph = {"graph_id": "echo", "assistant_id": ASSISTANT.assistant_id}
    admitted = (await world.runs.admit(run, assistant, None)).run
    assert admitted.metadata == {"a": "thread", "b": "run", "c": "assistant", "d": "run", **graph}
    assert (await world.get_thread(thread.thread_id)).metadata == {"a": "thread", "b": "thread", **graph}


async def test_a_thread_that_a_run_creates_takes_the_runs_metadata(world: World) -> None:
    run = await world.add(new_id(), create_thread=True, metadata={"topic": "x"})
    graph = {"graph_id": "echo", "assistant_id": graph_assistant_id("echo")}
    assert (await world.get_thread(run.thread_id)).metadata == {"topic": "x", **graph}


async def test_a_threads_config_is_the_assistants_and_the_runs_but_not_its_configurable(world: World) -> None:
    thread = await world.thread()
    assistant = replace(ASSISTANT, config={"configurable": {"a": 1}, "tags": ["assistant"], "recursion_limit": 9})
    run = world.run(thread.thread_id, config={"configurable": {"a": 2, "secret": 3}, "tags": ["run"]})
    await world.runs.admit(run, assistant, None)
    config = (await world.get_thread(thread.thread_id)).config
    assert config == {"configurable": {"a": 1}, "tags": ["run"], "recursion_limit": 9}


async def test_what_a_run_that_was_rolled_back_in_the_queue_gave_its_thread_goes_with_it(world: World) -> None:
    thread = await world.thread()
    await world.add(thread.thread_id, config={"tags": ["evicted"]})
    await world.add(thread.thread_id, start=True, multitask_strategy="rollback", config={"recursion_limit": 3})
    assert (await world.get_thread(thread.thread_id)).config == {"recursion_limit": 3, "configurable": {}}


async def test_the_reason_of_an_eviction_is_that_of_the_strategy(world: World) -> None:
    thread_id, _ = await build(world, "running")
    admitted = await world.admit(thread_id, multitask_strategy="rollback")
    assert admitted.reason is StopReason.ROLLBACK
