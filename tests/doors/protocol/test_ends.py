"""However a run ends, a terminal lifecycle event of the root says so: without one, pages would load for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from doors.protocol.talk import ENDS, Talk, is_root
from fundamentals.gate import Gate
from gateway import Gateway, wait_until


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
    async with httpx.AsyncClient(base_url=gateway.url) as http:
        talk, busy = Talk(http), Talk(http)
        await busy.start(gate=gate)
        async with talk.watch() as window, talk.watch(since=0) as everything:
            waiting = await talk.start()
            await cancel(talk, waiting)

            async def told() -> bool:
                return end_of(waiting, window.events) == end_of(waiting, everything.events) == "interrupted"

            # its thread's bell is rung: nobody waits for the slow poll
            await wait_until(told, within=5)
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
    async with httpx.AsyncClient(base_url=gateway.url) as http:
        talk = Talk(http)
        run_id = await talk.start(gate=gate)
        async with talk.watch() as before:
            await gate.reached()
            await before.shows("values", 2)
            gateway.kill()
    gate.open()
    gateway.start()
    async with httpx.AsyncClient(base_url=gateway.url) as http, Talk(http, talk.thread_id).watch() as after:
        events = await after.ends()
    assert end_of(run_id, events) == "completed"
    assert after.event_ids[: len(before.events)] == before.event_ids
    assert after.data("values")[-1]["log"] == ["zero", "one", "two", "three"]


async def test_a_stream_is_cut_when_the_gateway_stops_so_that_clients_come_again(
    start_gateway: Callable[..., Gateway],
) -> None:
    gateway = start_gateway()
    async with httpx.AsyncClient(base_url=gateway.url) as http:
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
