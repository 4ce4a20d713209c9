"""The life of a run in one process: what it emits, how it ends, and what its thread shows then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway import wait_until as until
from kit.waiting import wait_until
from runline.errors import GraphUnavailable, Invalid, NotFound, NotStreamable, RunNotFound
from runline.kit.ids import new_id
from runline.model.lifecycle import RunStatus, ThreadStatus
from runline.model.viewer import ANONYMOUS
from runline.streams.contracts import Ended
from runs.agents import GATES, moods
from runs.house import GRAPHS, House, open_house
from shared import SHARED


async def test_a_run_tells_of_itself_then_of_each_step_and_ends_in_success(house: House) -> None:
    run = await house.create(await house.thread(), "one", "two")
    assert run.status is RunStatus.PENDING
    told = await house.end(run)
    assert told.names == ["metadata", "values", "values", "values"]
    assert told.data("metadata") == [{"run_id": run.run_id, "attempt": 1}]
    assert told.seqs == [1, 2, 3, 4]
    assert told.result == told.data("values")[-1] == {"script": [], "log": ["one", "two"]}
    assert await house.status(run) is RunStatus.SUCCESS
    thread = await house.get_thread(run.thread_id)
    assert (thread.status, thread.values, thread.error) == (ThreadStatus.IDLE, told.result, None)
    assert await house.log(run.thread_id) == ["one", "two"]


@pytest.mark.parametrize("script", [["one"], ["fail"], ["ask x"]])
async def test_the_end_is_committed_before_a_reader_sees_it(house: House, script: list[str]) -> None:
    run = await house.create(await house.thread(), *script)
    async for batch in await house.core.runs.follow(run, 0):
        if isinstance(batch, Ended):
            assert await house.status(run) in (RunStatus.SUCCESS, RunStatus.ERROR)
            assert (await house.get_thread(run.thread_id)).status is not ThreadStatus.BUSY


async def test_a_failure_is_an_event_the_result_and_the_threads_error(house: House) -> None:
    error = {"error": "ValueError", "message": "kaboom"}
    run = await house.create(await house.thread(), "one", "fail")
    told = await house.end(run)
    assert told.names == ["metadata", "values", "values", "error"]
    assert told.data("error") == [error]
    assert told.result == {"__error__": error}
    assert ((await house.now(run)).status, (await house.now(run)).error) == (RunStatus.ERROR, error)
    thread = await house.get_thread(run.thread_id)
    assert (thread.status, thread.error, thread.values["log"]) == (ThreadStatus.ERROR, error, ["one"])


async def test_a_good_run_clears_the_error_of_the_one_before(house: House) -> None:
    run = await house.finish(await house.thread(), "fail")
    await house.finish(run.thread_id, "one")
    thread = await house.get_thread(run.thread_id)
    assert (thread.status, thread.error) == (ThreadStatus.IDLE, None)


async def test_the_text_of_an_applications_own_exception_is_not_told(house: House) -> None:
    told = await house.end(await house.create(await house.thread(), "leak"))
    assert told.result == {"__error__": {"error": "Secret", "message": "An internal error occurred"}}


async def test_a_graph_that_cancels_itself_fails(house: House) -> None:
    run = await house.finish(await house.thread(), "cancel yourself")
    assert run.status is RunStatus.ERROR
    assert run.error == {"error": "CancelledError", "message": "The graph cancelled its own task"}


async def test_a_question_ends_the_run_well_and_interrupts_the_thread(house: House) -> None:
    run = await house.create(await house.thread(), "one", "ask why", "end")
    told = await house.end(run)
    (asked,) = told.result["__interrupt__"]
    assert asked["value"] == "why"
    assert await house.status(run) is RunStatus.SUCCESS
    thread = await house.get_thread(run.thread_id)
    (interrupts,) = (thread.interrupts or {}).values()
    assert (thread.status, interrupts) == (ThreadStatus.INTERRUPTED, [{"id": asked["id"], "value": "why"}])
    await house.finish(run.thread_id, command={"resume": "because"})
    assert await house.log(run.thread_id) == ["one", "answered because", "end"]
    thread = await house.get_thread(run.thread_id)
    assert (thread.status, thread.interrupts) == (ThreadStatus.IDLE, {})


async def test_a_stateless_run_goes_with_its_thread_and_its_stream_stays_a_while(house: House) -> None:
    run = await house.create(None, "one", temporary=True)
    assert (await house.end(run)).result["log"] == ["one"]
    assert await house.status(run) is None
    assert await house.core.runs.saver.newest_of_run(run.run_id) is None
    found = await house.core.runs.find(ANONYMOUS, run.run_id)
    assert (await house.read(found)).names == ["metadata", "values", "values"]
    assert (await house.core.runs.result(found)) == (await house.read(found)).ended.result  # type: ignore[union-attr]


async def test_a_stateless_run_that_is_gone_from_memory_too_is_not_found(tmp_path: Path) -> None:
    async with open_house(tmp_path, streams={"retention_seconds": 0.0}) as house:
        run = await house.create(None, "one", "wait gate", temporary=True)
        await wait_until(lambda: GATES["gate"].visits)
        GATES["gate"].open()
        await house.end(run)

        async def is_gone() -> bool:
            try:
                await house.core.runs.find(ANONYMOUS, run.run_id)
            except RunNotFound:
                return True
            return False

        # Redis keeps ends for a while, whatever the retention: others have to hear of them
        assert await is_gone() or SHARED
        await until(is_gone, within=30)


async def test_a_stateless_run_whose_thread_is_kept_leaves_a_thread(house: House) -> None:
    run = await house.finish(None, "one", temporary=True, keep_thread=True)
    assert await house.log(run.thread_id) == ["one"]


async def test_all_runs_of_a_batch_are_checked_before_the_first_is_made(house: House) -> None:
    known = (await house.create(None, "one", temporary=True)).spec
    with pytest.raises(Invalid, match="Invalid assistant: 'nobody'"):
        await house.core.runs.create_many(ANONYMOUS, [known, type(known)("nobody")])
    assert [run.spec.input for run in await house.core.runs.create_many(ANONYMOUS, [known, known])] == [known.input] * 2
    await wait_until(lambda: not house.core.worker.live)


async def test_a_graph_that_cannot_be_loaded_is_refused_and_the_others_run(tmp_path: Path) -> None:
    async with open_house(tmp_path, {**GRAPHS, "broken": "runs.agents:missing"}) as house:
        with pytest.raises(GraphUnavailable, match=r"^Graph 'broken' could not be loaded: "):
            await house.create(None, "one", graph="broken")
        assert (await house.finish(None, "one")).status is RunStatus.SUCCESS


async def test_an_unknown_assistant_or_thread_is_refused(house: House) -> None:
    with pytest.raises(Invalid, match="Invalid assistant: 'nobody'"):
        await house.create(None, "one", graph="nobody")
    for graph, thread_id in ((new_id(), None), ("script", new_id())):
        with pytest.raises(NotFound, match=r"^Thread or assistant not found\.$"):
            await house.create(thread_id, "one", graph=graph, create_thread=False)


async def test_the_exception_of_a_graphs_factory_is_the_runs_error(house: House) -> None:
    run = await house.hold(graph="moody")
    GATES["gate"].open()
    await house.end(run)
    broken = await house.core.threads.create(ANONYMOUS, None, {}, exist_ok=False)
    moods["open"] = False
    failed = await house.finish(broken.thread_id, "one", graph="moody")
    assert (failed.status, failed.error) == (RunStatus.ERROR, {"error": "ValueError", "message": "not in the mood"})


async def test_a_run_that_is_unknown_can_neither_be_read_nor_followed(house: House) -> None:
    with pytest.raises(RunNotFound):
        await house.core.runs.get(ANONYMOUS, await house.thread(), new_id())
    run = await house.finish(None, "one")
    with pytest.raises(RunNotFound):
        await house.core.runs.get(ANONYMOUS, new_id(), run.run_id)
    with pytest.raises(NotStreamable, match=r"is not active on this worker and cannot be streamed$"):
        await house.core.runs.follow(replace(run, run_id=new_id()), 0)
