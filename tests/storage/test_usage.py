"""The ledger of threads and runs: what it adds up, and that its parts always add up to the whole."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.exploring import exploration
from runline.errors import RunNotFound, ThreadNotFound
from runline.kit.ids import new_id
from runline.model.lifecycle import StopReason
from runline.model.token_usage import ThreadUsage, Usage
from runline.model.usage import COST_UNIT, Tokens
from runline.model.viewer import ANONYMOUS
from storage.past import Past
from storage.world import ALICE, INTERRUPTED, World


async def of_thread(past: Past, thread_id: str, *, include_active: bool = False) -> ThreadUsage:
    return await past.usage.of_thread(ANONYMOUS, thread_id, include_active=include_active)


def added(usages: Iterable[Usage]) -> tuple[int, int, int]:
    """Input, output and calls of several parts."""
    parts = [(usage.tokens.input_tokens, usage.tokens.output_tokens, usage.calls) for usage in usages]
    return tuple(map(sum, zip(*parts, strict=True))) if parts else (0, 0, 0)  # type: ignore[return-value]


def assert_adds_up(usage: ThreadUsage) -> None:
    whole = added([usage.total])
    for parts in (usage.by_run, usage.by_model, usage.by_caller):
        assert added(parts.values()) == whole
    costs = [part.cost for part in usage.by_run.values() if part.cost is not None]
    assert usage.total.cost in (None, sum(costs))


async def test_a_thread_without_calls_cost_nothing(past: Past, thread_id: str) -> None:
    usage = await of_thread(past, thread_id)

    assert usage == ThreadUsage(Usage(), {}, {}, {}, {}, runs=0, context=None)


async def test_calls_are_added_up_by_run_model_and_caller(past: Past, thread_id: str) -> None:
    first, second = [await past.run(thread_id) for _ in range(2)]
    await past.call(first, 100, 10, model="large", cost=0.5, cache_read_tokens=40, cache_creation_tokens=3)
    await past.call(first, 20, 2, model="small", cost=0.25, caller="subagent")
    await past.call(second, 7, 1, model="small", cost=0.125, caller="middleware", reasoning_tokens=1)

    usage = await of_thread(past, thread_id)

    assert usage.total == Usage(
        tokens=Tokens(127, 13, 140, cache_read_tokens=40, cache_creation_tokens=3, reasoning_tokens=1),
        calls=3,
        runs=2,
        cost=round(0.875 * COST_UNIT),
        currency="USD",
    )
    assert {model: (each.tokens.total_tokens, each.runs) for model, each in usage.by_model.items()} == {
        "large": (110, 1),
        "small": (30, 2),
    }
    assert {caller: each.tokens.total_tokens for caller, each in usage.by_caller.items()} == {
        "lead_agent": 110,
        "subagent": 22,
        "middleware": 8,
    }
    assert {run_id: each.calls for run_id, each in usage.by_run.items()} == {first.run_id: 2, second.run_id: 1}
    assert usage.costs == {"USD": round(0.875 * COST_UNIT)}
    assert usage.runs == 2
    assert_adds_up(usage)


async def test_an_active_run_counts_only_when_it_is_asked_for(past: Past, world: World, thread_id: str) -> None:
    await past.call(await past.run(thread_id), 1, 1)
    active = await world.start(thread_id)
    await past.call(active, 10, 10)
    await world.add(thread_id)

    ended, everything = await of_thread(past, thread_id), await of_thread(past, thread_id, include_active=True)

    assert (ended.total.tokens.total_tokens, ended.runs) == (2, 1)
    assert (everything.total.tokens.total_tokens, everything.runs) == (22, 3)
    assert_adds_up(ended)
    assert_adds_up(everything)

    await world.finish(active, INTERRUPTED)
    assert (await of_thread(past, thread_id)).total.tokens.total_tokens == 22


async def test_a_run_that_was_rolled_back_was_paid_all_the_same(past: Past, world: World, thread_id: str) -> None:
    kept = await past.run(thread_id)
    await past.call(kept, 1, 1)
    run = await past.run(thread_id)
    await past.call(run, 30, 3)
    await past.roll_back(run)

    usage = await of_thread(past, thread_id)

    assert usage.runs == 2
    assert usage.by_run[run.run_id].rolled_back
    assert not usage.by_run[kept.run_id].rolled_back
    assert usage.total.tokens.total_tokens == 35
    assert_adds_up(usage)


async def test_a_run_that_was_deleted_counts_while_the_ledger_knows_it(
    past: Past, world: World, thread_id: str
) -> None:
    known, unknown = [await past.run(thread_id) for _ in range(2)]
    await past.call(known)
    for run in (known, unknown):
        await world.leases.discard(run, None, None, StopReason.DELETE)

    usage = await of_thread(past, thread_id)

    assert (usage.runs, usage.total.calls) == (1, 1)
    assert not usage.by_run[known.run_id].rolled_back


async def test_several_currencies_are_never_added_up(past: Past, thread_id: str) -> None:
    run = await past.run(thread_id)
    await past.call(run, model="eastern", cost=3, currency="CNY")
    await past.call(run, model="western", cost=2, currency="USD")
    await past.call(run, model="western", cost=1, currency="USD")

    usage = await of_thread(past, thread_id)

    assert (usage.total.cost, usage.total.currency) == (None, None)
    assert usage.costs == {"CNY": 3 * COST_UNIT, "USD": 3 * COST_UNIT}
    assert (usage.by_model["western"].cost, usage.by_model["western"].currency) == (3 * COST_UNIT, "USD")


async def test_a_call_without_a_price_is_unpriced_and_not_free(past: Past, thread_id: str) -> None:
    run = await past.run(thread_id)
    await past.call(run, model="unheard-of")

    usage = await of_thread(past, thread_id)
    assert (usage.total.cost, usage.total.unpriced_calls, usage.costs) == (None, 1, {})

    await past.call(run, model="free", cost=0)
    usage = await of_thread(past, thread_id)
    assert (usage.total.cost, usage.total.unpriced_calls, usage.costs) == (0, 1, {"USD": 0})
    assert (usage.by_model["unheard-of"].cost, usage.by_model["free"].cost) == (None, 0)


async def test_sums_are_exact_where_floats_are_not(past: Past, thread_id: str) -> None:
    run = await past.run(thread_id)
    for _ in range(3):
        await past.call(run, cost=0.1)

    assert (await of_thread(past, thread_id)).total.cost == round(0.3 * COST_UNIT) != 0.1 * 3 * COST_UNIT


async def test_the_context_is_that_of_the_lead_agents_newest_call(past: Past, thread_id: str) -> None:
    first, second = [await past.run(thread_id) for _ in range(2)]
    await past.call(first, 100, 10, model="large", provider="somebody")
    await past.call(first, 5, 5, model="small", caller="subagent")
    await past.call(second, 200, 20, model="large")
    context = (await of_thread(past, thread_id)).context
    assert context is not None
    assert (context.model, context.tokens) == ("large", 220)

    await past.roll_back(second)

    context = (await of_thread(past, thread_id)).context
    assert context is not None
    assert (context.provider, context.tokens) == ("somebody", 110)


async def test_a_run_tells_its_calls_in_their_order(past: Past, thread_id: str) -> None:
    run, other = [await past.run(thread_id) for _ in range(2)]
    await past.call(other, 1000, 1000)
    ids = [await past.call(run, number, 0, cost=number) for number in (3, 1, 2)]

    usage = await past.usage.of_run(ANONYMOUS, thread_id, run.run_id)

    assert [entry.usage_id for entry in usage.calls] == ids
    assert [entry.tokens.input_tokens for entry in usage.calls] == [3, 1, 2]
    assert usage.sums.total.cost == sum(entry.cost or 0 for entry in usage.calls) == 6 * COST_UNIT
    assert (usage.sums.runs, list(usage.sums.by_run)) == (1, [run.run_id])
    assert_adds_up(usage.sums)


async def test_a_run_that_is_gone_tells_what_it_cost(past: Past, thread_id: str) -> None:
    run, silent = [await past.run(thread_id) for _ in range(2)]
    await past.call(run)
    assert (await past.usage.of_run(ANONYMOUS, thread_id, silent.run_id)).sums.total == Usage()
    for each in (run, silent):
        await past.roll_back(each)

    assert (await past.usage.of_run(ANONYMOUS, thread_id, run.run_id)).sums.total.calls == 1
    with pytest.raises(RunNotFound):
        await past.usage.of_run(ANONYMOUS, thread_id, silent.run_id)


async def test_nobody_sees_what_others_spent(past: Past, world: World, thread_id: str) -> None:
    run = await past.run(thread_id)
    await past.call(run)

    with pytest.raises(ThreadNotFound):
        await past.usage.of_thread(ALICE, thread_id)
    with pytest.raises(RunNotFound):
        await past.usage.of_run(ALICE, thread_id, run.run_id)
    with pytest.raises(ThreadNotFound):
        await past.usage.of_thread(ANONYMOUS, new_id())

    await world.threads.delete(ANONYMOUS, thread_id)
    await world.thread(thread_id, ALICE)
    assert (await past.usage.of_thread(ALICE, thread_id)).total == Usage()


async def test_runs_are_listed_with_what_they_cost(past: Past, world: World, thread_id: str) -> None:
    first, second = [await past.run(thread_id) for _ in range(2)]
    await past.call(first, 1, 2, cost=1)
    await past.call(first, 3, 4, cost=1)

    listed = await world.runs.list_of_thread(ANONYMOUS, thread_id, None, 10, 0)
    run, usage = await world.runs.get_counted(ANONYMOUS, first.run_id, thread_id)

    expected = Usage(Tokens(4, 6, 10), calls=2, runs=1, cost=2 * COST_UNIT, currency="USD")
    assert [(each.run_id, usage) for each, usage in listed] == [(second.run_id, Usage()), (first.run_id, expected)]
    assert (run.run_id, usage) == (first.run_id, expected)


CALLS = st.fixed_dictionaries(
    {
        "input_tokens": st.integers(0, 10**9),
        "output_tokens": st.integers(0, 10**9),
        "model": st.sampled_from(["a", "b", "c"]),
        "caller": st.sampled_from(["lead_agent", "subagent", "middleware"]),
        "cost": st.none() | st.integers(0, 100),
    }
)


@exploration(25)
@given(made=st.lists(st.tuples(st.lists(CALLS, max_size=4), st.sampled_from(["end", "undo", "go on"])), max_size=4))
async def test_the_parts_add_up_to_the_whole_whatever_became_of_the_runs(
    past: Past, made: list[tuple[list[dict[str, object]], str]]
) -> None:
    world = past.world
    thread_id = (await world.thread()).thread_id
    for calls, end in made:
        run = await world.start(new_id(), create_thread=True) if end == "go on" else await past.run(thread_id)
        if calls:
            await past.calls(run, calls)
        if end == "undo":
            await past.roll_back(run)
    spent = [call for calls, end in made if end != "go on" for call in calls]

    usage = await of_thread(past, thread_id)

    assert_adds_up(usage)
    assert usage.total.tokens.input_tokens == sum(int(str(call["input_tokens"])) for call in spent)
    assert usage.total.calls == len(spent)
