"""Crons across the end of a gateway, and the limits that an operator sets them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from gateway import Gateway, wait_until

EVERY_SECOND = {"assistant_id": "steps", "schedule": "* * * * * *", "input": {"log": []}}
YEARLY = {**EVERY_SECOND, "schedule": "0 0 1 1 *"}
SECOND = timedelta(seconds=1)


async def ask(http: httpx.AsyncClient, method: str, path: str, body: Any = None) -> Any:
    answer = await http.request(method, path, json=body)
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


async def until_runs(http: httpx.AsyncClient, thread_id: str, count: int) -> list[dict[str, Any]]:
    """The thread's runs as soon as there are so many."""

    async def enough() -> list[dict[str, Any]]:
        runs: list[dict[str, Any]] = await ask(http, "GET", f"/threads/{thread_id}/runs?limit=1000")
        return runs if len(runs) >= count else []

    return await wait_until(enough, within=60)


async def test_a_cron_goes_on_after_crashes_and_never_fires_twice(start_gateway: Callable[..., Gateway]) -> None:
    """kill -9, several times: no tick has two runs, and every run that was made comes to its end."""
    gateway = start_gateway()
    async with httpx.AsyncClient(base_url=gateway.url, timeout=30) as http:
        thread_id = (await ask(http, "POST", "/threads", {}))["thread_id"]
        cron = await ask(http, "POST", f"/threads/{thread_id}/runs/crons", EVERY_SECOND)
        made = 0
        for _ in range(3):
            made = len(await until_runs(http, thread_id, made + 2))
            gateway.kill()
            gateway.start()
        await until_runs(http, thread_id, made + 2)
        await ask(http, "DELETE", f"/runs/crons/{cron['cron_id']}")
        gateway.until_quiet()

        runs = await ask(http, "GET", f"/threads/{thread_id}/runs?limit=1000")
        assert {run["status"] for run in runs} == {"success"}
        assert have_ticks_of_their_own(runs)


def have_ticks_of_their_own(runs: list[dict[str, Any]]) -> bool:
    """Whether each can be of another tick: that of the second in which it was made, or of the one before.

    One that is held up while it is made may be made when the next tick is due already, but not the next one as well.
    """
    tick = datetime.min.replace(tzinfo=UTC)
    for second in sorted(datetime.fromisoformat(run["created_at"]).replace(microsecond=0) for run in runs):
        tick = max(tick + SECOND, second - SECOND)
        if tick > second:
            return False
    return True


async def test_an_operator_limits_how_many_crons_there_are_and_how_often_they_fire(
    start_gateway: Callable[..., Gateway],
) -> None:
    gateway = start_gateway(RUNLINE_LIMITS__MAX_CRONS="1", RUNLINE_LIMITS__MIN_CRON_PERIOD_SECONDS="60")
    async with httpx.AsyncClient(base_url=gateway.url, timeout=30) as http:
        too_often = await http.post("/runs/crons", json=EVERY_SECOND)
        assert (too_often.status_code, "1 seconds" in too_often.json()["detail"]) == (422, True)
        await ask(http, "POST", "/runs/crons", {**YEARLY, "schedule": "* * * * *", "enabled": False})
        assert (await http.post("/runs/crons", json=YEARLY)).status_code == 429
