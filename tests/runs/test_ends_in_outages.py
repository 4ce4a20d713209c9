"""Runs that end while the database is out of reach: their threads are left as they should be all the same."""

from __future__ import annotations

from typing import Any

import pytest

from kit.waiting import wait_until
from runline.errors import Unavailable
from runline.model.viewer import ANONYMOUS
from runs.agents import GATES
from runs.house import House


async def test_the_state_of_a_run_that_fails_is_read_when_it_can_be(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await house.create(await house.thread(), "one", "wait gate", "fail")
    await wait_until(lambda: GATES["gate"].inside)
    outages, read = iter(range(3)), house.core.runs.saver.aget_tuple

    async def away(config: Any) -> Any:
        if next(outages, None) is not None:
            raise Unavailable("The checkpoints cannot be read now.")
        return await read(config)

    monkeypatch.setattr(house.core.runs.saver, "aget_tuple", away)
    GATES["gate"].open()
    await house.end(run)
    thread = await house.core.threads.get(ANONYMOUS, run.thread_id)
    assert thread.values is not None
    assert thread.values["log"] == await house.log(run.thread_id) == ["one", "wait gate"]
