"""What a thread's log tells of runs: all that happened, in order, and the end last, whatever that was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kit.waiting import wait_until
from runline.model.lifecycle import RunStatus
from runline.model.run import Run
from runline.model.viewer import ANONYMOUS as VIEWER
from runs.agents import GATES
from runs.house import House, kept_by, open_house
from runs.models import REPORTED, SEEN
from shared import HASTE_SECONDS
from storage.ledgers import events_of, types_of, usage_of

GRAPHS = {
    "script": "runs.agents:graph",
    "ways": "runs.models:graph",
    "tools": "runs.models:tools",
    "calling back": "runs.models:calling_back",
}
NODE = ["node.start", "node.end"]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    REPORTED.clear()
    async with open_house(tmp_path, GRAPHS) as house:
        yield house


async def told(house: House, run: Run) -> list[str]:
    return await types_of(house.core.threads._database, run)


async def log_of(house: House, run: Run) -> list[Any]:
    return [row for row in await events_of(house.core.threads._database, run.thread_id) if row.run_id == run.run_id]


async def begin(house: House, way: str, thread_id: str | None = None, graph: str = "ways", **spec: Any) -> Run:
    messages = {"messages": [{"role": "user", "content": way}]}
    return await house.create(thread_id or await house.thread(), graph=graph, input=messages, **spec)


async def end(house: House, way: str, thread_id: str | None = None, **spec: Any) -> Run:
    run = await begin(house, way, thread_id, **spec)
    await house.end(run)
    return run


async def test_a_run_is_told_from_its_start_to_its_end(house: House) -> None:
    run = await end(house, "at once")
    assert await told(house, run) == ["run.start", "human_message", "node.start", "ai_message", "node.end", "run.end"]
    rows = await log_of(house, run)
    assert [row.seq for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row.category for row in rows] == ["trace", "message", "trace", "message", "trace", "outputs"]
    assert [row.created_at for row in rows] == sorted(row.created_at for row in rows)
    assert rows[1].content["content"] == "at once"
    assert rows[-1].content["usage"] == {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}


async def test_a_models_message_is_told_with_its_cost_and_its_maker(house: House) -> None:
    run = await end(house, "streamed", stream_mode=("messages-tuple",))
    [message] = [row for row in await log_of(house, run) if row.event_type == "ai_message"]
    [call] = await usage_of(house.core.threads._database, run)
    assert (message.content["type"], message.content["content"]) == ("ai", "hello")
    assert (message.metadata["node"], message.metadata["caller"]) == ("act", "lead_agent")
    assert (message.metadata["model"], message.metadata["usage_id"]) == ("reporter-1", call.usage_id)
    assert message.metadata["usage"]["total_tokens"] == 10
    assert message.content["id"] == f"lc_run--{call.usage_id}"


async def test_tools_and_their_failures_are_told(house: House) -> None:
    run = await end(house, "ask_model break_down", graph="tools")
    rows = await log_of(house, run)
    results = {row.content["name"]: row for row in rows if row.event_type == "tool_message"}
    assert results["ask_model"].content["content"] == "hello"
    assert results["break_down"].content["status"] == "error"
    [failed] = [row for row in rows if row.event_type == "tool.error"]
    assert (failed.metadata["tool"], failed.content["error"]) == ("break_down", "ValueError")
    # the third node asks a question, which is no failure
    assert [row.metadata["status"] for row in rows if row.event_type == "node.end"] == ["success"] * 2 + ["interrupted"]
    assert rows[-1].content["status"] == "success"


async def test_a_subagent_and_middleware_are_told_where_they_begin_and_end(house: House) -> None:
    run = await end(house, "in a subagent")
    inner = ["node.start", "ai_message", "node.end"]
    middle = ["node.start", "subagent.start", *inner, "subagent.end", "node.end"]
    assert await told(house, run) == ["run.start", "human_message", *middle, "run.end"]
    run = await end(house, "in middleware of a subagent")
    middle = ["node.start", "subagent.start", "ai_message", "middleware:guard", "subagent.end", "node.end"]
    assert await told(house, run) == ["run.start", "human_message", *middle, "run.end"]


async def test_the_answer_to_a_question_is_told_as_a_run_of_its_own(house: House) -> None:
    first = await end(house, "ask_model", graph="tools")
    second = await house.create(first.thread_id, graph="tools", command={"resume": "yes"})
    await house.end(second)
    assert await told(house, second) == ["run.start", *NODE, "run.end"]
    rows = await events_of(house.core.threads._database, first.thread_id)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))


async def test_a_client_that_sends_the_whole_conversation_repeats_no_message(house: House) -> None:
    thread_id = await house.thread()
    conversation = [{"role": "user", "content": "at once", "id": str(number)} for number in range(3)]
    for length in (1, 2, 3):
        run = await house.create(thread_id, graph="ways", input={"messages": conversation[:length]})
        await house.end(run)
    rows = await events_of(house.core.threads._database, thread_id)
    assert [row.content["id"] for row in rows if row.event_type == "human_message"] == ["0", "1", "2"]


async def test_a_failed_run_ends_with_its_error(house: House) -> None:
    run = await end(house, "failing")
    assert (await told(house, run))[2:] == ["node.start", "llm.error", "node.end", "run.error"]
    *_, last = await log_of(house, run)
    assert (last.content["type"], last.content["message"]) == ("ValueError", "overloaded")


async def waiting(house: House, **spec: Any) -> Run:
    visits = GATES["model"].visits
    run = await begin(house, "waiting half-way", **spec)
    await wait_until(lambda: GATES["model"].visits > visits)
    return run


async def test_a_cancelled_run_ends_with_its_status_and_the_reason(house: House) -> None:
    run = await waiting(house)
    await house.cancel(run)
    await house.end(run)
    assert (await told(house, run))[2:] == ["node.start", "llm.error", "node.end", "run.end"]
    *_, node, last = await log_of(house, run)
    assert node.metadata["status"] == "cancelled"
    assert (last.content["status"], last.content["reason"]) == ("interrupted", "interrupt")


async def test_a_run_that_is_rolled_back_has_said_nothing(house: House) -> None:
    before = await end(house, "at once")
    run = await waiting(house, thread_id=before.thread_id)
    await house.cancel(run, "rollback")
    await house.end(run)
    assert await told(house, run) == ["run.start", "node.start", "llm.error", "node.end", "run.rollback"]
    assert len(await told(house, before)) == 6


async def test_a_deleted_run_has_no_log(house: House) -> None:
    ended = await end(house, "at once")
    await house.core.runs.delete(VIEWER, ended.thread_id, ended.run_id)
    running = await waiting(house, thread_id=ended.thread_id)
    await house.core.runs.delete(VIEWER, running.thread_id, running.run_id)
    assert await events_of(house.core.threads._database, ended.thread_id) == []
    assert len(await usage_of(house.core.threads._database)) == 2


async def test_what_happens_can_be_read_while_the_run_goes_on(house: House) -> None:
    run = await waiting(house)
    bells = house.core.log_bells.listen(run.thread_id, every=1000)
    async for _ in bells:
        if await told(house, run) == ["run.start", "human_message", "node.start"]:
            break
    await house.cancel(run)
    async for _ in bells:
        if (await told(house, run))[-1:] == ["run.end"]:
            break


async def test_a_run_that_goes_on_after_a_restart_says_so_and_repeats_no_message(tmp_path: Path) -> None:
    async with open_house(tmp_path, GRAPHS) as house:
        run = await waiting(house)
    GATES["model"].open()
    async with open_house(tmp_path, GRAPHS) as house:
        await house.reach(run, RunStatus.SUCCESS)
        types = await told(house, run)
        usage = await usage_of(house.core.threads._database, run)
    GATES["model"].opened.clear()
    first = ["run.start", "human_message", "node.start", "llm.error", "node.end"]
    assert types == [*first, "run.resume", "node.start", "ai_message", "node.end", "run.end"]
    assert [(row.attempt, row.total_tokens) for row in usage] == [(1, 8), (2, 10)]


async def test_a_run_whose_worker_died_tells_what_it_was_given_in_the_next_attempt(tmp_path: Path) -> None:
    async with open_house(tmp_path, GRAPHS) as house:
        run = await house.abandon(await house.thread(), "visit gate")
    async with open_house(tmp_path, GRAPHS) as house:
        await house.reach(run, RunStatus.SUCCESS)
        assert await told(house, run) == ["run.resume", *NODE, "run.end"]


@pytest.mark.parametrize("action", ["interrupt", "rollback"])
async def test_a_run_that_nobody_executes_any_more_is_ended_in_the_log_too(tmp_path: Path, action: str) -> None:
    async with open_house(tmp_path, GRAPHS) as house:
        run = await house.abandon(await house.thread(), "visit gate")
        await house.cancel(run, action)
    async with open_house(tmp_path, GRAPHS) as house:
        assert await told(house, run) == ["run.rollback" if action == "rollback" else "run.end"]


async def test_a_run_whose_worker_died_too_often_ends_with_an_error_in_the_log(tmp_path: Path) -> None:
    async with open_house(tmp_path, GRAPHS) as house:
        run = await house.abandon(await house.thread(), "visit gate")
    async with open_house(tmp_path, GRAPHS, workers={"max_attempts": 1}) as house:
        assert await told(house, run) == ["run.error"]


async def test_a_stopped_run_that_had_to_wait_is_ended_in_the_log(house: House) -> None:
    running = await waiting(house)
    queued = await begin(house, "at once", running.thread_id)
    await house.cancel(queued)
    assert await told(house, queued) == ["run.end"]
    await house.cancel(running)
    await house.end(running)


async def test_a_locked_database_costs_neither_the_run_nor_its_log(tmp_path: Path) -> None:
    async with open_house(tmp_path, GRAPHS, database={"busy_timeout_seconds": HASTE_SECONDS}) as house:
        run = await waiting(house)
        with kept_by(tmp_path).locked():
            GATES["model"].open()
            live = house.core.worker.live[run.run_id]
            assert live.graph_task
            await live.graph_task
        await house.end(run)
        types = await told(house, run)
        usage = await usage_of(house.core.threads._database, run)
    GATES["model"].opened.clear()
    assert types == ["run.start", "human_message", "node.start", "ai_message", "node.end", "run.end"]
    assert [row.total_tokens for row in usage] == [10]


async def test_long_traces_are_cut_and_messages_are_not(tmp_path: Path) -> None:
    async with open_house(tmp_path, GRAPHS, insight={"max_trace_bytes": 256}) as house:
        run = await end(house, "long")
        rows = await log_of(house, run)
    [message] = [row for row in rows if row.event_type == "ai_message"]
    [node] = [row for row in rows if row.event_type == "node.end"]
    assert len(message.content["content"]) == 5000
    assert "content_truncated" not in message.metadata
    assert node.metadata["content_truncated"] is True
    assert len(node.content.encode()) == 256


async def test_a_graph_keeps_its_own_callbacks(house: House) -> None:
    SEEN.clear()
    run = await end(house, "at once", graph="calling back")
    assert SEEN == ["reporter"]
    assert "ai_message" in await told(house, run)


async def test_a_thread_that_nodes_run_in_tells_everything(house: House) -> None:
    run = await end(house, "many in threads")
    rows = await log_of(house, run)
    assert [row.event_type for row in rows].count("ai_message") == 40
    assert rows[-1].content["usage"]["total_tokens"] == 400
