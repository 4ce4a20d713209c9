"""With PostgreSQL and Redis, any number of processes serve and work side by side, and clients cannot tell.

export DATABASE_URI=postgresql://... REDIS_URI=redis://...
runline serve --port 8123            # serves and works
runline serve --port 8124 --no-work  # serves
runline worker --concurrency 64      # works
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import ConflictError

from fleet import Fleet, Spread, fleet
from fundamentals.gate import Gate
from fundamentals.reading import collect, ids_of, log, log_of, names, past_of, status_of, until_status
from gateway import Gateway, wait_until
from graphs_under_test.projects import write_project
from graphs_under_test.webapp import DATA_DIR, LIFE_FILE
from kit.postgres import Server

PROMPT_SECONDS, LEASE_SECONDS = 15.0, 180
"""A stop takes some milliseconds, on a busy machine more; lost bells would cost the renewal of a lease, which comes
after a third of it."""


@pytest.fixture(scope="module")
def trio(postgres: Server, redis_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Gateway]]:
    """Three gateways of which the first does not work, so that its runs execute elsewhere."""
    # a crowd on one thread takes turns, for longer on a busy machine
    settings = {"RUNLINE_DATABASE__BUSY_TIMEOUT_SECONDS": "30", "RUNLINE_WORKERS__LEASE_SECONDS": str(LEASE_SECONDS)}
    with fleet(tmp_path_factory.mktemp("trio"), postgres, redis_uri, **settings) as made:
        yield [made.node("serve", "--no-work").start(), made.node().start(), made.node().start()]


@pytest.fixture
async def clients(trio: list[Gateway]) -> AsyncIterator[list[LangGraphClient]]:
    """The SDK, connected to each of them."""
    connected = [get_client(url=node.url) for node in trio]
    yield connected
    for client in connected:
        await client.aclose()


@pytest.fixture
async def balanced(trio: list[Gateway]) -> AsyncIterator[LangGraphClient]:
    """The SDK, connected to all of them."""
    async with get_client(url=trio[0].url) as client:
        client.http.client._transport = Spread(trio)
        yield client


async def a_run(client: LangGraphClient, graph: str = "steps", **more: Any) -> tuple[str, str]:
    """A run on a thread of its own."""
    thread_id = (await client.threads.create())["thread_id"]
    return thread_id, (await client.runs.create(thread_id, graph, input=log("in"), **more))["run_id"]


async def test_a_gateway_that_does_not_work_streams_what_others_execute(clients: list[LangGraphClient]) -> None:
    parts = await collect(clients[0].runs.stream(None, "steps", input=log("in"), stream_mode="updates"))
    assert names(parts) == ["metadata", "updates", "updates", "updates", "end"]
    assert log_of(await clients[0].runs.wait(None, "steps", input=log("in"))) == ["in", "one", "two", "three"]


async def test_a_stream_is_begun_on_one_node_cut_and_resumed_on_others(
    clients: list[LangGraphClient], gate: Gate
) -> None:
    first, second, third = clients
    more: dict[str, Any] = {"context": gate.context, "stream_resumable": True, "stream_mode": ["updates", "values"]}
    thread_id, run_id = await a_run(first, **more)
    parts = []
    async with aclosing(second.runs.join_stream(thread_id, run_id, last_event_id="-1")) as stream:  # type: ignore[type-var]
        async for part in stream:
            parts.append(part)
            if part.event == "values":
                break
    gate.open()
    rest = await collect(third.runs.join_stream(thread_id, run_id, last_event_id=parts[-1].id))
    assert ids_of(parts + rest) == list(range(1, len(parts + rest)))
    replay = await collect(first.runs.join_stream(thread_id, run_id, last_event_id="-1"))
    assert [part.data for part in replay] == [part.data for part in parts + rest]


@pytest.mark.parametrize("action", ["interrupt", "rollback"])
async def test_a_run_is_cancelled_from_any_node(clients: list[LangGraphClient], gate: Gate, action: Any) -> None:
    first, second, third = clients
    thread_id = (await second.threads.create())["thread_id"]
    await second.runs.wait(thread_id, "steps", input=log("before"))
    before = await past_of(second, thread_id)
    run = await second.runs.create(thread_id, "steps", input=log("in"), context=gate.context)
    await gate.reached()

    asked = time.monotonic()
    await first.runs.cancel(thread_id, run["run_id"], wait=True, action=action)

    assert time.monotonic() - asked < PROMPT_SECONDS
    if action == "rollback":
        assert await past_of(third, thread_id) == before
    else:
        assert await status_of(third, thread_id, run["run_id"]) == "interrupted"


@pytest.mark.parametrize("strategy", ["interrupt", "rollback"])
async def test_a_run_takes_the_place_of_one_that_executes_elsewhere(
    clients: list[LangGraphClient], gate: Gate, strategy: Any
) -> None:
    thread_id, run_id = await a_run(clients[1], context=gate.context)
    await gate.reached()
    asked = time.monotonic()
    values = await clients[0].runs.wait(thread_id, "steps", input=log("new"), multitask_strategy=strategy)
    assert time.monotonic() - asked < PROMPT_SECONDS
    assert log_of(values)[-4:] == ["new", "one", "two", "three"]
    left = {run["run_id"]: run["status"] for run in await clients[2].runs.list(thread_id)}
    assert left.get(run_id) == (None if strategy == "rollback" else "interrupted")


@pytest.mark.parametrize("what", ["run", "thread"])
async def test_what_executes_elsewhere_is_deleted(clients: list[LangGraphClient], gate: Gate, what: str) -> None:
    thread_id, run_id = await a_run(clients[1], context=gate.context)
    await gate.reached()
    asked = time.monotonic()
    if what == "run":
        await clients[0].runs.delete(thread_id, run_id)
        assert (await clients[2].threads.get(thread_id))["status"] == "idle"
    else:
        await clients[0].threads.delete(thread_id)
    assert time.monotonic() - asked < PROMPT_SECONDS
    async with httpx.AsyncClient(timeout=30) as http:
        url = clients[2].http.client.base_url
        assert (await http.get(f"{url}/threads/{thread_id}/runs/{run_id}")).status_code == 404


@pytest.mark.parametrize("strategy", ["reject", "enqueue", "interrupt", "rollback"])
async def test_a_hundred_creations_spread_over_three_gateways_execute_one_at_a_time(
    clients: list[LangGraphClient], strategy: Any
) -> None:
    """Each is carried out whole or not at all: the state holds the steps of one run after the other."""
    thread_id = (await clients[0].threads.create())["thread_id"]

    async def create(number: int) -> str | None:
        client, token = clients[number % 3], f"t{number}"
        try:
            made = await client.runs.create(thread_id, "steps", input=log(token), multitask_strategy=strategy)
        except ConflictError:
            assert strategy == "reject"
            return None
        return made["run_id"]

    made = [run_id for run_id in await asyncio.gather(*map(create, range(100))) if run_id]

    async def idle() -> bool:
        return (await clients[1].threads.get(thread_id))["status"] != "busy"

    await wait_until(idle, within=60)
    left = {run["run_id"]: run["status"] for run in await clients[2].runs.list(thread_id, limit=1000)}
    assert left.keys() <= set(made)
    assert strategy == "rollback" or left.keys() == set(made)
    wanted = {"interrupted", "success"} if strategy == "interrupt" else {"success"}
    assert set(left.values()) <= wanted
    logged = log_of((await clients[0].threads.get_state(thread_id))["values"])
    if strategy != "interrupt":
        assert [entry for entry in logged if not entry.startswith("t") or entry in ("two", "three")] == [
            "one",
            "two",
            "three",
        ] * len(left)


async def test_a_key_that_is_sent_to_all_nodes_at_once_makes_one_run(trio: list[Gateway]) -> None:
    async with httpx.AsyncClient(timeout=30) as http:
        thread_id = (await http.post(f"{trio[0].url}/threads", json={})).json()["thread_id"]
        body, key = {"assistant_id": "steps", "input": log("in")}, {"Idempotency-Key": "sent to all"}
        sending = [http.post(f"{node.url}/threads/{thread_id}/runs", json=body, headers=key) for node in trio * 4]
        made = {answer.json()["run_id"] for answer in await asyncio.gather(*sending)}
        other = {**body, "input": log("other")}
        refused = [await http.post(f"{node.url}/threads/{thread_id}/runs", json=other, headers=key) for node in trio]
        listed = {run["run_id"] for run in (await http.get(f"{trio[1].url}/threads/{thread_id}/runs")).json()}
    assert made == listed
    assert (len(made), {answer.status_code for answer in refused}) == (1, {409})


async def test_cancels_from_all_nodes_race_with_the_end_of_a_run(clients: list[LangGraphClient]) -> None:
    """Whichever is first decides, once and for all nodes, and the thread goes on."""
    ends = set()
    for number in range(20):
        thread_id, run_id = await a_run(clients[number % 3])
        stops = (client.runs.cancel(thread_id, run_id, wait=True) for client in clients)
        await asyncio.gather(*stops, return_exceptions=True)
        seen = {await status_of(client, thread_id, run_id) for client in clients}
        assert len(seen) == 1
        ends |= seen
        values = await clients[0].runs.wait(thread_id, "steps", input=log("next"))
        assert log_of(values)[-4:] == ["next", "one", "two", "three"]
    assert ends <= {"success", "interrupted"}


async def test_a_conversation_goes_on_in_sessions_whose_every_request_meets_another_node(
    balanced: LangGraphClient,
) -> None:
    """A session is spared the end of the run before, on whichever node that was heard."""
    thread_id = (await balanced.threads.create())["thread_id"]
    for turn in range(1, 5):
        async with balanced.threads.stream(thread_id, assistant_id="steps", transport="sse") as session:
            await session.run.start(input=log("more"))
            output: Any = await session.output
            assert len(output["log"]) == 4 * turn


async def test_a_question_is_asked_on_one_node_and_answered_on_another(balanced: LangGraphClient) -> None:
    async with balanced.threads.stream(assistant_id="asks", transport="sse") as session:
        await session.run.start(input=log())

        async def asked() -> bool:
            return bool(session.interrupted and session.interrupts)

        await wait_until(asked)
        await session.run.respond("yes")
        assert await session.output == log("prepared", "answer: yes", "acted")


async def test_a_worker_is_told_to_stop_and_its_runs_go_on_elsewhere_without_costing_a_retry(
    postgres: Server, redis_uri: str, tmp_path: Path, gate: Gate
) -> None:
    settings = {"RUNLINE_WORKERS__SHUTDOWN_GRACE_SECONDS": "0.1", "RUNLINE_WORKERS__MAX_ATTEMPTS": "1"}
    with fleet(tmp_path, postgres, redis_uri, **settings) as made:
        front = made.node("serve", "--no-work").start()
        worker = made.node("worker", "--concurrency", "8").start()
        async with get_client(url=front.url) as client:
            thread_id, run_id = await a_run(client, context=gate.context)
            await gate.reached()
            async with httpx.AsyncClient(base_url=worker.url, timeout=30) as http:
                assert (await http.get("/ok")).json()["ok"]
                assert "runline_live_runs 1.0" in (await http.get("/metrics")).text
                assert (await http.get("/threads")).status_code == 404
            await asyncio.to_thread(worker.stop)
            await until_status(client, thread_id, run_id, "pending")
            gate.open()
            await asyncio.to_thread(made.node("worker").start)
            await client.runs.join(thread_id, run_id)
            assert await status_of(client, thread_id, run_id) == "success"


async def test_a_run_whose_worker_was_killed_goes_on_elsewhere_and_its_stream_with_it(
    postgres: Server, redis_uri: str, tmp_path: Path, gate: Gate
) -> None:
    with fleet(tmp_path, postgres, redis_uri, RUNLINE_WORKERS__LEASE_SECONDS="3") as made:
        front = made.node("serve", "--no-work").start()
        worker = made.node("worker").start()
        async with get_client(url=front.url) as client:
            thread_id, run_id = await a_run(client, context=gate.context, stream_resumable=True)
            reading = asyncio.create_task(collect(client.runs.join_stream(thread_id, run_id, last_event_id="-1")))
            await gate.reached()
            await asyncio.to_thread(worker.kill)
            gate.open()
            await asyncio.to_thread(worker.start)
            parts = await reading
            assert ids_of(parts) == list(range(1, len(parts)))
            # the first attempt is told of if it was killed after its first event was stored
            attempts = [part.data["attempt"] for part in parts if part.event == "metadata"]
            assert attempts in ([1, 2], [2])
            assert await status_of(client, thread_id, run_id) == "success"


def test_a_newcomer_takes_nothing_away_from_those_that_work(postgres: Server, redis_uri: str, tmp_path: Path) -> None:
    """What a lone process finds running at its start was abandoned; what one of several finds is not."""
    gate = Gate(tmp_path / "gate")

    async def go(made: Fleet) -> None:
        front = made.node().start()
        async with get_client(url=front.url) as client:
            thread_id, run_id = await a_run(client, context=gate.context, stream_resumable=True)
            await gate.reached()
            await asyncio.to_thread(made.node().start)
            gate.open()
            parts = await collect(client.runs.join_stream(thread_id, run_id, last_event_id="-1"))
            assert names(parts).count("metadata") == 1

    with fleet(tmp_path, postgres, redis_uri) as made:
        asyncio.run(go(made))


def test_one_that_shares_nothing_may_not_join(trio: list[Gateway], tmp_path: Path) -> None:
    settings = {name: value for name, value in trio[1].settings.items() if "REDIS" not in name}
    alone = Gateway(tmp_path / "alone", {**settings, "RUNLINE_DATABASE__BUSY_TIMEOUT_SECONDS": "0.1"})
    with pytest.raises(AssertionError, match=r"in use by another gateway.*'redis\.uri'"):
        alone.start()


def test_a_worker_opens_what_the_custom_app_opens_and_serves_nothing_of_it(
    postgres: Server, redis_uri: str, tmp_path: Path
) -> None:
    """The graphs that it executes may use that."""
    life = tmp_path / "life"
    with fleet(tmp_path, postgres, redis_uri) as made:
        made.graphs = write_project(tmp_path, http={"app": "graphs_under_test.webapp:app"})
        worker = made.node("worker", **{LIFE_FILE: str(life), DATA_DIR: str(tmp_path)}).start()
        assert life.read_text() == "began, database closed\n"
        assert httpx.get(f"{worker.url}/hello", timeout=30).status_code == 404
    assert life.read_text() == "began, database closed\nended, database closed\n"


async def test_an_assistant_that_is_changed_on_one_is_changed_on_all(clients: list[LangGraphClient]) -> None:
    assistant = (await clients[0].assistants.create("mirror"))["assistant_id"]
    for changed_by, tone in zip(clients, ("dry", "warm", "loud"), strict=True):
        await changed_by.assistants.update(assistant, context={"tone": tone})
        for client in clients:
            values: Any = await client.runs.wait(None, assistant, input={})
            assert values["seen"]["configurable"]["tone"] == tone
