"""Crons: runs that are made again and again, at the times of a schedule."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import NotFoundError, UnprocessableEntityError
from langgraph_sdk.schema import Thread

from fundamentals.reading import log, log_of, until_status
from gateway import wait_until

Mark = dict[str, str]

EVERY_SECOND = "* * * * * *"
YEARLY = "0 0 1 1 *"


def in_months(number: int) -> str:
    """A schedule that comes due on the first of a month, so many months ahead."""
    return f"0 0 1 {(datetime.now(UTC).month + number - 1) % 12 + 1} *"


@pytest.fixture(autouse=True)
async def no_cron_stays(client: LangGraphClient) -> AsyncIterator[None]:
    """The gateway is shared: what a test leaves would go on."""
    yield
    for cron in await client.crons.search(limit=1000):
        await client.crons.delete(cron["cron_id"])


async def create(client: LangGraphClient, schedule: str = YEARLY, **asked: Any) -> Any:
    """A cron each of whose runs has a thread of its own. (What the SDK calls a Run here is a Cron.)"""
    return await client.crons.create("steps", schedule=schedule, **{"input": log("tick"), **asked})


async def create_on(client: LangGraphClient, thread_id: str, schedule: str = YEARLY, **asked: Any) -> Any:
    """A cron on a thread."""
    more = {"input": log("tick"), **asked}
    return await client.crons.create_for_thread(thread_id, "steps", schedule=schedule, **more)


async def search(client: LangGraphClient, **wanted: Any) -> list[Any]:
    """Crons as they come over the wire; the SDK's type says datetime where it gives text."""
    return list(await client.crons.search(**wanted))


async def runs_of(client: LangGraphClient, thread_id: str, count: int) -> list[Any]:
    """The thread's runs as soon as there are so many."""

    async def enough() -> list[Any]:
        runs = await client.runs.list(thread_id, limit=100)
        return runs if len(runs) >= count else []

    return await wait_until(enough)


async def test_a_cron_on_a_thread_makes_its_runs_there(client: LangGraphClient, thread_id: str) -> None:
    """Six fields have the seconds last. The thread's state grows with every run; each run names its cron."""
    cron = await create_on(client, thread_id, EVERY_SECOND, metadata={"for": "the log"})
    runs = await runs_of(client, thread_id, 2)
    await client.crons.delete(cron["cron_id"])

    assert (cron["thread_id"], cron["on_run_completed"]) == (thread_id, None)
    assert {run["metadata"]["cron_id"] for run in runs} == {cron["cron_id"]}
    assert {run["metadata"]["for"] for run in runs} == {"the log"}
    for run in runs:
        await until_status(client, thread_id, run["run_id"], "success")
    state = await client.threads.get_state(thread_id)
    assert log_of(state["values"])[:8] == ["tick", "one", "two", "three"] * 2


async def test_each_run_of_a_cron_can_keep_a_thread_of_its_own(client: LangGraphClient) -> None:
    """`on_run_completed="keep"`: the threads are found by the cron's metadata, or by its id."""
    cron = await create(client, EVERY_SECOND, on_run_completed="keep")

    async def kept() -> list[Thread]:
        found = await client.threads.search(metadata={"cron_id": cron["cron_id"]}, status="idle")
        return found if len(found) >= 2 else []

    threads = await wait_until(kept)
    assert {tuple(log_of(thread["values"])) for thread in threads} == {("tick", "one", "two", "three")}


async def test_a_cron_leaves_no_threads_unless_it_is_asked_to(client: LangGraphClient) -> None:
    cron = await create(client, EVERY_SECOND)

    async def fired() -> Any:
        (now,) = await search(client, limit=1)
        return now["next_run_date"] > cron["next_run_date"]

    await wait_until(fired)
    assert cron["on_run_completed"] == "delete"
    assert await client.threads.count(metadata={"cron_id": cron["cron_id"]}) == 0


async def test_hours_are_those_of_a_time_zone(client: LangGraphClient) -> None:
    """Also when its clocks are changed. Dates are given in UTC."""
    cron = await create(client, "0 9 * * *", timezone=ZoneInfo("America/New_York"))
    due = datetime.fromisoformat(str(cron["next_run_date"]))

    assert cron["timezone"] == cron["payload"]["timezone"] == "America/New_York"
    assert due.tzinfo == UTC
    assert str(cron["next_run_date"]) == due.isoformat(timespec="seconds")
    assert due.astimezone(ZoneInfo("America/New_York")).hour == 9


async def test_a_cron_ends_at_its_end_time(client: LangGraphClient, thread_id: str) -> None:
    """No tick after it makes a run. The cron stays, and can be given another one."""
    ends = (datetime.now(UTC) + timedelta(seconds=6)).replace(microsecond=0)
    cron = await create_on(client, thread_id, EVERY_SECOND, end_time=ends)

    async def ended() -> Any:
        (now,) = await search(client, thread_id=thread_id)
        return now if now["next_run_date"] is None else None

    assert (await wait_until(ended))["enabled"]
    # each tick makes one, if late, and this is how many there are from the first one to the end
    ticks = (ends - datetime.fromisoformat(cron["next_run_date"])).seconds + 1
    assert 1 <= len(await client.runs.list(thread_id, limit=100)) <= ticks
    renewed = await client.crons.update(cron["cron_id"], end_time=None, schedule=YEARLY)
    assert cron["payload"]["end_time"] == cron["end_time"]
    assert renewed["end_time"] is None
    assert "end_time" not in renewed["payload"]
    assert renewed["next_run_date"]


async def test_a_cron_can_be_stopped_and_started(client: LangGraphClient, thread_id: str) -> None:
    cron = await create_on(client, thread_id, EVERY_SECOND, enabled=False)
    other = (await client.threads.create())["thread_id"]
    await create_on(client, other, EVERY_SECOND)
    await runs_of(client, other, 2)
    assert await client.runs.list(thread_id) == []

    assert (await client.crons.update(cron["cron_id"], enabled=True))["enabled"]
    await runs_of(client, thread_id, 1)


async def test_an_update_changes_what_it_names(client: LangGraphClient) -> None:
    """Metadata is merged, everything else replaced; when the cron comes due is reckoned anew."""
    cron = await create(client, metadata={"a": 1}, interrupt_before=["two"], config={"tags": ["x"]})
    updated = await client.crons.update(
        cron["cron_id"], schedule="0 0 2 1 *", metadata={"b": 2}, input=log("other"), on_run_completed="keep"
    )

    assert updated["schedule"] == "0 0 2 1 *"
    assert str(updated["next_run_date"])[4:16] == "-01-02T00:00"
    assert updated["metadata"] == {"a": 1, "b": 2}
    assert updated["on_run_completed"] == "keep"
    payload = {key: value for key, value in updated["payload"].items() if key != "assistant_id"}
    assert payload == {
        "schedule": "0 0 2 1 *",
        "input": log("other"),
        "metadata": {"a": 1, "b": 2},
        "interrupt_before": ["two"],
        "config": {"tags": ["x"], "configurable": {"cron_id": cron["cron_id"]}},
    }
    assert await search(client, limit=1) == [updated]


async def test_crons_are_found_and_counted(client: LangGraphClient, thread_id: str, mark: Mark) -> None:
    """By assistant, thread, metadata, and whether they are enabled; the newest first unless sorted otherwise."""
    stateless = await create(client, in_months(3), metadata=mark)
    on_thread = await create_on(client, thread_id, in_months(9), metadata=mark, enabled=False)

    assert await search(client, metadata=mark) == [on_thread, stateless]
    assert await search(client, metadata=mark, sort_by="next_run_date", sort_order="asc") == [stateless, on_thread]
    assert await search(client, thread_id=thread_id) == [on_thread]
    assert await search(client, metadata=mark, enabled=True) == [stateless]
    assert await search(client, metadata=mark, assistant_id=stateless["assistant_id"], limit=1) == [on_thread]
    assert await search(client, metadata=mark, limit=1, select=["enabled"]) == [{"enabled": False}]
    assert await client.crons.count(metadata=mark) == 2
    assert await client.crons.count(thread_id=thread_id) == 1


async def test_a_page_says_how_much_there_is(http: httpx.AsyncClient, client: LangGraphClient, mark: Mark) -> None:
    for _ in range(3):
        await create(client, metadata=mark)
    page = await http.post("/runs/crons/search", json={"metadata": mark, "limit": 2})
    assert (page.headers["x-pagination-total"], page.headers["x-pagination-next"]) == ("3", "2")


async def test_a_cron_is_read_by_its_id_and_gone_when_it_is_deleted(
    http: httpx.AsyncClient, client: LangGraphClient
) -> None:
    cron = await create(client)
    place = f"/runs/crons/{cron['cron_id']}"
    assert (await http.get(place)).json() == cron

    await client.crons.delete(cron["cron_id"])
    assert (await http.get(place)).status_code == 404
    for call in (client.crons.delete(cron["cron_id"]), client.crons.update(cron["cron_id"], enabled=False)):
        with pytest.raises(NotFoundError):
            await call


async def test_a_threads_crons_go_with_the_thread(client: LangGraphClient, thread_id: str) -> None:
    await create_on(client, thread_id)
    await client.threads.delete(thread_id)
    assert await client.crons.count(thread_id=thread_id) == 0


async def test_a_tick_without_a_run_is_explained(client: LangGraphClient, thread_id: str) -> None:
    """`last_error` says why: here the thread is busy, and the cron does not want to wait."""
    await client.runs.create(thread_id, "steps", input=log("busy"), after_seconds=60)
    await create_on(client, thread_id, EVERY_SECOND, multitask_strategy="reject")

    async def reason() -> Any:
        (cron,) = await search(client, thread_id=thread_id)
        return cron["last_error"]

    assert "already running" in str(await wait_until(reason))
    await client.threads.delete(thread_id)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"schedule": "every day"}, "Invalid cron schedule: 'every day'"),
    ({"schedule": "0 0 0 1 1 *"}, "Bad day-of-month"),
    ({"timezone": "Mars/Phobos"}, "Invalid timezone: 'Mars/Phobos'"),
    ({"end_time": datetime(2020, 1, 1, tzinfo=UTC)}, "end_time: must be in the future"),
    ({"webhook": "https://10.0.0.1/"}, "Webhook host blocked"),
    ({"multitask_strategy": "sometimes"}, "multitask_strategy"),
]


@pytest.mark.parametrize(("asked", "why"), REFUSED)
async def test_a_cron_that_could_never_work_is_refused(client: LangGraphClient, asked: Any, why: str) -> None:
    with pytest.raises(UnprocessableEntityError, match=why):
        await create(client, **asked)
    assert await client.crons.count() == 0


async def test_a_cron_that_ends_before_it_comes_due_is_refused(client: LangGraphClient) -> None:
    due = datetime.fromisoformat((await create(client))["next_run_date"])
    with pytest.raises(UnprocessableEntityError, match="never comes due"):
        await create(client, end_time=due - timedelta(seconds=1))


async def test_a_cron_is_for_an_assistant_and_a_thread_that_exist(client: LangGraphClient) -> None:
    nobody = "01a1f885-0830-772e-8d96-040c354ac1f6"
    for name in ("nobody", nobody):
        with pytest.raises(NotFoundError, match=f"Assistant '{name}' not found"):
            await client.crons.create(name, schedule=YEARLY)
    with pytest.raises(NotFoundError, match=f"Thread with ID '{nobody}' not found"):
        await create_on(client, nobody)


async def test_config_and_context_do_not_go_together(http: httpx.AsyncClient) -> None:
    """As with runs, but a cron is told at once."""
    both = {"config": {"configurable": {"a": 1}}, "context": {"b": 2}}
    refused = await http.post("/runs/crons", json={"assistant_id": "steps", "schedule": YEARLY, **both})
    assert refused.status_code == 400


async def test_a_threads_cron_keeps_its_thread(
    http: httpx.AsyncClient, client: LangGraphClient, thread_id: str
) -> None:
    cron = await create_on(client, thread_id)
    with pytest.raises(UnprocessableEntityError, match="keeps its thread"):
        await client.crons.update(cron["cron_id"], on_run_completed="delete")
    body = {"assistant_id": "steps", "schedule": YEARLY, "on_run_completed": "delete"}
    assert (await http.post(f"/threads/{thread_id}/runs/crons", json=body)).status_code == 422


@pytest.mark.parametrize(
    ("change", "status"), [({}, 400), ({"enabled": None}, 422), ({"input": None}, 422), ({"assistant_id": "x"}, 422)]
)
async def test_a_change_says_something(
    http: httpx.AsyncClient, client: LangGraphClient, change: dict[str, Any], status: int
) -> None:
    cron = await create(client)
    assert (await http.patch(f"/runs/crons/{cron['cron_id']}", json=change)).status_code == status
    assert await search(client) == [cron]
