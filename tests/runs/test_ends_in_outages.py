"""Runs that begin, end, or go on elsewhere, while the database is out of reach: all comes to what it should."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kit.waiting import wait_until
from runline.errors import Unavailable
from runline.graphs.postgres_checkpoints import PostgresSaver
from runline.graphs.sqlite_checkpoints import SqliteSaver
from runline.model.lifecycle import RunStatus, ThreadStatus
from runline.model.viewer import ANONYMOUS
from runs.agents import GATES
from runs.house import House, open_house


async def test_the_state_of_a_run_that_fails_is_read_when_it_can_be(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await house.create(await house.thread(), "one", "wait gate", "fail")
    await wait_until(lambda: GATES["gate"].inside)
    outages, read = iter(range(3)), house.core.runs.saver.aget_tuple

    async def away(config: Any) -> Any:
        if next(outages, None) is not None:
            raise Unavailable("The checkpoints cannot be read now.")
        return await read(config)

    monkeypatch.setattr(house.core.runs.saver, "aget_tuple", away)
    GATES["gate"].open()
    await house.end(run)
    thread = await house.core.threads.get(ANONYMOUS, run.thread_id)
    assert thread.values is not None
    assert thread.values["log"] == await house.log(run.thread_id) == ["one", "wait gate"]


async def test_a_run_goes_on_when_what_it_has_saved_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path) as house:
        run = await house.hold(await house.thread())
    GATES["gate"].open()
    outages = iter(range(3))

    def away_at_first(read: Callable[..., Any]) -> Callable[..., Any]:
        async def newest_of_run(saver: Any, run_id: str) -> Any:
            if next(outages, None) is not None:
                raise Unavailable("The checkpoints cannot be read now.")
            return await read(saver, run_id)

        return newest_of_run

    for kind in (SqliteSaver, PostgresSaver):
        monkeypatch.setattr(kind, "newest_of_run", away_at_first(kind.newest_of_run))
    async with open_house(tmp_path) as house:
        await house.end(await house.now(run))
        assert await house.status(run) is RunStatus.SUCCESS
        assert await house.log(run.thread_id) == ["begin", "wait gate", "end"]


async def test_a_run_begins_when_what_it_has_told_can_be_read(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What else waits for the database waits as long: its end could not be written down."""
    thread_id = await house.thread()
    abandoned = await house.abandon(thread_id, "one", stream_resumable=True)
    outages, segments = iter(range(3)), house.core.runs.streams.segments
    read = segments.last_seq

    async def away(run_id: str) -> int:
        if next(outages, None) is not None:
            raise Unavailable("The events cannot be read now.")
        return await read(run_id)

    monkeypatch.setattr(segments, "last_seq", away)
    await house.reaper(max_attempts=2).reap(everything=True)
    await house.reach(abandoned, RunStatus.SUCCESS)
    assert next(outages, None) is None
    assert (await house.now(abandoned)).attempt == 2


async def test_a_slot_that_cannot_be_given_back_yet_is_given_back_in_the_next_round(
    house: House, monkeypatch: pytest.MonkeyPatch, logs: list[Any]
) -> None:
    thread_id = await house.thread()
    assert await house.core.threads.hold(ANONYMOUS, thread_id, 0)
    outages, take_over = iter(range(1)), house.core.threads.take_over

    async def away(*asked: Any) -> Any:
        if next(outages, None) is not None:
            raise Unavailable("The database cannot serve this now.")
        return await take_over(*asked)

    monkeypatch.setattr(house.core.threads, "take_over", away)
    statuses = []
    for _ in range(2):
        await house.reaper().reap(everything=True)
        statuses.append((await house.get_thread(thread_id)).status)
    assert statuses == [ThreadStatus.BUSY, ThreadStatus.IDLE]
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == []
