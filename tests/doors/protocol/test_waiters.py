"""What waits for the end of a run on behalf of the Python SDK, and knows it by no id: it is told the right one."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from doors.protocol.talk import ENDS, Talk
from fundamentals.gate import Gate
from gateway import Gateway, wait_until
from kit.skewed_clock import skewed_by

HOUR = 3600
SDK = {"User-Agent": "langgraph-sdk-py/0.0.0"}
WAITS_FOR = ("lifecycle", "input")


async def has_ended(talk: Talk, run_id: str) -> None:
    async def ended() -> bool:
        run = (await talk.http.get(f"/threads/{talk.thread_id}/runs/{run_id}")).json()
        return bool(run["status"] == "success")

    await wait_until(ended)


async def test_it_is_told_an_end_it_missed_however_long_ago_the_run_began(
    start_gateway: Callable[..., Gateway], gate: Gate
) -> None:
    """Its connection died with the gateway, which an hour later goes on with the run."""
    gateway = start_gateway()
    async with httpx.AsyncClient(base_url=gateway.url, headers=SDK, timeout=30) as http:
        talk = Talk(http)
        run_id = await talk.start(gate=gate)
        await gate.reached()
        gateway.kill()
        gateway.settings = {**gateway.settings, **skewed_by(HOUR)}
        gate.open()
        gateway.start()
        await has_ended(talk, run_id)
        async with talk.watch(*WAITS_FOR) as window:
            await window.ends()


async def test_it_is_spared_the_end_of_a_run_that_no_session_started(start_gateway: Callable[..., Gateway]) -> None:
    """A client that waits for a run by the platform's API, and then starts another by a session."""
    async with httpx.AsyncClient(base_url=start_gateway().url, headers=SDK, timeout=30) as http:
        talk = Talk(http)
        asked = {"assistant_id": "steps", "input": {"log": ["zero"]}, "if_not_exists": "create"}
        assert (await http.post(f"/threads/{talk.thread_id}/runs/wait", json=asked)).status_code == 200
        async with talk.watch(*WAITS_FOR) as window:
            run_id = await talk.start()
            (end,) = [event for event in await window.ends() if event["params"]["data"]["event"] in ENDS]
            assert run_id in end["event_id"]
