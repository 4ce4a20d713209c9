"""What the engine counts and times, read as Prometheus reads it."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

from prometheus_client.parser import text_string_to_metric_families

from kit.receiver import receiving
from kit.waiting import wait_until
from runline.kit.clock import SystemClock
from runline.model.usage import Caller, Tokens
from runline.model.viewer import ANONYMOUS
from runline.runs.meters import LONGEST_MODEL, MOST_MODELS, Meters
from runs.agents import GATES
from runs.house import GRAPHS, House, open_house

OPEN = {"url": {"require_https": False, "disable_loopback": False}}


def told(meters: Meters) -> dict[tuple[str, ...], float]:
    """All samples that are not zero, by name and the values of its labels in their order."""
    families = text_string_to_metric_families(meters.exposition().decode())
    samples = (sample for family in families for sample in family.samples if not sample.name.endswith("_created"))
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples if sample.value}


def ended(house: House) -> dict[str, float]:
    """How many runs have ended, by their end."""
    return {key[1]: value for key, value in told(house.core.meters).items() if key[0] == "runline_runs_ended_total"}


async def test_a_run_is_counted_and_timed_once(house: House) -> None:
    await house.finish(None, "begin", "end")

    found = told(house.core.meters)
    assert found["runline_runs_ended_total", "success"] == 1
    assert found["runline_run_duration_seconds_count", "success"] == 1
    assert found["runline_run_queue_seconds_count",] == 1
    assert found["runline_run_first_event_seconds_count",] == 1
    assert 0 < found["runline_run_first_event_seconds_sum",] < 10


async def test_every_way_to_end_has_a_name(house: House) -> None:
    """Also of runs that never began, which no worker sees."""
    await house.finish(None, "fail")
    thread_id = await house.thread()
    running = await house.hold(thread_id)
    waiting = [await house.create(thread_id, "later") for _ in range(2)]
    await house.cancel(waiting[0])
    await house.cancel(waiting[1], "rollback")
    await house.cancel(running, "rollback")
    await house.end(running)
    deleted = await house.hold(await house.thread())
    await house.core.runs.delete_thread(ANONYMOUS, deleted.thread_id)

    assert ended(house) == {"error": 1, "interrupted": 1, "rolled_back": 2, "deleted": 1}
    assert ("runline_leases_lost_total",) not in told(house.core.meters)


async def test_a_run_waits_from_the_moment_it_is_due(house: House) -> None:
    first = await house.hold(await house.thread())
    second = await house.create(first.thread_id, "end")
    created = monotonic()
    await house.finish(None, "another", "run")
    waited_at_least = monotonic() - created
    GATES["gate"].open()
    await house.end(first)
    await house.end(second)

    found = told(house.core.meters)
    assert found["runline_run_queue_seconds_count",] == 3
    assert found["runline_run_queue_seconds_sum",] >= waited_at_least


async def test_a_run_that_was_given_back_has_not_ended(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.hold()
        core = house.core
    assert ("runline_run_queue_seconds_count",) in told(core.meters)
    assert not any(name[0] == "runline_runs_ended_total" for name in told(core.meters))

    async with open_house(tmp_path) as house:
        GATES["gate"].open()
        await wait_until(lambda: ended(house) == {"success": 1})
        assert ("runline_run_queue_seconds_count",) not in told(house.core.meters)


async def test_an_attempt_that_lost_its_run_is_a_lost_lease(house: House) -> None:
    run = await house.hold()
    await house.core.leases.requeue(run, crashed=True)
    GATES["gate"].open()
    await wait_until(lambda: ("runline_leases_lost_total",) in told(house.core.meters))

    assert ended(house) == {}


async def test_runs_that_the_reaper_ends_are_counted(tmp_path: Path) -> None:
    async with open_house(tmp_path, workers={"max_attempts": 1}) as house:
        await house.abandon(await house.thread(), "attempt")
    async with open_house(tmp_path, workers={"max_attempts": 1}) as house:
        await wait_until(lambda: ended(house) == {"error": 1})


async def test_webhooks_are_counted_by_their_outcome(tmp_path: Path) -> None:
    settings = {"retry_seconds": 0.01, "max_attempts": 2}
    async with (
        receiving("500 No", "200 OK", "500 No", "500 No") as receiver,
        open_house(tmp_path, GRAPHS, {"webhooks": OPEN}, webhooks=settings) as house,
    ):
        counted: dict[str, float] = {}

        def outcomes() -> dict[str, float]:
            found = told(house.core.meters)
            counted.update(
                {key[1]: value for key, value in found.items() if key[0] == "runline_webhook_attempts_total"}
            )
            return counted

        await house.finish(None, "begin", webhook=receiver.url())
        await wait_until(lambda: outcomes() == {"retried": 1, "delivered": 1})
        await house.finish(None, "begin", webhook=receiver.url())
        await wait_until(lambda: outcomes() == {"retried": 2, "delivered": 1, "given_up": 1})


def test_names_of_models_are_bounded() -> None:
    meters = Meters(SystemClock())
    for number in range(MOST_MODELS + 5):
        meters.spent(f"model-{number}", Caller.SUBAGENT, Tokens(input_tokens=2, output_tokens=3))
    meters.spent("model-0", Caller.LEAD_AGENT, Tokens(input_tokens=7))

    found = told(meters)
    assert found["runline_tokens_total", "lead_agent", "input", "model-0"] == 7
    assert found["runline_tokens_total", "subagent", "output", "other"] == 15
    assert len({key[3] for key in found if key[0] == "runline_tokens_total"}) == MOST_MODELS + 1


def test_a_name_that_is_too_long_is_no_label() -> None:
    meters = Meters(SystemClock())
    meters.spent("x" * (LONGEST_MODEL + 1), Caller.SUBAGENT, Tokens(input_tokens=2))

    assert told(meters) == {("runline_tokens_total", "subagent", "input", "other"): 2}


async def test_two_cores_of_one_process_count_apart(house: House, another_folder: Path) -> None:
    async with open_house(another_folder) as other:
        await other.finish(None, "begin")
        assert (ended(other), ended(house)) == ({"success": 1}, {})


def test_every_metric_is_in_the_operators_guide() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    families = text_string_to_metric_families(Meters(SystemClock()).exposition().decode())
    names = [family.name for family in families if not family.name.endswith("_created")]

    assert len(names) == 10
    assert [name for name in names if f"`{name}" not in guide] == []
