"""A run that ends while a reader on another node asks for it: what it told is still on its way through Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from kit.proxy import Proxy, standing_before
from kit.redis_server import RedisPlace, redis_server
from kit.waiting import let_others_run, wait_until
from runline.model.run import Run
from runs.agents import GATES
from runs.house import House
from runs.nodes import open_site

PATIENCE_SECONDS = 20.0
RUNS: dict[str, dict[str, Any]] = {
    "on a thread": {},
    "stateless": {"temporary": True},
    "resumable": {"stream_resumable": True},
}


@dataclass(frozen=True)
class Slow:
    """A node whose way to Redis may be held up, and another whose way is free."""

    here: House
    there: House
    way: Proxy

    async def end_unheard(self, *script: str, **spec: Any) -> tuple[Run, Run]:
        """A run that has ended, and of which Redis knows nothing; and what it was as somebody asked for it."""
        self.way.pause()
        run = await self.here.create(None, "one", "wait gate", *script, **spec)
        await wait_until(lambda: GATES["gate"].inside)
        asked = await self.here.now(run)
        GATES["gate"].open()
        await self.here.core.worker.ended(run.run_id)
        return run, replace(asked)


@pytest.fixture
async def slow(tmp_path: Path) -> AsyncIterator[Slow]:
    with redis_server() as server:
        place = RedisPlace(server.uri)
        async with standing_before(server.port) as way, open_site(tmp_path, place) as site:
            patient = replace(site, redis_seconds=PATIENCE_SECONDS)
            behind = replace(patient, place=RedisPlace(f"redis://127.0.0.1:{way.port}/0", place.prefix))
            async with behind.node() as here, patient.node() as there:
                yield Slow(here, there, way)


@pytest.mark.parametrize("spec", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("last", ["two", "fail"])
async def test_a_reader_that_asked_while_it_ran_gets_all_till_its_end(
    slow: Slow, spec: dict[str, Any], last: str
) -> None:
    run, asked = await slow.end_unheard(last, **spec)
    reading = asyncio.create_task(slow.there.read(asked))
    joining = asyncio.create_task(slow.there.core.runs.result(asked))
    await asked_for(slow.there, run)
    slow.way.resume()
    own, told = await slow.here.read(asked), await reading
    assert (told.events, told.ended) == (own.events, own.ended)
    assert own.ended
    assert await joining == own.ended.result


async def asked_for(house: House, run: Run) -> None:
    """Wait until Redis was asked for the run, and knew nothing."""
    redis = house.core.redis
    assert redis
    await wait_until(lambda: run.run_id in redis.bridge.mirrors)
    await let_others_run(200)
