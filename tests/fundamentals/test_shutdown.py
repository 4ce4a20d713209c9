"""A shutdown: runs get a while to finish; what cannot finish goes on after the next start."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.schema import Run, StreamPart

from fundamentals.gate import Gate
from fundamentals.reading import collect, data_of, log, names
from gateway import Gateway, serving, wait_until

STEPS = ["one", "two", "three"]


@dataclass(frozen=True)
class Shutdown:
    """What clients saw of a gateway that was stopped and started again.

    `quick` and `slow` are the streams of two runs that were running when it was told to stop, as the SDK read them;
    `refused` is the answer to a run that was asked for meanwhile.
    """

    quick: list[StreamPart]
    slow: list[StreamPart]
    refused: httpx.Response
    runs: list[Run]
    results: list[Any]


async def told_to_stop(own: Gateway) -> None:
    """Wait until it has heard it."""
    async with httpx.AsyncClient(base_url=own.url, timeout=30) as http:

        async def heard() -> bool:
            return (await http.get("/ready")).status_code == 503

        await wait_until(heard)


async def go_through(own: Gateway, folder: Path) -> Shutdown:
    """Stop it while two runs stand at gates, open one gate, start it again, open the other gate."""
    gates = quick_gate, slow_gate = Gate(folder / "quick"), Gate(folder / "slow")
    async with get_client(url=own.url) as client:
        threads = [(await client.threads.create())["thread_id"] for _ in gates]
        quick, slow = [
            asyncio.create_task(
                collect(
                    client.runs.stream(
                        thread_id, "steps", input=log(), context=gate.context, stream_mode="updates",
                        durability="sync",
                    )
                )
            )
            for thread_id, gate in zip(threads, gates, strict=True)
        ]  # fmt: skip
        for gate in gates:
            await gate.reached()

        own.ask_to_stop()
        await told_to_stop(own)
        async with httpx.AsyncClient(base_url=own.url, timeout=30) as http:
            refused = await http.post("/runs", json={"assistant_id": "steps", "input": {"log": []}})
        quick_gate.open()
        await quick
        await asyncio.to_thread(own.until_stopped)

        await asyncio.to_thread(own.start)
        await slow_gate.reached(times=2)
        slow_gate.open()
        await slow
        runs = [(await client.runs.list(thread_id))[0] for thread_id in threads]
        results = [await client.runs.join(run["thread_id"], run["run_id"]) for run in runs]
    return Shutdown(quick.result(), slow.result(), refused, runs, results)


@pytest.fixture(scope="module")
def shutdown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shutdown]:
    """A gateway goes through it that gives runs some seconds: enough for the one whose gate is opened."""
    folder = tmp_path_factory.mktemp("shutdown")
    with serving(folder / "data", {"RUNLINE_WORKERS__SHUTDOWN_GRACE_SECONDS": "6"}) as own:
        yield asyncio.run(go_through(own, folder))


def test_a_run_that_is_done_within_the_grace_period_ends_as_ever(shutdown: Shutdown) -> None:
    """Its reader gets everything to the end; nothing shows that the gateway is about to go."""
    assert names(shutdown.quick) == ["metadata", *["updates"] * 3, "end"]
    assert (shutdown.runs[0]["status"], shutdown.results[0]) == ("success", {"log": STEPS})


def test_a_gateway_that_shuts_down_takes_no_new_runs(shutdown: Shutdown) -> None:
    """503 tells clients and load balancers to come again, or to go elsewhere."""
    assert shutdown.refused.status_code == 503
    assert "shutting down" in shutdown.refused.json()["detail"]
    assert shutdown.refused.headers["retry-after"]


def test_a_run_that_is_not_done_goes_on_after_the_next_start(shutdown: Shutdown) -> None:
    """It was given back to the queue, and goes on from its last checkpoint as a second attempt."""
    assert (shutdown.runs[1]["status"], shutdown.results[1]) == ("success", {"log": STEPS})
    attempts = [data["attempt"] for data in data_of(shutdown.slow, "metadata")]
    assert attempts[0] == 1
    assert attempts[1:] in ([], [2])


def test_its_reader_reads_on_across_the_restart(shutdown: Shutdown) -> None:
    """The SDK comes back by itself with the id of the last event it saw, and misses nothing of the new attempt.

    A new attempt goes on counting where the old one stopped, even though the old events are gone with their process.
    """
    assert [name for update in data_of(shutdown.slow, "updates") for name in update] == STEPS
    assert shutdown.slow[-1].event == "end"
