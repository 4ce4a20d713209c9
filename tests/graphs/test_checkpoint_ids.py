"""Checkpoint ids as moments, and the checkpoints that no run has written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import CheckpointMetadata, empty_checkpoint
from langgraph.checkpoint.base.id import uuid6

from kit.exploring import exploration
from runline.graphs import sqlite_statements
from runline.graphs.checkpoint_ids import first_checkpoint_id, place_of_checkpoint
from runline.graphs.checkpoints import RunlineSaver
from runline.graphs.sqlite_checkpoints import SqliteSaver
from runline.model.place import Place, place_of

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2286, 1, 1)).map(lambda time: time.replace(tzinfo=UTC))


def test_a_checkpoint_id_tells_when_it_was_made() -> None:
    before = place_of(datetime.now(UTC))
    made = place_of_checkpoint(str(uuid6()))
    assert before <= made <= place_of(datetime.now(UTC))


@exploration(100)
@given(MOMENTS)
def test_a_place_is_a_time_and_a_time_a_place(time: datetime) -> None:
    assert place_of(time).time == time


@exploration(100)
@given(MOMENTS, MOMENTS)
def test_ids_sort_as_their_places_do(one: datetime, other: datetime) -> None:
    ids = {time: first_checkpoint_id(place_of(time)) for time in (one, other)}
    assert place_of_checkpoint(f"{ids[one]}-8000-000000000000") == place_of(one)
    assert (ids[one] < ids[other]) == (one < other)


async def put(saver: RunlineSaver, **more: str) -> str:
    """Save a checkpoint and return its id."""
    config: RunnableConfig = {"configurable": {"thread_id": "thread", "checkpoint_ns": "", **more}}
    checkpoint = empty_checkpoint()
    await saver.aput(config, checkpoint, CheckpointMetadata(source="update", step=0, parents={}), {})
    return checkpoint["id"]


async def test_the_next_update_is_the_first_checkpoint_behind_a_place_that_no_run_has_written(
    saver: RunlineSaver,
) -> None:
    first = await put(saver)
    await put(saver, run_id="run")
    await put(saver, checkpoint_ns="inner:1")
    await put(saver, thread_id="other")
    second = await put(saver)
    found = [first, second, None]
    place = Place(0)
    for wanted in found:
        assert await saver.next_update("thread", place) == wanted
        place = place_of_checkpoint(wanted).behind if wanted else place


@pytest.mark.parametrize("open_saver", ["sqlite"], indirect=True)
async def test_it_is_found_without_looking_at_the_checkpoints_of_runs(saver: SqliteSaver) -> None:
    await put(saver)
    sql = f"EXPLAIN QUERY PLAN {sqlite_statements.NEXT_UPDATE}"
    async with saver.conn.execute(sql, ("thread", first_checkpoint_id(Place(0)))) as cursor:
        plan = [row[3] for row in await cursor.fetchall()]
    assert any("ix_checkpoints_updates" in line for line in plan), plan
