"""The ledger of a time: by bucket, by group, and in total."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from runline.errors import Invalid
from runline.kit.ids import new_id
from runline.model.run import Run
from runline.model.token_usage import PeriodUsage, Usage
from runline.model.usage import COST_UNIT
from runline.model.usage_period import Bucket, Period
from runline.model.viewer import ANONYMOUS
from runline.storage import usage_periods
from storage.past import Past
from storage.world import ALICE, ASSISTANT, World

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = Period.of(datetime(2026, 3, 27, tzinfo=BERLIN), datetime(2026, 4, 1, tzinfo=BERLIN), Bucket.DAY, BERLIN)
"""Clocks go forward on 29 March: that day has 23 hours."""


async def of_period(past: Past, group_by: str | None = None, period: Period = WEEK) -> PeriodUsage:
    return await past.periods.of_period(ANONYMOUS, period, group_by)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


async def test_a_time_without_calls_has_all_its_buckets(past: Past) -> None:
    assert await of_period(past, "model") == PeriodUsage(Usage(), {}, [Usage()] * 5, {})


async def test_a_day_is_a_day_of_the_time_zone_also_where_clocks_go_forward(past: Past, run: Run) -> None:
    for tokens, moment in (
        (1, "2026-03-28T00:00"),
        (2, "2026-03-28T23:59:59.999999"),
        (4, "2026-03-29T00:00"),
        (8, "2026-03-29T23:30"),
        (16, "2026-03-30T00:00"),
        (32, "2026-03-31T23:59"),
        (64, "2026-04-01T00:00"),
        (128, "2026-03-26T23:59"),
    ):
        await past.call(run, tokens, 0, started_at=at(moment))

    usage = await of_period(past)

    assert [bucket.tokens.input_tokens for bucket in usage.buckets] == [0, 3, 12, 16, 32]
    assert usage.total.tokens.input_tokens == 63


async def test_an_hour_that_clocks_show_twice_is_two_buckets(past: Past, run: Run) -> None:
    since, until = datetime(2026, 10, 25, 1, tzinfo=BERLIN), datetime(2026, 10, 25, 4, tzinfo=BERLIN)
    for tokens, hour in ((1, 23), (2, 24), (4, 25), (8, 26)):
        moment = datetime(2026, 10, 24, tzinfo=UTC) + timedelta(hours=hour, minutes=30)
        await past.call(run, tokens, 0, started_at=moment)

    usage = await of_period(past, period=Period.of(since, until, Bucket.HOUR, BERLIN))

    assert [bucket.tokens.input_tokens for bucket in usage.buckets] == [1, 2, 4, 8]


async def test_the_first_and_the_last_bucket_are_counted_as_far_as_they_are_asked_for(past: Past, run: Run) -> None:
    for tokens, moment in ((1, "2026-03-28T11:59"), (2, "2026-03-28T12:00"), (4, "2026-03-29T12:00")):
        await past.call(run, tokens, 0, started_at=at(moment))

    usage = await of_period(past, period=Period.of(at("2026-03-28T12:00"), at("2026-03-29T12:00"), Bucket.DAY, BERLIN))

    assert [bucket.tokens.input_tokens for bucket in usage.buckets] == [2, 0]


async def test_calls_are_grouped(past: Past, world: World, run: Run) -> None:
    other = await past.run((await world.thread()).thread_id)
    when = {"started_at": at("2026-03-28T12:00")}
    await past.call(run, 10, 0, model="a", node=None, **when)
    await past.call(other, 1, 0, model="b", caller="subagent", **when)
    await past.call(other, 2, 0, model="a", cost=0.5, **when)

    expected = {
        "model": {"a": 12, "b": 1},
        "caller": {"lead_agent": 12, "subagent": 1},
        "assistant": {ASSISTANT.assistant_id: 13},
        "user": {"": 13},
        "thread": {run.thread_id: 10, other.thread_id: 3},
        "node": {"unknown": 10, "model": 3},
    }
    for group_by, groups in expected.items():
        usage = await of_period(past, group_by)
        assert {name: group.tokens.total_tokens for name, group in usage.groups.items()} == groups
        assert list(usage.groups) == list(groups), "the largest comes first"
        assert (usage.total.calls, usage.total.runs, usage.total.unpriced_calls) == (3, 2, 2)
        assert usage.costs == {"USD": COST_UNIT // 2}


async def test_a_run_counts_in_each_bucket_that_it_called_in_and_once_in_total(past: Past, run: Run) -> None:
    for moment in ("2026-03-28T23:59", "2026-03-29T00:01", "2026-03-29T00:02"):
        await past.call(run, started_at=at(moment))

    usage = await of_period(past)

    assert [bucket.runs for bucket in usage.buckets] == [0, 1, 1, 0, 0]
    assert usage.total.runs == 1


async def test_what_is_gone_and_what_is_active_is_counted(past: Past, world: World, run: Run) -> None:
    active = await world.start(new_id(), create_thread=True)
    for each in (run, active):
        await past.call(each, 1, 0, started_at=at("2026-03-28T12:00"))
    await world.threads.delete(ANONYMOUS, run.thread_id)

    assert (await of_period(past)).total.calls == 2


async def test_what_others_spent_is_not_counted(past: Past, run: Run) -> None:
    await past.call(run, owner=ALICE.identity, started_at=at("2026-03-28T12:00"))

    assert (await of_period(past, "user")).total == Usage()
    assert (await past.periods.of_period(ALICE, WEEK, "user")).groups[ALICE.identity].calls == 1


async def test_a_time_with_too_many_groups_is_refused(past: Past, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_periods, "MOST_GROUPS", 2)
    for model in "abc":
        await past.call(run, model=model, started_at=at("2026-03-28T12:00"))

    with pytest.raises(Invalid, match="more than 2 groups"):
        await of_period(past, "model")
    assert len((await of_period(past, "caller")).groups) == 1
