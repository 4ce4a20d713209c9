"""What is written down for webhooks: every end of a run, once, in the transaction that ends it, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import literal_column, null, select, update

from runline.errors import RunNotFound
from runline.kit.ids import new_id
from runline.model.delivery import DeliveryStatus
from runline.model.lifecycle import RunStatus, StopReason
from runline.model.run import Run, RunOutcome
from runline.model.viewer import ANONYMOUS
from runline.storage.deliveries import Result, Taken, sweep_deliveries
from runline.storage.tables import webhook_deliveries
from storage.world import ALICE, FAILED, SUCCESS, World, state

URL = "https://example.com/hook"
LEASE_SECONDS = 20.0

Values = dict[str, Any]


async def told(world: World) -> list[tuple[str, str]]:
    """Each end that was written down: of which run, and how it is called."""
    return [(taken.end.run.run_id, taken.end.status) for taken in await world.deliveries.take(100, LEASE_SECONDS)]


async def started(world: World, **spec: Any) -> Run:
    return await world.start(new_id(), create_thread=True, webhook=URL, **spec)


async def pending(world: World, **spec: Any) -> Run:
    return await world.add(new_id(), create_thread=True, webhook=URL, **spec)


async def due(world: World) -> Taken:
    """A delivery whose first attempt has begun."""
    await world.finish(await started(world))
    (taken,) = await world.deliveries.take(10, LEASE_SECONDS)
    return taken


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (SUCCESS, None),
        (FAILED, FAILED.error),
        (RunOutcome(RunStatus.INTERRUPTED, stopped_by=StopReason.INTERRUPT), "UserInterrupt"),
    ],
    ids=["success", "error", "interrupted"],
)
@pytest.mark.parametrize("stateless", [False, True])
async def test_an_end_is_written_down_with_the_run_as_of_then(
    world: World, outcome: RunOutcome, error: Any, stateless: bool
) -> None:
    run = await started(world, temporary=stateless, input={"a": 1}, metadata={"m": 1})
    values = {"messages": ["hi"]}

    ending = await world.leases.finish(
        run, RunOutcome(outcome.status, outcome.error, values, outcome.stopped_by), state(), None
    )

    (taken,) = await world.deliveries.take(10, LEASE_SECONDS)
    assert ending.held
    assert (taken.end.status, taken.end.values) == (outcome.status, values)
    assert (taken.end.run.spec, taken.end.run.metadata) == (run.spec, run.metadata)
    assert taken.end.run.status is outcome.status
    assert taken.end.run.updated_at == taken.end.ended_at == taken.end.run.ended_at
    assert taken.end.run.started_at == run.started_at
    assert taken.end.error == error or (taken.end.error or {})["error"] == error


async def test_what_is_no_ordinary_json_is_told_too(world: World) -> None:
    run = await started(world, input={"far": 2**100, "nothing": float("nan"), "half": "\ud800"})
    await world.leases.finish(run, RunOutcome(RunStatus.SUCCESS, None, {"set": {1}}), state(), None)

    (taken,) = await world.deliveries.take(10, LEASE_SECONDS)
    assert taken.end.run.spec.input == {"far": 2.0**100, "nothing": None, "half": "\ufffd"}
    assert taken.end.values == {"set": [1]}


async def test_a_run_without_a_webhook_writes_nothing(world: World) -> None:
    await world.finish(await world.start(new_id(), create_thread=True))
    assert await told(world) == []


async def test_an_attempt_that_owns_its_run_no_more_writes_nothing(world: World) -> None:
    run = await started(world)
    await world.leases.requeue(run, crashed=True)
    (again,) = await world.claim()

    assert not (await world.finish(run)).held
    assert await told(world) == []
    await world.finish(again)
    assert await told(world) == [(run.run_id, "success")]


async def test_an_end_that_gives_way_to_a_stop_writes_nothing(world: World) -> None:
    run = await started(world)
    await world.stop(run, StopReason.INTERRUPT)

    assert (await world.finish(run)).stop is StopReason.INTERRUPT
    assert await told(world) == []


async def test_an_end_that_is_committed_twice_is_written_down_once(world: World) -> None:
    """As when its first commit succeeded although it was said to have failed."""
    run = await started(world)
    await world.finish(run)
    await world.finish(run)
    assert await told(world) == [(run.run_id, "success")]


@pytest.mark.parametrize("stateless", [False, True])
async def test_a_rollback_is_told_although_its_run_is_gone(world: World, stateless: bool) -> None:
    run = await started(world, temporary=stateless)
    await world.stop(run, StopReason.ROLLBACK)
    for _ in range(2):
        await world.leases.discard(run, state({"a": 1}), None, StopReason.ROLLBACK)

    (taken,) = await world.deliveries.take(10, LEASE_SECONDS)
    assert await world.row(run) is None
    assert (taken.end.status, taken.end.values) == ("rollback", {"a": 1})
    assert (taken.end.error or {})["error"] == "UserRollback"


@pytest.mark.parametrize(
    "reason", [StopReason.INTERRUPT, StopReason.ROLLBACK, StopReason.DELETE, StopReason.DISCONNECT]
)
@pytest.mark.parametrize("stateless", [False, True])
async def test_a_run_that_never_started_is_told_of_unless_it_was_deleted(
    world: World, reason: StopReason, stateless: bool
) -> None:
    run = await pending(world, temporary=stateless)
    await world.stop(run, reason)

    name = {StopReason.ROLLBACK: "rollback", StopReason.DELETE: None}.get(reason, "interrupted")
    assert await told(world) == ([(run.run_id, name)] if name else [])


@pytest.mark.parametrize(("strategy", "name"), [("interrupt", "interrupted"), ("rollback", "rollback")])
async def test_a_run_that_is_evicted_is_told_of(world: World, strategy: str, name: str) -> None:
    run = await pending(world)
    await world.add(run.thread_id, multitask_strategy=strategy)
    assert await told(world) == [(run.run_id, name)]


async def test_deleting_a_run_or_its_thread_tells_nothing_new_and_keeps_what_is_to_be_told(world: World) -> None:
    ended, running = await started(world), await started(world)
    await world.finish(ended)
    await world.leases.discard(ended, state(), None, StopReason.DELETE)
    await world.threads.delete(ANONYMOUS, ended.thread_id)
    await world.threads.delete(ANONYMOUS, running.thread_id)
    assert await told(world) == [(ended.run_id, "success")]


async def test_an_open_attempt_comes_due_again_after_its_lease(world: World) -> None:
    taken = await due(world)
    assert await world.deliveries.take(10, LEASE_SECONDS) == []

    world.clock.pass_(LEASE_SECONDS)

    (again,) = await world.deliveries.take(10, LEASE_SECONDS)
    assert again.delivery.delivery_id == taken.delivery.delivery_id
    assert (taken.delivery.attempts, again.delivery.attempts) == (1, 2)
    # the first attempt was not dead, only slow: its word comes too late
    await world.deliveries.record(taken.delivery, Result(200))
    assert (await log_of(world, taken)).status is DeliveryStatus.PENDING


async def log_of(world: World, taken: Taken) -> Any:
    (entry,) = await world.deliveries.list_of_run(ANONYMOUS, taken.delivery.thread_id, taken.delivery.run_id)
    return entry


async def test_a_delivery_that_failed_is_due_when_it_was_said(world: World) -> None:
    taken = await due(world)
    again_at = world.clock.now()
    world.clock.pass_(-1)

    await world.deliveries.record(taken.delivery, Result(500, "The receiver answered 500", again_at))

    assert await world.deliveries.take(10, LEASE_SECONDS) == []
    assert await world.deliveries.next_due() == again_at
    entry = await log_of(world, taken)
    assert (entry.status, entry.status_code, entry.error) == ("pending", 500, "The receiver answered 500")


@pytest.mark.parametrize(("result", "status"), [(Result(204), "delivered"), (Result(410, "Gone"), "failed")])
async def test_a_delivery_that_is_over_keeps_its_log_and_drops_what_it_told(
    world: World, result: Result, status: str
) -> None:
    taken = await due(world)
    await world.deliveries.record(taken.delivery, result)
    world.clock.pass_(LEASE_SECONDS)

    assert await world.deliveries.next_due() is None
    entry = await log_of(world, taken)
    assert (entry.status, entry.status_code, entry.error) == (status, result.status_code, result.error)
    query = select(webhook_deliveries.c.told)
    assert await world.database.read(lambda connection: connection.execute(query).scalar_one()) is None


async def test_the_log_is_its_owners_alone(world: World) -> None:
    taken = await due(world)
    for viewer, thread_id in ((ALICE, taken.delivery.thread_id), (ANONYMOUS, new_id())):
        with pytest.raises(RunNotFound):
            await world.deliveries.list_of_run(viewer, thread_id, taken.delivery.run_id)
    assert await log_of(world, taken)


async def test_a_run_without_a_webhook_has_an_empty_log(world: World) -> None:
    run = await world.start(new_id(), create_thread=True)
    assert await world.deliveries.list_of_run(ANONYMOUS, run.thread_id, run.run_id) == []


async def test_what_is_over_is_swept_and_what_is_open_is_not(world: World) -> None:
    taken = await due(world)
    await world.deliveries.record(taken.delivery, Result(200))
    kept = await due(world)
    world.clock.pass_(1_000_000)
    now = world.clock.now()

    assert await world.database.write(lambda connection: sweep_deliveries(connection, now)) == 1

    assert await log_of(world, kept)
    assert await world.deliveries.list_of_run(ANONYMOUS, kept.delivery.thread_id, kept.delivery.run_id)


@pytest.mark.parametrize(
    "damage", [{"told": '{"run": 5}'}, {"told": "{"}, {"told": None}, {"created_at": "yesterday"}], ids=str
)
async def test_a_row_that_cannot_be_read_is_given_up_and_holds_up_no_other(
    world: World, damage: dict[str, Any]
) -> None:
    run = await started(world)
    await world.finish(run)
    wrong = {name: null() if text is None else literal_column(f"'{text}'") for name, text in damage.items()}
    await world.execute(update(webhook_deliveries).values(wrong))
    other = await started(world)
    await world.finish(other)

    assert await told(world) == [(other.run_id, "success")]
    world.clock.pass_(LEASE_SECONDS)
    query = select(webhook_deliveries.c.status).where(webhook_deliveries.c.run_id == run.run_id)
    assert await world.database.read(lambda connection: connection.execute(query).scalar_one()) == "failed"


async def test_no_receiver_takes_more_than_half_of_what_the_others_leave(world: World) -> None:
    for host, runs in (("slow", 10), ("slower", 10), ("quick", 2)):
        for _ in range(runs):
            await world.finish(await world.start(new_id(), create_thread=True, webhook=f"https://{host}.test/"))
    taken = await world.deliveries.take(8, LEASE_SECONDS, {"slower.test": 1})
    hosts = [each.delivery.url for each in taken]
    assert [hosts.count(f"https://{host}.test/") for host in ("slow", "slower", "quick")] == [4, 2, 1]
    assert await world.deliveries.take(0, LEASE_SECONDS) == []


async def test_the_next_to_be_due_is_looked_for_at_receivers_that_may_be_called(world: World) -> None:
    first = await world.start(new_id(), create_thread=True, webhook="https://slow.test:8443/")
    await world.finish(first)
    assert await world.deliveries.next_due(["slow.test:8443"]) is None
    world.clock.pass_(5)
    await world.finish(await started(world))
    later = await world.deliveries.next_due(["slow.test:8443"])
    sooner = await world.deliveries.next_due()
    assert sooner
    assert later
    assert later - sooner >= timedelta(seconds=5)
