"""Idempotency keys: a creation that is sent again makes no second run."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from runline.errors import Conflict, ThreadBusy
from runline.kit.ids import new_id
from runline.model.idempotency import IdempotencyKey
from runline.model.lifecycle import MultitaskStrategy
from runline.model.run import Run
from runline.model.viewer import ANONYMOUS
from runline.storage.idempotency import sweep_keys
from runline.storage.runs import Admitted
from storage.world import ALICE, ASSISTANT, BOB, World

KEY = IdempotencyKey("key", "fingerprint")


async def admit(world: World, run: Run, key: IdempotencyKey = KEY) -> Admitted:
    return await world.runs.admit(run, ASSISTANT, world.claimant(), key)


async def test_a_key_that_made_a_run_gives_that_run_again_and_nothing_else_happens(world: World) -> None:
    thread = await world.thread()
    first = await admit(world, world.run(thread.thread_id))
    assert first.is_new
    before = await world.all_rows()
    again = await admit(world, world.run(thread.thread_id, multitask_strategy=MultitaskStrategy.ROLLBACK))
    assert (again.is_new, again.run, again.evicted) == (False, await world.runs.get(ANONYMOUS, first.run.run_id), ())
    assert await world.all_rows() == before


async def test_the_run_is_given_as_it_is_now(world: World) -> None:
    run = (await admit(world, world.run(new_id(), create_thread=True))).run
    await world.finish(run)
    again = await admit(world, world.run(new_id(), create_thread=True))
    assert (again.run.run_id, again.run.status) == (run.run_id, "success")


async def test_of_two_requests_at_once_one_makes_the_run(world: World) -> None:
    made = await asyncio.gather(*(admit(world, world.run(new_id(), create_thread=True)) for _ in range(5)))
    assert sorted(admitted.is_new for admitted in made) == [False] * 4 + [True]
    assert len({admitted.run.run_id for admitted in made}) == 1
    assert len((await world.all_rows())[0]) == 1


async def test_the_key_of_another_request_is_a_conflict(world: World) -> None:
    await admit(world, world.run(new_id(), create_thread=True))
    before = await world.all_rows()
    with pytest.raises(Conflict, match=r"^This Idempotency-Key was used with a different request\.$"):
        await admit(world, world.run(new_id(), create_thread=True), IdempotencyKey("key", "other"))
    assert await world.all_rows() == before


async def test_the_key_of_a_deleted_run_is_a_conflict(world: World) -> None:
    run = (await admit(world, world.run(new_id(), create_thread=True))).run
    await world.threads.delete(ANONYMOUS, run.thread_id)
    with pytest.raises(Conflict, match=f"made run {run.run_id}, which is not kept any more"):
        await admit(world, world.run(new_id(), create_thread=True))


async def test_keys_are_each_viewers_own(world: World) -> None:
    for viewer in (ALICE, BOB):
        assert (await admit(world, world.run(new_id(), viewer, create_thread=True))).is_new


async def test_a_refused_creation_does_not_use_its_key_up(world: World) -> None:
    running = await world.start(new_id(), create_thread=True)
    with pytest.raises(ThreadBusy):
        await world.runs.admit(rejecting(world, running.thread_id), ASSISTANT, None, KEY)
    await world.finish(running)
    assert (await admit(world, rejecting(world, running.thread_id))).is_new


async def test_old_keys_are_forgotten(world: World) -> None:
    await admit(world, world.run(new_id(), create_thread=True))
    world.clock.pass_(60)
    young = IdempotencyKey("young", "fingerprint")
    await admit(world, world.run(new_id(), create_thread=True), young)
    before = world.clock.now() - timedelta(seconds=30)
    assert await world.database.write(lambda connection: sweep_keys(connection, before)) == 1
    assert (await admit(world, world.run(new_id(), create_thread=True))).is_new
    assert not (await admit(world, world.run(new_id(), create_thread=True), young)).is_new


def rejecting(world: World, thread_id: str) -> Run:
    return world.run(thread_id, multitask_strategy=MultitaskStrategy.REJECT)
