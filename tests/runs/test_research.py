"""The sample agent that fans out: what its models reported is what the ledger holds, by run, model and caller."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway import wait_until
from runline.model.run import Run
from runs.house import House, open_house
from storage.ledgers import events_of, usage_of

AGENTS = Path(__file__).parents[2] / "examples" / "agents"
SUBAGENT, MIDDLEWARE = ("subagent", "researcher"), ("middleware", "summary")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    keys = {"dependencies": [str(AGENTS)]}
    async with open_house(tmp_path, {"research": "runs.listening:graph"}, keys) as house:
        reported().clear()
        yield house


def reported() -> list[tuple[str, dict[str, Any]]]:
    # its imports can be found once the gateway has read langgraph.json
    from runs.listening import REPORTED  # noqa: PLC0415

    return REPORTED


async def ask(house: House, thread_id: str, topics: str) -> Run:
    given = {"messages": [{"role": "user", "content": f"research {topics}"}]}
    return await house.create(thread_id, graph="research", input=given, stream_mode=("messages-tuple",))


async def cut(house: House, thread_id: str, action: str) -> Run:
    """A run that is cancelled when its planner and one model more have answered."""
    run = await ask(house, thread_id, "stars, planets, moons and comets")

    async def has_heard_two() -> bool:
        return len(await usage_of(house.core.threads._database, run)) >= 2

    await wait_until(has_heard_two)
    await house.cancel(run, action)
    await house.end(run)
    return run


def sums(rows: list[Any], *names: str) -> Counter[Any]:
    """The total tokens by these columns."""
    found: Counter[Any] = Counter()
    for row in rows:
        found[tuple(getattr(row, name) for name in names)] += row.total_tokens
    return found


async def test_the_ledger_holds_what_the_models_reported(house: House) -> None:
    threads = [await house.thread() for _ in range(3)]
    whole = await ask(house, threads[0], "cats, dogs and birds")
    interrupted, undone = await asyncio.gather(cut(house, threads[1], "interrupt"), cut(house, threads[2], "rollback"))
    await house.end(whole)
    again = await ask(house, threads[0], "ants and bees")
    await house.end(again)
    rows = await usage_of(house.core.threads._database)

    for column in ("input_tokens", "output_tokens", "total_tokens"):
        assert sum(getattr(row, column) for row in rows) == sum(usage[column] for _, usage in reported())
    cached = sum(usage["input_token_details"]["cache_read"] for _, usage in reported())
    thought = sum(usage["output_token_details"]["reasoning"] for _, usage in reported())
    assert sum(row.cache_read_tokens for row in rows) == cached > 0
    assert sum(row.reasoning_tokens for row in rows) == thought > 0
    by_model: Counter[Any] = Counter()
    for model, usage in reported():
        by_model[(model,)] += usage["total_tokens"]
    assert sums(rows, "model") == by_model
    assert sums(rows, "run_id").total() == sums(rows, "caller", "caller_name").total() == by_model.total()
    assert {row.run_id for row in rows} == {run.run_id for run in (whole, interrupted, undone, again)}
    assert {row.run_id for row in rows if row.rolled_back} == {undone.run_id}


async def test_each_call_names_its_caller(house: House) -> None:
    run = await ask(house, await house.thread(), "cats and dogs")
    await house.end(run)
    rows = await usage_of(house.core.threads._database, run)
    callers = [(row.node, (row.caller, row.caller_name)) for row in rows]
    lead = ("lead_agent", None)
    calls = [("planner", lead), *[("investigate", SUBAGENT)] * 2, ("summarizer", MIDDLEWARE), ("writer", lead)]
    assert callers == calls


async def test_each_run_tells_its_own_sum_also_where_it_was_cut_off(house: House) -> None:
    thread_id = await house.thread()
    for action, end in (("interrupt", "run.end"), ("rollback", "run.rollback")):
        run = await cut(house, thread_id, action)
        *_, last = await events_of(house.core.threads._database, thread_id)
        rows = await usage_of(house.core.threads._database, run)
        assert (last.run_id, last.event_type) == (run.run_id, end)
        assert last.content["usage"]["total_tokens"] == sum(row.total_tokens for row in rows) > 0
