"""Reading the log: pages of messages, the entries of a run, and who may read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import delete, text

from runline.errors import RunNotFound, ThreadNotFound
from runline.kit.ids import new_id
from runline.model.feedback import Opinion
from runline.model.log_page import LogPage, Slice
from runline.model.run import Run
from runline.model.viewer import ANONYMOUS
from runline.storage.run_events import Message
from runline.storage.sight import NoRunLog
from runline.storage.tables import run_events
from storage.past import Past
from storage.world import ALICE, World

TURN = ("run.start", "human_message", "node.start", "ai_message", "node.end")
"""Six entries with `run.end`."""
NEWEST = LogPage(200)


def seqs(cut: Slice[Message]) -> list[int]:
    return [message.event.seq for message in cut.entries]


async def turns(past: Past, thread_id: str, count: int) -> list[Run]:
    """Runs that each were told something and answered."""
    return [await past.run(thread_id, *TURN) for _ in range(count)]


@pytest.mark.parametrize(
    ("page", "expected", "has_more"),
    [
        (LogPage(3), [16, 20, 22], True),
        (LogPage(8), [2, 4, 8, 10, 14, 16, 20, 22], False),
        (LogPage(3, after=0), [2, 4, 8], True),
        (LogPage(3, after=4), [8, 10, 14], True),
        (LogPage(3, after=14), [16, 20, 22], False),
        (LogPage(3, after=22), [], False),
        (LogPage(3, before=16), [8, 10, 14], True),
        (LogPage(3, before=9), [2, 4, 8], False),
        (LogPage(3, before=2), [], False),
        (LogPage(2, after=4, before=16), [8, 10], True),
        (LogPage(3, after=4, before=16), [8, 10, 14], False),
    ],
    ids=str,
)
async def test_a_page_of_messages_is_cut_at_its_far_side(
    past: Past, thread_id: str, page: LogPage, expected: list[int], has_more: bool
) -> None:
    await turns(past, thread_id, 4)

    cut = await past.events.thread_messages(ANONYMOUS, thread_id, page)

    assert (seqs(cut), cut.has_more) == (expected, has_more)


async def test_a_thread_of_500_runs_is_paged_both_ways_without_gap_or_repeat(past: Past, thread_id: str) -> None:
    for _ in range(500):
        await past.run(thread_id, "human_message", "ai_message")
    said = [seq for seq in range(1, 1501) if seq % 3]

    forward: list[int] = []
    while (cut := await past.events.thread_messages(ANONYMOUS, thread_id, _behind(forward))).entries:
        forward += seqs(cut)
    backward: list[int] = []
    while (cut := await past.events.thread_messages(ANONYMOUS, thread_id, _ahead(backward))).entries:
        backward = seqs(cut) + backward

    assert forward == backward == said


def _behind(known: Sequence[int]) -> LogPage:
    return LogPage(37, after=known[-1] if known else 0)


def _ahead(known: Sequence[int]) -> LogPage:
    return LogPage(37, before=known[0] if known else None)


async def test_a_run_tells_its_own_messages_and_all_of_its_log(past: Past, thread_id: str) -> None:
    _, second, _ = await turns(past, thread_id, 3)

    cut = await past.events.run_messages(ANONYMOUS, thread_id, second.run_id, NEWEST)
    tail = await past.events.run_log(ANONYMOUS, thread_id, second.run_id, LogPage(500, after=0), ())

    assert [(message.event.event_type, message.event.seq) for message in cut.entries] == [
        ("human_message", 8),
        ("ai_message", 10),
    ]
    assert [event.event_type for event in tail.entries] == [*TURN, "run.end"]
    assert [event.seq for event in tail.entries] == [7, 8, 9, 10, 11, 12]
    assert tail.entries[0].content == {"text": "run.start"}
    assert tail.over


@pytest.mark.parametrize(
    ("page", "types", "expected", "over"),
    [
        (LogPage(2, after=0), (), [1, 2], False),
        (LogPage(4, after=2), (), [3, 4, 5, 6], True),
        (LogPage(4, after=6), (), [], True),
        (LogPage(9, after=0), ("ai_message", "run.end"), [4, 6], True),
        (LogPage(9, after=4), ("ai_message",), [], True),
    ],
)
async def test_a_log_is_read_from_a_place_by_type(
    past: Past, thread_id: str, page: LogPage, types: tuple[str, ...], expected: list[int], over: bool
) -> None:
    (run,) = await turns(past, thread_id, 1)

    tail = await past.events.run_log(ANONYMOUS, thread_id, run.run_id, page, types)

    assert [event.seq for event in tail.entries] == expected
    assert (tail.after, tail.over) == (expected[-1] if expected else page.after, over)


async def test_the_log_of_an_active_run_is_never_over(past: Past, world: World, thread_id: str) -> None:
    run = await world.start(thread_id)

    assert not (await past.events.run_log(ANONYMOUS, thread_id, run.run_id, LogPage(9, after=0), ())).over

    await world.finish(run)
    assert (await past.events.run_log(ANONYMOUS, thread_id, run.run_id, LogPage(9, after=0), ())).over


async def test_the_log_of_a_run_that_was_rolled_back_is_left(past: Past, thread_id: str) -> None:
    (run,) = await turns(past, thread_id, 1)
    await past.roll_back(run)

    tail = await past.events.run_log(ANONYMOUS, thread_id, run.run_id, LogPage(9, after=0), ())

    assert [tail.entries[-1].event_type, tail.over] == ["run.rollback", True]
    assert not (await past.events.run_messages(ANONYMOUS, thread_id, run.run_id, NEWEST)).entries


async def test_a_run_without_row_and_log_is_not_found(past: Past, world: World, thread_id: str) -> None:
    (run,) = await turns(past, thread_id, 1)
    await past.roll_back(run)
    await world.execute(delete(run_events))

    for unknown in (run.run_id, new_id()):
        with pytest.raises(RunNotFound):
            await past.events.run_log(ANONYMOUS, thread_id, unknown, NEWEST, ())


async def test_a_stateless_run_has_no_log(past: Past, world: World) -> None:
    run = await world.start(new_id(), create_thread=True, temporary=True)

    with pytest.raises(NoRunLog):
        await past.events.run_log(ANONYMOUS, run.thread_id, run.run_id, NEWEST, ())
    with pytest.raises(ThreadNotFound):
        await past.events.thread_messages(ANONYMOUS, run.thread_id, NEWEST)


async def test_nobody_reads_what_was_said_on_threads_of_others(past: Past, thread_id: str) -> None:
    (run,) = await turns(past, thread_id, 1)

    with pytest.raises(ThreadNotFound):
        await past.events.thread_messages(ALICE, thread_id, NEWEST)
    with pytest.raises(RunNotFound):
        await past.events.run_messages(ALICE, thread_id, run.run_id, NEWEST)
    with pytest.raises(RunNotFound):
        await past.events.run_log(ALICE, thread_id, run.run_id, NEWEST, ())


async def test_a_run_is_not_found_on_another_thread(past: Past, world: World, thread_id: str) -> None:
    (run,) = await turns(past, thread_id, 1)
    other = await world.thread()

    with pytest.raises(RunNotFound):
        await past.events.run_log(ANONYMOUS, other.thread_id, run.run_id, NEWEST, ())


async def test_feedback_stands_on_the_last_answer_of_its_run(past: Past, thread_id: str) -> None:
    answers = ("human_message", "ai_message", "tool_message", "ai_message", "tool_message")
    first, _ = [await past.run(thread_id, *answers) for _ in range(2)]
    kept = await past.feedback.put(ANONYMOUS, thread_id, first.run_id, Opinion(-1, "no"))

    for cut in (
        await past.events.thread_messages(ANONYMOUS, thread_id, NEWEST),
        await past.events.run_messages(ANONYMOUS, thread_id, first.run_id, NEWEST),
    ):
        assert {message.event.seq: message.feedback for message in cut.entries if message.feedback} == {4: kept}


async def test_feedback_stays_with_the_last_answer_when_a_page_ends_before_it(past: Past, thread_id: str) -> None:
    run = await past.run(thread_id, "human_message", "ai_message", "tool_message", "ai_message")
    await past.feedback.put(ANONYMOUS, thread_id, run.run_id, Opinion(1))

    cut = await past.events.thread_messages(ANONYMOUS, thread_id, LogPage(2, after=0))

    assert [message.feedback for message in cut.entries] == [None, None]


@pytest.mark.parametrize(
    ("column", "value"), [("content", '{"never": '), ("category", "gossip"), ("created_at", "then")]
)
async def test_an_entry_that_cannot_be_read_is_left_out(
    past: Past, world: World, thread_id: str, column: str, value: Any
) -> None:
    (run,) = await turns(past, thread_id, 1)
    await world.execute(text(f"UPDATE run_events SET {column} = :value WHERE seq = 3").bindparams(value=value))

    tail = await past.events.run_log(ANONYMOUS, thread_id, run.run_id, LogPage(9, after=0), ())

    assert [event.seq for event in tail.entries] == [1, 2, 4, 5, 6]


async def test_a_log_goes_on_behind_a_page_that_cannot_be_read(past: Past, world: World, thread_id: str) -> None:
    (run,) = await turns(past, thread_id, 1)
    await world.execute(text("UPDATE run_events SET category = 'gossip' WHERE seq < 4"))

    tail = await past.events.run_log(ANONYMOUS, thread_id, run.run_id, LogPage(3, after=0), ())

    assert (tail.entries, tail.after, tail.over) == ([], 3, False)
