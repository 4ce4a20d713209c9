"""The events of a thread by the agent streaming protocol, where runs end before the answer is read."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from doors.exchange import HTTP, Exchange, app_with, wire
from kit.waiting import wait_until
from runline.doors.http import Call
from runline.doors.protocol.reader import Shared
from runline.doors.protocol.routes import stream_events
from runline.model.viewer import ANONYMOUS
from runs.house import House


async def test_nothing_is_missed_of_what_comes_behind_the_answer(house: House) -> None:
    """However late the first event is asked for: a client that has the answer starts runs, and stops them."""
    thread_id, exchange = await house.thread(), Exchange()
    app = app_with(exchange.meters)
    app.state.agent_events = Shared()
    request, call = Request({**HTTP, "app": app}), Call(house.core, ANONYMOUS, wire(), {})
    answer = await stream_events(thread_id, {"channels": ["lifecycle"]}, call, request)
    runs = [await house.finish(thread_id, "one") for _ in range(2)]

    reading = asyncio.create_task(exchange.run(answer))
    await wait_until(lambda: b"".join(exchange.chunks).count(b'"completed"') == 2)
    exchange.leave()
    await reading

    told = b"".join(exchange.chunks).decode()
    assert [told.count(f"{run.run_id}:lc||completed") for run in runs] == [1, 1]
