"""Every call of a model becomes one row of the ledger, whoever makes it and however it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kit.waiting import wait_until
from runline.model.lifecycle import RunStatus
from runline.model.run import Run
from runs.agents import GATES
from runs.house import House, open_house
from runs.models import REPORTED
from storage.ledgers import types_of, usage_of

GRAPHS = {"ways": "runs.models:graph"}
LEAD = ("lead_agent", None)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    REPORTED.clear()
    async with open_house(tmp_path, GRAPHS) as house:
        yield house


async def begin(house: House, way: str, **spec: Any) -> Run:
    return await house.create(await house.thread(), graph="ways", input={"messages": [way]}, **spec)


async def end(house: House, way: str, **spec: Any) -> Run:
    run = await begin(house, way, **spec)
    await house.end(run)
    return await house.now(run)


async def rows(house: House, run: Run) -> list[Any]:
    return await usage_of(house.core.threads._database, run)


def total() -> int:
    return sum(usage["total_tokens"] for usage in REPORTED)


@pytest.mark.parametrize(
    ("way", "caller", "calls"),
    [
        ("at once", LEAD, 1),
        ("streamed", LEAD, 1),
        ("in a thread", LEAD, 1),
        ("side by side", LEAD, 5),
        ("by a tool", LEAD, 1),
        ("in a subagent", ("subagent", "scout"), 1),
        ("in middleware of a subagent", ("middleware", "guard"), 1),
        ("by the lead within middleware", LEAD, 1),
        ("by its own tag", ("middleware", "own"), 1),
        ("told in the output", LEAD, 1),
    ],
)
@pytest.mark.parametrize("mode", ["values", "messages-tuple", "events"])
async def test_a_call_is_counted_however_it_is_made(
    house: House, way: str, caller: tuple[str, str | None], calls: int, mode: str
) -> None:
    run = await end(house, way, stream_mode=(mode,))
    assert run.status is RunStatus.SUCCESS
    found = await rows(house, run)
    assert len(found) == calls
    assert {(row.caller, row.caller_name) for row in found} == {caller}
    assert {(row.model, row.node) for row in found} == {("reporter-1", "answer" if way == "in a subagent" else "act")}
    assert sum(row.total_tokens for row in found) == total() == 10 * calls
    assert sum(row.input_tokens for row in found) == 7 * calls
    assert sum(row.reasoning_tokens for row in found) >= calls
    assert all(row.cache_read_tokens >= 2 for row in found)


async def test_a_model_that_is_no_chat_model_is_counted_and_has_a_name(house: House) -> None:
    [row] = await rows(house, await end(house, "as completion"))
    assert (row.model, row.input_tokens, row.output_tokens, row.total_tokens) == ("unknown", 7, 3, 10)


async def test_the_row_says_whose_call_it_was_and_how_long_it_took(house: House) -> None:
    run = await end(house, "at once")
    [row] = await rows(house, run)
    assert (row.thread_id, row.owner, row.attempt) == (run.thread_id, run.owner, 1)
    assert (row.graph_id, row.assistant_id) == ("ways", run.spec.assistant_id)
    assert (row.provider, row.cost, row.currency, row.rolled_back) == ("test", None, None, 0)
    assert run.started_at
    assert run.ended_at
    assert run.started_at <= row.started_at <= run.ended_at
    assert 0 <= row.duration_ms <= (run.ended_at - row.started_at).total_seconds() * 1000 + 1


async def test_a_call_that_fails_before_its_first_word_is_a_row_without_tokens(house: House) -> None:
    run = await end(house, "failing")
    assert run.status is RunStatus.ERROR
    [row] = await rows(house, run)
    assert (row.total_tokens, row.cost) == (0, None)


async def test_a_call_that_fails_half_way_has_the_tokens_that_were_told_so_far(house: House) -> None:
    run = await end(house, "failing half-way")
    [row] = await rows(house, run)
    assert (row.model, row.total_tokens) == ("reporter-1", total())
    told = await types_of(house.core.threads._database, run)
    assert told[-3:] == ["llm.error", "node.end", "run.error"]


@pytest.mark.parametrize("action", ["interrupt", "rollback"])
async def test_a_call_that_a_cancel_cuts_off_has_the_tokens_that_were_told_so_far(house: House, action: str) -> None:
    visits = GATES["model"].visits
    run = await begin(house, "waiting half-way")
    await wait_until(lambda: GATES["model"].visits > visits)
    await house.cancel(run, action)
    await house.end(run)
    [row] = await rows(house, run)
    assert (row.total_tokens, row.rolled_back) == (total(), int(action == "rollback"))
    assert total() == 8


async def test_a_stateless_run_is_counted_too(house: House) -> None:
    run = await house.create(None, graph="ways", input={"messages": ["at once"]}, temporary=True)
    await house.end(run)
    [row] = await rows(house, run)
    assert row.total_tokens == total()
    assert await types_of(house.core.threads._database, run) == []


async def test_an_operators_price_is_written_with_the_call(tmp_path: Path) -> None:
    prices = {"reporter-1": {"input": "2", "output": "10", "cache_read": "0.5", "currency": "EUR"}}
    async with open_house(tmp_path, GRAPHS, insight={"prices": prices}) as house:
        [row] = await rows(house, await end(house, "at once"))
    # 5 tokens at 2, 2 from the cache at 0.5, 3 of output at 10: millionths of a euro
    assert (row.cost, row.currency) == (41 * 10**6, "EUR")
