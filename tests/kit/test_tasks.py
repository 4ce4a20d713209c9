"""Supervised tasks: named, ended together, never silently dead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from kit.leaks import nothing_leaks
from kit.waiting import let_others_run, wait_until
from runline.kit import tasks as module
from runline.kit.tasks import TaskSet


@pytest.fixture(autouse=True)
async def leak_free() -> AsyncIterator[None]:
    async with nothing_leaks():
        yield


@pytest.fixture
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_BACKOFF_SECONDS", 0.001)
    monkeypatch.setattr(module, "_LAST_BACKOFF_SECONDS", 0.004)


async def forever() -> None:
    await asyncio.Event().wait()


async def test_leaving_the_set_cancels_and_awaits_all_of_its_tasks() -> None:
    ended: list[str] = []

    async def work(name: str) -> None:
        try:
            await forever()
        finally:
            await asyncio.sleep(0)
            ended.append(name)

    async with TaskSet() as tasks:
        spawned = [tasks.spawn(name, work(name)) for name in ("one", "two")]
        await let_others_run()
    assert sorted(ended) == ["one", "two"]
    assert all(task.done() for task in spawned)


async def test_a_task_carries_its_name_and_its_result() -> None:
    async def work() -> int:
        return 3

    async with TaskSet() as tasks:
        task = tasks.spawn("count", work())
        assert task.get_name() == "count"
        assert await task == 3


async def test_a_failure_that_nobody_awaits_is_logged_with_the_name() -> None:
    async def work() -> None:
        raise ValueError("lost")

    with capture_logs() as logs:
        async with TaskSet() as tasks:
            task = tasks.spawn("doomed", work())
            await wait_until(task.done)
            await let_others_run()
    (entry,) = logs
    assert (entry["log_level"], entry["task"], str(entry["exc_info"])) == ("error", "doomed", "lost")


async def test_a_cancelled_task_is_no_failure() -> None:
    with capture_logs() as logs:
        async with TaskSet() as tasks:
            tasks.spawn("idle", forever()).cancel()
            await let_others_run()
    assert logs == []


async def test_a_supervised_step_is_called_for_ever() -> None:
    calls = 0

    async def step() -> None:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0)

    async with TaskSet() as tasks:
        task = tasks.supervise("loop", step)
        await wait_until(lambda: calls > 10)
        assert not task.done()
    assert task.cancelled()


@pytest.mark.usefixtures("no_backoff")
async def test_a_failing_step_is_logged_and_tried_again() -> None:
    calls = 0

    async def step() -> None:
        nonlocal calls
        calls += 1
        if calls < 4:
            raise ValueError(f"failure {calls}")
        await forever()

    with capture_logs() as logs:
        async with TaskSet() as tasks:
            tasks.supervise("loop", step)
            await wait_until(lambda: calls == 4)
    assert [(entry["loop"], entry["retry_in_seconds"]) for entry in logs] == [
        ("loop", 0.001),
        ("loop", 0.002),
        ("loop", 0.004),
    ]


@pytest.mark.usefixtures("no_backoff")
async def test_the_pause_after_a_failure_grows_to_a_limit_and_starts_anew_after_a_success() -> None:
    outcomes = [False, False, False, False, True, False]

    async def step() -> None:
        if not outcomes:
            await forever()
        if not outcomes.pop(0):
            raise ValueError("again")

    with capture_logs() as logs:
        async with TaskSet() as tasks:
            tasks.supervise("loop", step)
            await wait_until(lambda: not outcomes)
            await let_others_run()
    assert [entry["retry_in_seconds"] for entry in logs] == [0.001, 0.002, 0.004, 0.004, 0.001]


@pytest.mark.usefixtures("no_backoff")
async def test_a_step_that_ends_by_a_stray_cancellation_does_not_end_the_loop_silently() -> None:
    """Only a cancellation of the loop itself ends it; awaiting a task that somebody else cancelled does not."""
    calls = 0

    async def step() -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise asyncio.CancelledError
        await forever()

    with capture_logs() as logs:
        async with TaskSet() as tasks:
            tasks.supervise("loop", step)
            await let_others_run(50)
            assert calls == 2 or logs
