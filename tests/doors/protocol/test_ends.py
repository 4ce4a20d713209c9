"""However a run ends, a terminal lifecycle event of the root says so: without one, pages would load for ever."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from doors.protocol.talk import ENDS, Talk, is_root
from fleet import fleet
from fundamentals.gate import Gate
from gateway import Gateway, wait_until
from kit.postgres import Server


@pytest.fixture(scope="module")
def pair(postgres: Server, redis_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Gateway]]:
    """A gateway that works, and one that does not."""
    with fleet(tmp_path_factory.mktemp("pair"), postgres, redis_uri) as made:
        yield [made.node().start(), made.node("serve", "--no-work").start()]


class Apart(httpx.AsyncHTTPTransport):
    """Follows threads on one node and asks everything else of another."""

    def __init__(self, asked: Gateway, followed: Gateway) -> None:
        super().__init__()
        self._asked, self._followed = asked.port, followed.port

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        follows = request.url.path.endswith("/stream/events")
        request.url = request.url.copy_with(port=self._followed if follows else self._asked)
        return await super().handle_async_request(request)


@pytest.fixture(params=["one node", "two nodes"])
async def talk(request: pytest.FixtureRequest, http: httpx.AsyncClient) -> AsyncIterator[Talk]:
    """A client whose runs are executed by the node that tells of them, or by another."""
    if request.param == "one node":
        yield Talk(http)
        return
    pair: list[Gateway] = request.getfixturevalue("pair")
    async with httpx.AsyncClient(base_url=pair[0].url, transport=Apart(*pair), timeout=30) as spread:
        yield Talk(spread)


def end_of(run_id: str, events: list[Any]) -> str | None:
    """How a run has ended, by the id of the event."""
    told = [event["event_id"] for event in events if is_root(event)]
    ends = [end for end in ENDS if f"synth:{run_id}:lc||{end}" in told]
    assert len(ends) < 2
    return ends[0] if ends else None


async def test_a_run_that_fails_tells_why(talk: Talk) -> None:
    run_id, events = await talk.run(config={"configurable": {"fail": "ValueError"}})
    assert end_of(run_id, events) == "failed"
    assert events[-1]["params"]["data"]["error"]


async def test_an_applications_own_error_is_not_told(talk: Talk) -> None:
    _, events = await talk.run(config={"configurable": {"fail": "SecretError"}})
    assert events[-1]["params"]["data"]["error"] == "An internal error occurred"


async def test_a_run_that_asks_ends_interrupted_although_its_status_is_success(talk: Talk) -> None:
    run_id, events = await talk.run("asks")
    assert end_of(run_id, events) == "interrupted"
    assert (await talk.http.get(f"/threads/{talk.thread_id}/runs/{run_id}")).json()["status"] == "success"
    assert (await talk.http.get(f"/threads/{talk.thread_id}")).json()["status"] == "interrupted"


async def cancel(talk: Talk, run_id: str, action: str = "interrupt") -> None:
    path = f"/threads/{talk.thread_id}/runs/{run_id}/cancel?wait=0&action={action}"
    assert (await talk.http.post(path)).status_code == 202


async def test_a_cancelled_run_ends_interrupted(talk: Talk, gate: Gate) -> None:
    run_id = await talk.start(gate=gate)
    async with talk.watch() as window:
        await gate.reached()
        await cancel(talk, run_id)
        assert end_of(run_id, await window.ends()) == "interrupted"


async def test_a_run_that_is_rolled_back_ends_interrupted(talk: Talk, gate: Gate) -> None:
    await talk.run()
    run_id = await talk.start(gate=gate)
    async with talk.watch() as window:
        await gate.reached()
        await cancel(talk, run_id, "rollback")
        assert end_of(run_id, await window.ends()) == "interrupted"
        again = await talk.start()
        assert end_of(again, await window.ends(2)) == "completed"


async def test_a_run_that_another_one_interrupts_ends_interrupted(talk: Talk, gate: Gate) -> None:
    evicted = await talk.start(gate=gate)
    async with talk.watch() as window:
        await gate.reached()
        evicting = await talk.start(multitaskStrategy="interrupt")
        events = await window.ends(2)
        assert (end_of(evicted, events), end_of(evicting, events)) == ("interrupted", "completed")


async def test_a_run_that_is_cancelled_before_it_starts_ends_too(talk: Talk, gate: Gate) -> None:
    first = await talk.start(gate=gate)
    waiting = await talk.start()
    async with talk.watch() as window:
        await gate.reached()
        await cancel(talk, waiting)
        gate.open()
        last = await talk.start()
        events = await window.until(lambda events: end_of(last, events))
        ends = [end_of(run_id, events) for run_id in (first, waiting, last)]
        assert ends == ["completed", "interrupted", "completed"]


async def test_a_threads_first_run_that_is_cancelled_before_it_starts_ends_too(
    start_gateway: Callable[..., Gateway], gate: Gate
) -> None:
    gateway = start_gateway(RUNLINE_WORKERS__CONCURRENCY="1")
    async with httpx.AsyncClient(base_url=gateway.url, timeout=30) as http:
        talk, busy = Talk(http), Talk(http)
        await busy.start(gate=gate)
        async with talk.watch() as window, talk.watch(since=0) as everything:
            waiting = await talk.start()
            await cancel(talk, waiting)

            async def told() -> bool:
                return end_of(waiting, window.events) == end_of(waiting, everything.events) == "interrupted"

            # its thread's bell is rung: nobody waits for the slow poll
            await wait_until(told, within=10)
            gate.open()
            last = await talk.start()
            assert end_of(last, await window.ends(2)) == "completed"


async def test_a_thread_that_is_made_anew_is_told_from_its_beginning(talk: Talk) -> None:
    """Whatever a client has seen of the one that had its id before."""
    for _ in range(3):
        _, events = await talk.run()
    async with talk.watch(since=events[-1]["seq"]) as window:
        await talk.http.delete(f"/threads/{talk.thread_id}")
        run_id = await talk.start()
        assert end_of(run_id, await window.ends()) == "completed"
    await talk.http.delete(f"/threads/{talk.thread_id}")
    async with talk.watch(since=events[-1]["seq"]) as window:
        run_id = await talk.start()
        assert end_of(run_id, await window.ends()) == "completed"
    async with talk.watch(since=events[-1]["seq"]) as late:
        assert end_of(run_id, await late.ends()) == "completed"


@pytest.mark.parametrize("how", ["rolled back", "deleted", "evicted"])
async def test_a_run_that_is_gone_before_it_starts_ends_interrupted(talk: Talk, gate: Gate, how: str) -> None:
    await talk.start(gate=gate)
    gone = await talk.start()
    async with talk.watch() as window:
        await gate.reached()
        match how:
            case "rolled back":
                await cancel(talk, gone, "rollback")
            case "deleted":
                await talk.http.delete(f"/threads/{talk.thread_id}/runs/{gone}")
            case _:
                await talk.start(multitaskStrategy="rollback")
        gate.open()
        last = await talk.start()
        events = await window.until(lambda events: end_of(last, events))
        assert end_of(gone, events) == "interrupted"


async def test_a_run_that_waits_ends_interrupted_when_its_thread_is_deleted(talk: Talk, gate: Gate) -> None:
    first, waiting = await talk.start(gate=gate), await talk.start()
    async with talk.watch() as window:
        await gate.reached()
        await talk.http.delete(f"/threads/{talk.thread_id}")
        events = await window.ends(2)
        assert [end_of(run_id, events) for run_id in (first, waiting)] == ["interrupted", "interrupted"]


async def test_a_run_that_is_deleted_ends_interrupted(talk: Talk, gate: Gate) -> None:
    run_id = await talk.start(gate=gate)
    async with talk.watch() as window:
        await gate.reached()
        await talk.http.delete(f"/threads/{talk.thread_id}/runs/{run_id}")
        assert end_of(run_id, await window.ends()) == "interrupted"


async def test_a_run_whose_thread_is_deleted_ends_interrupted_and_the_stream_goes_on(talk: Talk, gate: Gate) -> None:
    run_id = await talk.start(gate=gate)
    async with talk.watch() as window:
        await gate.reached()
        await talk.http.delete(f"/threads/{talk.thread_id}")
        assert end_of(run_id, await window.ends()) == "interrupted"
        again = await talk.start()
        assert end_of(again, await window.ends(2)) == "completed"


async def test_a_run_whose_process_was_killed_goes_on_and_ends_for_those_who_come_back(
    start_gateway: Callable[..., Gateway], gate: Gate
) -> None:
    gateway = start_gateway()
    async with httpx.AsyncClient(base_url=gateway.url, timeout=30) as http:
        talk = Talk(http)
        run_id = await talk.start(gate=gate)
        async with talk.watch() as before:
            await gate.reached()
            await before.shows("values", 2)
            gateway.kill()
    gate.open()
    gateway.start()
    async with httpx.AsyncClient(base_url=gateway.url, timeout=30) as http, Talk(http, talk.thread_id).watch() as after:
        events = await after.ends()
    assert end_of(run_id, events) == "completed"
    assert after.event_ids[: len(before.events)] == before.event_ids
    assert after.data("values")[-1]["log"] == ["zero", "one", "two", "three"]


async def test_a_run_whose_worker_was_killed_is_told_to_its_end_on_another_node(
    postgres: Server, redis_uri: str, tmp_path: Path, gate: Gate
) -> None:
    with fleet(tmp_path, postgres, redis_uri, RUNLINE_WORKERS__LEASE_SECONDS="1") as made:
        dying, followed = made.node("worker", "--concurrency", "4").start(), made.node("serve", "--no-work").start()
        async with httpx.AsyncClient(base_url=followed.url, timeout=30) as http:
            talk = Talk(http)
            run_id = await talk.start(gate=gate)
            async with talk.watch() as window:
                await gate.reached()
                dying.kill()
                made.node("worker", "--concurrency", "4").start()
                gate.open()
                assert end_of(run_id, await window.ends(within=60)) == "completed"


async def test_a_stream_is_cut_when_the_gateway_stops_so_that_clients_come_again(
    start_gateway: Callable[..., Gateway],
) -> None:
    gateway = start_gateway()
    async with httpx.AsyncClient(base_url=gateway.url, timeout=30) as http:
        path = f"/threads/{Talk(http).thread_id}/stream/events"
        async with http.stream("POST", path, json={"channels": ["values"]}, timeout=None) as answer:
            gateway.ask_to_stop()

            async def cut() -> bool:
                try:
                    async for _ in answer.aiter_bytes():
                        pass
                except httpx.RemoteProtocolError:
                    return True
                raise AssertionError("The answer came to its end, as if there was nothing more")

            assert await wait_until(cut)
    gateway.until_stopped()
    gateway.start()
