"""Feedback: one opinion of each viewer on each run."""

from __future__ import annotations

import asyncio

import pytest

from runline.errors import RunNotFound
from runline.kit.ids import new_id
from runline.model.feedback import FeedbackStats, Opinion
from runline.model.run import Run
from runline.model.viewer import ANONYMOUS
from runline.storage.feedback import FeedbackNotFound
from storage.past import Past
from storage.world import ALICE, World


async def stats(past: Past, run: Run) -> FeedbackStats:
    return await past.feedback.stats(ANONYMOUS, run.thread_id, run.run_id)


async def test_an_opinion_takes_the_place_of_the_one_before(past: Past, run: Run) -> None:
    first = await past.feedback.put(ANONYMOUS, run.thread_id, run.run_id, Opinion(1, "good", "m1"))
    second = await past.feedback.put(ANONYMOUS, run.thread_id, run.run_id, Opinion(-1))

    assert (second.feedback_id, second.created_at) == (first.feedback_id, first.created_at)
    assert second.opinion == Opinion(-1, None, None)
    assert second.updated_at > first.updated_at
    assert await past.feedback.list_of_run(ANONYMOUS, run.thread_id, run.run_id) == [second]


async def test_opinions_given_at_once_are_one(past: Past, run: Run) -> None:
    given = [Opinion(1, str(number)) for number in range(20)]
    kept = await asyncio.gather(
        *(past.feedback.put(ANONYMOUS, run.thread_id, run.run_id, opinion) for opinion in given)
    )

    assert len({feedback.feedback_id for feedback in kept}) == 1
    assert await stats(past, run) == FeedbackStats(1, 1, 0)


async def test_opinions_are_counted_by_rating(past: Past, run: Run) -> None:
    assert await stats(past, run) == FeedbackStats(0, 0, 0)

    await past.feedback.put(ANONYMOUS, run.thread_id, run.run_id, Opinion(-1))

    assert await stats(past, run) == FeedbackStats(1, 0, 1)


async def test_an_opinion_is_taken_back(past: Past, run: Run) -> None:
    kept = await past.feedback.put(ANONYMOUS, run.thread_id, run.run_id, Opinion(1))

    await past.feedback.delete(ANONYMOUS, run.thread_id, run.run_id, kept.feedback_id)

    assert await past.feedback.list_of_run(ANONYMOUS, run.thread_id, run.run_id) == []
    with pytest.raises(FeedbackNotFound):
        await past.feedback.delete(ANONYMOUS, run.thread_id, run.run_id, kept.feedback_id)


async def test_an_opinion_is_taken_back_at_its_own_run_only(past: Past, run: Run) -> None:
    other = await past.run(run.thread_id)
    kept = await past.feedback.put(ANONYMOUS, run.thread_id, run.run_id, Opinion(1))

    with pytest.raises(FeedbackNotFound):
        await past.feedback.delete(ANONYMOUS, run.thread_id, other.run_id, kept.feedback_id)


async def test_feedback_goes_with_its_run(past: Past, run: Run, world: World) -> None:
    await past.feedback.put(ANONYMOUS, run.thread_id, run.run_id, Opinion(1))

    await past.roll_back(run)

    assert await world.count("feedback") == 0


async def test_runs_of_others_and_of_other_threads_are_not_found(past: Past, run: Run, world: World) -> None:
    other = (await world.thread()).thread_id
    for viewer, thread_id, run_id in (
        (ALICE, run.thread_id, run.run_id),
        (ANONYMOUS, other, run.run_id),
        (ANONYMOUS, run.thread_id, new_id()),
    ):
        for call in (
            past.feedback.put(viewer, thread_id, run_id, Opinion(1)),
            past.feedback.list_of_run(viewer, thread_id, run_id),
            past.feedback.stats(viewer, thread_id, run_id),
            past.feedback.delete(viewer, thread_id, run_id, new_id()),
        ):
            with pytest.raises(RunNotFound):
                await call
    assert await world.count("feedback") == 0
