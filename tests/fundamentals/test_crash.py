"""A crash: the gateway dies in the middle of runs. The next one finds them and goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import NotFoundError
from langgraph_sdk.schema import Run

from fundamentals.gate import Gate
from fundamentals.reading import Past, collect, data_of, ids_of, log, log_of, past_of, status_of, until_status
from gateway import Gateway, serving, wait_until

STEPS = ["one", "two", "three"]


@dataclass(frozen=True)
class Crashed:
    """A gateway that was killed and started again, the runs that were on it, and the gate they stood at."""

    gateway: Gateway
    gate: Gate
    runs: dict[str, Run]
    before: dict[str, Past]


async def run_into_the_crash(url: str, gate: Gate) -> tuple[dict[str, Run], dict[str, Past]]:
    """Bring runs to a gate, each of them in another situation."""
    runs: dict[str, Run] = {}
    before: dict[str, Past] = {}
    async with get_client(url=url) as client:

        async def start(name: str, **asked: Any) -> None:
            thread_id = (await client.threads.create())["thread_id"]
            await client.runs.wait(thread_id, "steps", input=log(name))
            before[name] = await past_of(client, thread_id)
            asked = {"input": {"log": ["next"]}, "context": {**gate.context, "stubborn": True}} | asked
            runs[name] = await client.runs.create(thread_id, "steps", **asked)
            await gate.reached(times=len(runs))

        await start("saved after every step", durability="sync")
        await start("saved at the end only", durability="exit")
        await start("stream stored", durability="sync", stream_resumable=True, stream_mode="updates")
        await told_of_a_step(client, runs["stream stored"])
        for action in ("interrupt", "rollback"):
            await start(action, durability="sync")
            await client.http.post(
                f"/threads/{runs[action]['thread_id']}/runs/{runs[action]['run_id']}/cancel?action={action}", json=None
            )
        first = runs["saved after every step"]
        runs["queued"] = await client.runs.create(first["thread_id"], "steps", input=log("queued"))
    return runs, before


async def told_of_a_step(client: LangGraphClient, run: Run) -> None:
    """Wait until the event of its first step can be read, which is when it is stored."""
    async with aclosing(client.runs.join_stream(run["thread_id"], run["run_id"], last_event_id="-1")) as stream:  # type: ignore[type-var]
        async for part in stream:
            if part.event == "updates":
                return


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crashed]:
    """Kill the gateway while all runs stand at the gate, start it again, and open the gate."""
    folder = tmp_path_factory.mktemp("crashed")
    gate = Gate(folder / "gate")
    with serving(folder / "data") as own:
        runs, before = asyncio.run(run_into_the_crash(own.url, gate))
        own.kill()
        own.start()
        gate.open()
        yield Crashed(own, gate, runs, before)


@pytest.fixture
async def client(crashed: Crashed) -> AsyncIterator[LangGraphClient]:
    """The SDK, connected to the gateway that was started again."""
    async with get_client(url=crashed.gateway.url) as connected:
        yield connected


async def test_a_run_goes_on_from_its_last_checkpoint(client: LangGraphClient, crashed: Crashed) -> None:
    """Step one was saved, so it is not repeated; the run ends as if nothing had happened."""
    run = crashed.runs["saved after every step"]

    values = await client.runs.join(run["thread_id"], run["run_id"])

    assert log_of(values) == ["saved after every step", *STEPS, "next", *STEPS]
    assert await status_of(client, run["thread_id"], run["run_id"]) == "success"


async def test_a_run_that_saved_nothing_starts_again(client: LangGraphClient, crashed: Crashed) -> None:
    """Its input is not lost, and not doubled."""
    run = crashed.runs["saved at the end only"]

    values = await client.runs.join(run["thread_id"], run["run_id"])

    assert log_of(values) == ["saved at the end only", *STEPS, "next", *STEPS]


async def test_the_second_attempt_says_that_it_is_one(client: LangGraphClient, crashed: Crashed) -> None:
    """In the first event of its stream, and in the metadata of its checkpoints."""
    run = crashed.runs["saved after every step"]
    await client.runs.join(run["thread_id"], run["run_id"])

    parts = await collect(client.runs.join_stream(run["thread_id"], run["run_id"], last_event_id="-1"))
    history: Any = await client.threads.get_history(run["thread_id"], limit=100, metadata={"run_id": run["run_id"]})

    assert parts[0].data == {"run_id": run["run_id"], "attempt": 2}
    assert {state["metadata"]["run_attempt"] for state in history} == {1, 2}


async def test_a_resumable_stream_goes_on_where_it_was(client: LangGraphClient, crashed: Crashed) -> None:
    """Both attempts are in it, one after the other; ids go on without a gap."""
    run = crashed.runs["stream stored"]

    parts = await collect(client.runs.join_stream(run["thread_id"], run["run_id"], last_event_id="-1"))

    assert [data["attempt"] for data in data_of(parts, "metadata")] == [1, 2]
    assert [next(iter(update)) for update in data_of(parts, "updates")] == STEPS
    assert ids_of(parts) == [1, 2, 3, 4, 5]


async def test_the_queue_behind_it_goes_on(client: LangGraphClient, crashed: Crashed) -> None:
    queued = crashed.runs["queued"]

    values = await client.runs.join(queued["thread_id"], queued["run_id"])

    assert log_of(values)[-4:] == ["queued", *STEPS]
    parts = await collect(client.runs.join_stream(queued["thread_id"], queued["run_id"], last_event_id="-1"))
    assert data_of(parts, "metadata") == [{"run_id": queued["run_id"], "attempt": 1}]


async def test_a_cancel_that_was_under_way_is_carried_out(client: LangGraphClient, crashed: Crashed) -> None:
    """The wish was written down before the crash, so the run is not started again."""
    run = crashed.runs["interrupt"]

    await until_status(client, run["thread_id"], run["run_id"], "interrupted")
    assert log_of((await client.threads.get_state(run["thread_id"]))["values"])[-2:] == ["next", "one"]


async def test_a_rollback_that_was_under_way_is_finished(client: LangGraphClient, crashed: Crashed) -> None:
    run = crashed.runs["rollback"]

    async def gone() -> bool:
        return run["run_id"] not in [known["run_id"] for known in await client.runs.list(run["thread_id"])]

    await wait_until(gone)
    with pytest.raises(NotFoundError):
        await client.runs.get(run["thread_id"], run["run_id"])
    assert await past_of(client, run["thread_id"]) == crashed.before["rollback"]


async def test_a_run_whose_worker_dies_again_and_again_is_given_up(
    start_gateway: Callable[..., Gateway], gate: Gate
) -> None:
    """Perhaps the run itself kills it. After `workers.max_attempts` it ends in error, and its thread is free."""
    own = start_gateway(RUNLINE_WORKERS__MAX_ATTEMPTS="1")
    async with get_client(url=own.url) as client:
        run = await client.runs.create(None, "steps", input=log(), context=gate.context, on_completion="keep")
        await gate.reached()

        own.kill()
        own.start()

        result: Any = await client.runs.join(run["thread_id"], run["run_id"])
        assert result["__error__"]["error"] == "WorkerDied"
        assert await status_of(client, run["thread_id"], run["run_id"]) == "error"
        assert (await client.threads.get(run["thread_id"]))["status"] == "error"
        assert log_of(await client.runs.wait(run["thread_id"], "steps", context={"gate": ""})) == STEPS
