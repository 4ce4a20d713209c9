"""Cancelling: stop a run and keep what it did, or stop it and forget it."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import ConflictError, NotFoundError
from langgraph_sdk.schema import Run

from fundamentals.gate import Gate
from fundamentals.reading import collect, log, log_of, names, past_of, status_of, until_status
from gateway import Gateway, wait_until


@pytest.fixture
async def running(client: LangGraphClient, thread_id: str, gate: Gate) -> Run:
    """A run that has done step one and stands at the gate."""
    run = await client.runs.create(thread_id, "steps", input=log(), context=gate.context, durability="sync")
    await gate.reached()
    return run


async def test_an_interrupt_keeps_what_the_run_did(client: LangGraphClient, running: Run) -> None:
    """The finished steps stay in the state, and the thread says why it stands where it stands."""
    thread_id = running["thread_id"]

    await client.runs.cancel(thread_id, running["run_id"], wait=True)

    assert await status_of(client, thread_id, running["run_id"]) == "interrupted"
    thread: Any = await client.threads.get(thread_id)
    assert (thread["status"], log_of(thread["values"])) == ("interrupted", ["one"])
    assert thread["error"] == {
        "error": "UserInterrupt",
        "message": "interrupt requested via POST /threads/{thread_id}/runs/{run_id}/cancel",
    }


async def test_a_run_without_input_goes_on_where_a_cancelled_one_stopped(client: LangGraphClient, running: Run) -> None:
    await client.runs.cancel(running["thread_id"], running["run_id"], wait=True)

    assert log_of(await client.runs.wait(running["thread_id"], "steps")) == ["one", "two", "three"]
    assert (await client.threads.get(running["thread_id"]))["error"] is None  # type: ignore[typeddict-item]


async def test_a_rollback_leaves_nothing_of_the_run(client: LangGraphClient, thread_id: str, gate: Gate) -> None:
    """Row, checkpoints and state: as if it had never been asked for."""
    await client.runs.wait(thread_id, "steps", input=log("before"))
    before = await past_of(client, thread_id)
    run = await client.runs.create(thread_id, "steps", input=log("gone"), context=gate.context)
    await gate.reached()

    await client.runs.cancel(thread_id, run["run_id"], wait=True, action="rollback")

    assert await past_of(client, thread_id) == before
    with pytest.raises(NotFoundError):
        await client.runs.get(thread_id, run["run_id"])
    thread: Any = await client.threads.get(thread_id)
    assert thread["error"] == {
        "error": "UserRollback",
        "message": "rollback requested via POST /threads/{thread_id}/runs/{run_id}/cancel",
    }


async def test_the_threads_first_run_can_be_rolled_back(client: LangGraphClient, running: Run) -> None:
    await client.runs.cancel(running["thread_id"], running["run_id"], wait=True, action="rollback")

    thread = await client.threads.get(running["thread_id"])
    assert (thread["status"], thread["values"], thread["metadata"]) == ("idle", None, {})
    assert await client.threads.get_history(running["thread_id"]) == []


@pytest.mark.parametrize("action", ["interrupt", "rollback"])
async def test_cancel_answers_at_once_unless_it_is_to_wait(
    http: httpx.AsyncClient, client: LangGraphClient, running: Run, action: str
) -> None:
    """202 means "it will stop"; nobody needs to watch for it to happen."""
    thread_id = running["thread_id"]
    answer = await http.post(f"/threads/{thread_id}/runs/{running['run_id']}/cancel?action={action}&wait=0")
    assert (answer.status_code, answer.content) == (202, b"")

    async def rested() -> bool:
        return (await client.threads.get(thread_id))["status"] != "busy"

    await wait_until(rested)
    left = [run["status"] for run in await client.runs.list(thread_id)]
    assert left == (["interrupted"] if action == "interrupt" else [])


async def test_cancel_with_wait_answers_with_what_is_left(http: httpx.AsyncClient, running: Run) -> None:
    """The values that the run came to, and where to ask for them again."""
    path = f"/threads/{running['thread_id']}/runs/{running['run_id']}/cancel?wait=1"
    answer = await http.post(path)

    assert (answer.status_code, answer.json()) == (200, {"log": ["one"]})
    assert answer.headers["location"] == path.replace("/cancel?wait=1", "/join")


async def test_cancelling_again_is_accepted(client: LangGraphClient, running: Run) -> None:
    """A client that is not sure whether its first cancel arrived may just repeat it."""
    await client.runs.cancel(running["thread_id"], running["run_id"], wait=True)
    await client.runs.cancel(running["thread_id"], running["run_id"])

    assert await client.runs.cancel(running["thread_id"], running["run_id"], wait=True) == {"log": ["one"]}  # type: ignore[func-returns-value]


async def test_a_run_that_is_slow_to_stop_can_be_told_again_and_more_firmly(
    client: LangGraphClient, thread_id: str, gate: Gate
) -> None:
    """A rollback after an interrupt wins; an interrupt after a rollback takes nothing back."""
    stubborn = {**gate.context, "stubborn": True}
    run = await client.runs.create(thread_id, "steps", input=log(), context=stubborn)
    await gate.reached()
    for action in ("interrupt", "interrupt", "rollback", "interrupt"):
        await client.http.post(f"/threads/{thread_id}/runs/{run['run_id']}/cancel?action={action}", json=None)
    assert await status_of(client, thread_id, run["run_id"]) == "running"

    gate.open()

    async def gone() -> bool:
        return await client.runs.list(thread_id) == []

    await wait_until(gone)
    assert await client.threads.get_history(thread_id) == []


async def test_cancelling_a_finished_run_is_a_conflict(client: LangGraphClient, thread_id: str) -> None:
    run = await client.runs.create(thread_id, "steps", input=log())
    await client.runs.join(thread_id, run["run_id"])

    for wait in (False, True):
        with pytest.raises(httpx.HTTPStatusError) as refused:
            await client.runs.cancel(thread_id, run["run_id"], wait=wait)
        assert refused.value.response.status_code == 409
    with pytest.raises(ConflictError, match=rf"Run {run['run_id']} is not cancellable \(status: success\)"):
        await client.runs.cancel(thread_id, run["run_id"], action="rollback")


async def test_a_reader_sees_the_end_of_a_cancelled_run(client: LangGraphClient, thread_id: str, running: Run) -> None:
    """No error event: to be cancelled is not to fail."""
    await client.runs.cancel(thread_id, running["run_id"])

    parts = await collect(client.runs.join_stream(thread_id, running["run_id"], last_event_id="-1"))

    assert set(names(parts)) == {"metadata", "values", "end"}


async def test_a_queued_run_is_cancelled_without_ever_starting(
    client: LangGraphClient, thread_id: str, running: Run, gate: Gate
) -> None:
    """Interrupted, its row stays; rolled back, it is gone. The one before it is left alone."""
    kept = await client.runs.create(thread_id, "steps", input=log("kept"))
    gone = await client.runs.create(thread_id, "steps", input=log("gone"))

    await client.runs.cancel(thread_id, kept["run_id"], wait=True)
    await client.runs.cancel(thread_id, gone["run_id"], wait=True, action="rollback")
    gate.open()

    assert log_of(await client.runs.join(thread_id, running["run_id"])) == ["one", "two", "three"]
    left = {run["run_id"]: run["status"] for run in await client.runs.list(thread_id)}
    assert left == {running["run_id"]: "success", kept["run_id"]: "interrupted"}


async def test_a_delayed_run_is_cancelled_before_its_time(client: LangGraphClient, thread_id: str) -> None:
    run = await client.runs.create(thread_id, "steps", input=log(), after_seconds=3600)

    await client.runs.cancel(thread_id, run["run_id"], wait=True)

    assert await status_of(client, thread_id, run["run_id"]) == "interrupted"
    assert (await client.threads.get(thread_id))["status"] == "idle"


async def test_several_runs_of_a_thread_are_cancelled_by_their_ids(
    client: LangGraphClient, thread_id: str, running: Run
) -> None:
    queued = [await client.runs.create(thread_id, "steps", input=log()) for _ in range(2)]

    wanted = [running["run_id"], queued[0]["run_id"]]
    await client.runs.cancel_many(thread_id=thread_id, run_ids=wanted)

    await until_status(client, thread_id, running["run_id"], "interrupted")
    await until_status(client, thread_id, queued[0]["run_id"], "interrupted")
    await until_status(client, thread_id, queued[1]["run_id"], "success")


@pytest.mark.parametrize("status", ["pending", "running", "all"])
async def test_all_runs_of_a_status_are_cancelled_at_once(
    client: LangGraphClient, thread_id: str, running: Run, gate: Gate, status: Any
) -> None:
    """The emergency brake of a whole deployment."""
    queued = await client.runs.create(thread_id, "steps", input=log())

    await client.runs.cancel_many(status=status)
    gate.open()

    for run, of_status in ((running, "running"), (queued, "pending")):
        hit = status in (of_status, "all")
        await until_status(client, thread_id, run["run_id"], "interrupted" if hit else "success")


async def test_a_bulk_cancel_that_hits_nothing_says_so(
    gateway: Gateway, client: LangGraphClient, thread_id: str
) -> None:
    run = await client.runs.create(thread_id, "steps", input=log())
    await client.runs.join(thread_id, run["run_id"])
    # a run that an earlier test has left may still be on its way
    await asyncio.to_thread(gateway.until_quiet)

    with pytest.raises(NotFoundError, match="No matching runs to cancel"):
        await client.runs.cancel_many(thread_id=thread_id, run_ids=[run["run_id"]])
    with pytest.raises(NotFoundError, match="No matching runs to cancel"):
        await client.runs.cancel_many(status="all")


@pytest.mark.parametrize("action", ["interrupt", "rollback"])
async def test_a_run_can_be_cancelled_and_read_to_its_end_in_one_call(
    http: httpx.AsyncClient, client: LangGraphClient, running: Run, action: str
) -> None:
    """`POST .../stream?action=...` is the stop button of a chat: cancel, then show what still comes."""
    url = f"/threads/{running['thread_id']}/runs/{running['run_id']}/stream?action={action}"
    answer = await http.post(url, headers={"Last-Event-ID": "-1"})

    events = [line.removeprefix("event: ") for line in answer.text.splitlines() if line.startswith("event")]
    assert events == ["metadata", "values", "values", "end"]
    assert [run["status"] for run in await client.runs.list(running["thread_id"])] == (
        ["interrupted"] if action == "interrupt" else []
    )


async def test_cancel_and_stream_with_wait_answers_nothing_once_it_has_stopped(
    http: httpx.AsyncClient, client: LangGraphClient, running: Run
) -> None:
    url = f"/threads/{running['thread_id']}/runs/{running['run_id']}/stream?action=interrupt&wait=1"
    answer = await http.post(url)

    assert (answer.status_code, answer.content) == (204, b"")
    assert await status_of(client, running["thread_id"], running["run_id"]) == "interrupted"
