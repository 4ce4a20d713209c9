"""Several nodes over one database and one Redis: whichever executes a run, all can read, stop and take it over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kit.redis_server import RedisPlace, redis_place
from kit.waiting import wait_until
from runline.errors import NotStreamable, RunNotFound
from runline.model.lifecycle import RunStatus, StopReason
from runline.model.run import Run
from runline.model.viewer import ANONYMOUS, Viewer
from runs.agents import GATES
from runs.house import House, Told
from runs.nodes import Site, kill, open_site

PATIENCE_SECONDS = 10.0
"""On a busy machine Redis takes its time, and is not away."""


@pytest.fixture
def place(redis_uri: str) -> Iterator[RedisPlace]:
    with redis_place(redis_uri) as place:
        yield place


@pytest.fixture
async def site(tmp_path: Path, place: RedisPlace) -> AsyncIterator[Site]:
    async with open_site(tmp_path, place) as site:
        yield replace(site, redis_seconds=PATIENCE_SECONDS)


@pytest.fixture
async def here(site: Site) -> AsyncIterator[House]:
    async with site.node() as house:
        yield house


@pytest.fixture
async def there(site: Site) -> AsyncIterator[House]:
    async with site.node() as house:
        yield house


async def reading(house: House, run: Run, after: int | None = 0) -> tuple[Told, asyncio.Task[Any]]:
    """Read on a node that does not execute the run, in the background."""
    told = Told()

    async def read() -> None:
        await house.read_into(told, run, after)

    return told, asyncio.create_task(read())


@pytest.mark.parametrize("resumable", [False, True])
async def test_a_run_is_read_and_joined_on_a_node_that_does_not_execute_it(
    here: House, there: House, resumable: bool
) -> None:
    run = await here.hold(await here.thread(), stream_resumable=resumable)
    told, task = await reading(there, run)
    joined = asyncio.create_task(there.core.runs.result(run))
    await wait_until(lambda: len(told.events) >= 2)
    GATES["gate"].open()
    own = await here.end(run)
    await task
    assert (told.events, told.ended) == (own.events, own.ended)
    assert own.ended
    assert await joined == own.ended.result


async def test_a_run_that_finds_no_free_slot_is_claimed_elsewhere_at_once_and_told_where_it_was_created(
    site: Site,
) -> None:
    async with site.node(concurrency=1) as full, site.node() as free:
        holding = await full.hold(await full.thread())
        run = await full.create(await full.thread(), "one", "two")
        told = await full.read(run)
        assert told.ended
        assert run.run_id not in full.core.worker.live
        assert await full.log(run.thread_id) == ["one", "two"]
        GATES["gate"].open()
        await free.end(run)
        await full.end(holding)


@pytest.mark.parametrize("resumable", [False, True])
async def test_a_stateless_run_that_has_ended_is_joined_on_any_node(site: Site, resumable: bool) -> None:
    """Its row is gone; where it was created, and which node has executed it, does not matter."""
    async with site.node(concurrency=1) as full, site.node() as free:
        holding = await full.hold(await full.thread())
        run = await full.create(None, "one", temporary=True, stream_resumable=resumable)
        own = await free.end(run)
        await full.reach(run, RunStatus.SUCCESS if resumable else None)
        async with site.node() as third:
            for house in (full, free, third):
                found = await house.core.runs.find(ANONYMOUS, run.run_id)
                assert (found.thread_id, found.spec.stream_resumable) == (run.thread_id, resumable)
                assert (await house.read(found)).events == own.events
                with pytest.raises(RunNotFound):
                    await house.core.runs.find(Viewer("somebody else"), run.run_id)
        GATES["gate"].open()
        await full.end(holding)


async def all_told(house: House) -> None:
    """Until Redis has all that the house tells it."""
    await wait_until(lambda: house.core.redis and house.core.redis.writer.idle)


async def test_a_stateless_run_that_redis_forgot_is_not_found(site: Site, place: RedisPlace) -> None:
    async with site.node() as here, site.node() as there:
        run = await here.finish(None, "one", temporary=True)
        await all_told(here)
        place.empty()
        with pytest.raises(RunNotFound):
            await there.core.runs.find(ANONYMOUS, run.run_id)


@pytest.mark.parametrize("action", ["interrupt", "rollback"])
async def test_a_cancel_reaches_the_node_that_executes_the_run(here: House, there: House, action: str) -> None:
    """No lease is renewed meanwhile: it is the bell that tells."""
    run = await here.hold(await here.thread())
    told, task = await reading(there, run)
    await there.cancel(run, action)
    await there.core.runs.result(run)
    await task
    assert told.ended
    await here.reach(run, RunStatus.INTERRUPTED if action == "interrupt" else None)


async def test_a_deletion_waits_for_the_node_that_executes_the_run(here: House, there: House) -> None:
    run = await here.hold(await here.thread())
    await there.core.runs.delete(ANONYMOUS, run.thread_id, run.run_id)
    assert await there.status(run) is None
    assert run.run_id not in here.core.worker.live or here.core.worker.live[run.run_id].stop_reason
    await here.core.worker.ended(run.run_id)


async def test_the_deletion_of_a_thread_stops_its_run_elsewhere(here: House, there: House) -> None:
    run = await here.hold(await here.thread())
    await there.core.runs.delete_thread(ANONYMOUS, run.thread_id)
    assert await there.status(run) is None
    await here.core.worker.ended(run.run_id)


async def test_a_run_that_waits_and_is_cancelled_elsewhere_ends_for_its_readers(here: House, there: House) -> None:
    thread_id = await here.thread()
    first = await here.hold(thread_id)
    second = await here.create(thread_id, "never")
    told, task = await reading(here, second)
    await there.cancel(second)
    await task
    assert (told.events, told.result) == ([], None)
    GATES["gate"].open()
    await here.end(first)


async def take_over(heir: House, run: Run, max_attempts: int = 3) -> None:
    """As a node does that finds the lease of a killed one ended. No lease ends by itself, however busy the machine."""
    await heir.let_lease_end(run)
    assert await heir.reaper(max_attempts).reap() == 1


@pytest.mark.parametrize("resumable", [False, True])
async def test_readers_elsewhere_see_the_attempt_that_follows_a_crash(site: Site, resumable: bool) -> None:
    async with AsyncExitStack() as stack:
        dying = await stack.enter_async_context(site.node())
        run = await dying.hold(await dying.thread(), stream_resumable=resumable)
        async with site.node() as heir, site.node(concurrency=1) as bystander:
            holding = await bystander.hold(await bystander.thread(), gate="other")
            told, task = await reading(bystander, run)
            await wait_until(lambda: len(told.events) >= 2)
            visits = GATES["gate"].visits
            await kill(dying)
            await take_over(heir, run)
            await wait_until(lambda: GATES["gate"].visits > visits)
            assert run.run_id in heir.core.worker.live
            GATES["gate"].open()
            await task
            assert [entry["attempt"] for entry in told.data("metadata")] == [1, 2]
            assert told.seqs == sorted(set(told.seqs))
            assert not resumable or told.seqs == list(range(1, len(told.seqs) + 1))
            assert told.result["log"] == ["begin", "wait gate", "end"]
            GATES["other"].open()
            await bystander.end(holding)


async def test_a_node_whose_readers_mirror_a_run_may_be_the_one_that_goes_on_with_it(site: Site) -> None:
    async with AsyncExitStack() as stack:
        dying = await stack.enter_async_context(site.node())
        run = await dying.hold(await dying.thread())
        async with site.node() as heir:
            told, task = await reading(heir, run)
            await wait_until(lambda: len(told.events) >= 2)
            visits = GATES["gate"].visits
            await kill(dying)
            await take_over(heir, run)
            await wait_until(lambda: GATES["gate"].visits > visits)
            GATES["gate"].open()
            await task
            assert [entry["attempt"] for entry in told.data("metadata")] == [1, 2]
            assert told.result["log"] == ["begin", "wait gate", "end"]


async def test_a_run_that_is_given_up_after_crashes_ends_in_error_for_readers_elsewhere(site: Site) -> None:
    async with AsyncExitStack() as stack:
        dying = await stack.enter_async_context(site.node())
        run = await dying.hold(await dying.thread())
        async with site.node() as heir, site.node() as bystander:
            told, task = await reading(bystander, run)
            joined = asyncio.create_task(bystander.core.runs.result(run))
            await wait_until(lambda: len(told.events) >= 2)
            await kill(dying)
            await take_over(heir, run, max_attempts=1)
            await task
            assert told.names[-1] == "error"
            assert told.data("error")[0]["error"] == "WorkerDied"
            assert b"WorkerDied" in await joined


async def test_readers_of_a_node_that_lost_its_lease_see_the_attempt_that_follows(site: Site) -> None:
    async with site.node() as here, site.node() as there:
        run = await here.hold(await here.thread())
        readings = [await reading(house, run) for house in (here, there)]
        await wait_until(lambda: all(len(told.events) >= 2 for told, _ in readings))
        visits = GATES["gate"].visits
        here.core.worker.live[run.run_id].stop(StopReason.LEASE_LOST)
        await wait_until(lambda: GATES["gate"].visits > visits)
        GATES["gate"].open()
        for told, task in readings:
            await task
            assert [entry["attempt"] for entry in told.data("metadata")] == [1, 2]
            assert told.result["log"] == ["begin", "wait gate", "end"]


async def test_a_run_whose_node_died_and_that_is_rolled_back_ends_for_readers_elsewhere(site: Site) -> None:
    async with AsyncExitStack() as stack:
        dying = await stack.enter_async_context(site.node())
        run = await dying.hold(await dying.thread())
        async with site.node() as heir, site.node() as bystander:
            told, task = await reading(bystander, run)
            await wait_until(lambda: len(told.events) >= 2)
            await kill(dying)
            await heir.cancel(run, "rollback")
            await take_over(heir, run)
            await task
            assert told.ended
            assert await heir.status(run) is None


async def test_a_node_that_shuts_down_gives_its_runs_to_the_others_at_once(site: Site) -> None:
    async with site.node() as heir:
        async with site.node() as leaving:
            run = await leaving.hold(await leaving.thread())
            visits = GATES["gate"].visits
        await wait_until(lambda: GATES["gate"].visits > visits)
        GATES["gate"].open()
        told = await heir.end(run)
        assert told.result["log"] == ["begin", "wait gate", "end"]


async def test_a_run_that_ended_elsewhere_is_read_from_redis_while_it_is_kept(
    here: House, there: House, place: RedisPlace
) -> None:
    run = await here.finish(await here.thread(), "one", "two")
    own = await here.read(run)
    await all_told(here)
    assert (await there.read(run)).events == own.events
    assert (await there.read(run, after=2)).events == own.events[2:]


@pytest.mark.parametrize("resumable", [False, True])
async def test_a_run_that_ended_and_that_redis_forgot_is_read_from_the_store_or_refused(
    here: House, there: House, place: RedisPlace, resumable: bool
) -> None:
    run = await here.finish(await here.thread(), "one", "two", stream_resumable=resumable)
    own = await here.read(run)
    await all_told(here)
    place.empty()
    if resumable:
        assert (await there.read(run)).events == own.events
    else:
        with pytest.raises(NotStreamable):
            await there.read(run)
    assert own.ended
    assert await there.core.runs.result(run) == own.ended.result


async def test_whoever_follows_a_thread_is_told_of_runs_that_other_nodes_execute(here: House, there: House) -> None:
    thread_id = await here.thread()
    _, parts = await there.core.thread_streams.follow(ANONYMOUS, thread_id, None, updates=False)
    names: list[str] = []

    async def follow() -> None:
        async for part in parts:
            names.append(type(part).__name__)
            if names[-1] == "RunDone":
                return

    task = asyncio.create_task(follow())
    await wait_until(lambda: there.core.redis and there.core.redis.rings.hears(f"thread:{thread_id}"))
    await here.finish(thread_id, "one")
    await task
    assert names[0] == "RunTold"
