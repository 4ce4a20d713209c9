"""ThreadStreams: the runs and the state updates of a thread, in one order that a reader can leave and come back to."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from kit.waiting import let_others_run, wait_until
from runline.errors import NotStreamable, ThreadBusy, ThreadNotFound
from runline.model.place import Place, place_of
from runline.model.run import Run
from runline.model.viewer import ANONYMOUS, Viewer
from runline.runs.states import StateUpdate
from runline.runs.thread_streams import Lost, Part, RunDone, RunGone, RunTold, StateUpdated, ThreadDeleted
from runline.streams.contracts import EventsGone
from runs.agents import GATES
from runs.house import House, lose_redis, open_house

START = Place(0)
LAST = "the end"

Fact = tuple[Place, str]
"""Something that was told, and the place behind it."""


@dataclass
class Followed:
    """What a follower was told so far."""

    parts: list[Part] = field(default_factory=list)
    over: bool = False

    @property
    def facts(self) -> list[Fact]:
        return [fact for part in self.parts for fact in facts_of(part)]

    @property
    def words(self) -> list[str]:
        return [word for _, word in self.facts]

    @property
    def losses(self) -> list[type[Exception]]:
        return [type(part.reason) for part in self.parts if isinstance(part, Lost)]

    async def tells(self, *words: str) -> None:
        """Wait until it has been told so many things, and compare."""
        await wait_until(lambda: len(self.facts) >= len(words))
        assert self.words == list(words)

    async def tells_some(self, count: int) -> None:
        """Wait until it has been told so many things, or the last one."""
        await wait_until(lambda: len(self.facts) >= count or any(LAST in word for word in self.words))

    async def ends(self) -> None:
        """Wait until the stream is over."""
        await wait_until(lambda: self.over)


def facts_of(part: Part) -> Sequence[Fact]:
    match part:
        case RunTold(run, events):
            moment = place_of(run.due_at).moment
            return [(Place(moment, event.seq), event.name) for event in events]
        case RunDone(run, begun):
            return [(place_of(run.due_at).behind, "done" if begun else "never began")]
        case StateUpdated(place, state):
            return [(place.behind, f"update {(state.values if state else {}).get('log')}")]
        case ThreadDeleted():
            return [(Place(10**16), "deleted")]
        case Lost():
            return []


@asynccontextmanager
async def following(
    house: House, thread_id: str, after: Place | None = None, *, poll_seconds: float = 60
) -> AsyncIterator[Followed]:
    """Follow a thread meanwhile, its state updates too."""
    followed = Followed()
    streams = replace(house.core.thread_streams, poll_seconds=poll_seconds)
    _, parts = await streams.follow(ANONYMOUS, thread_id, after, updates=True)

    async def read() -> None:
        async for part in parts:
            followed.parts.append(part)
        followed.over = True

    reading = asyncio.create_task(read())
    await let_others_run()
    try:
        yield followed
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def update(house: House, thread_id: str, word: str) -> None:
    await house.core.states.update(ANONYMOUS, thread_id, StateUpdate({"log": [word]}, as_node="act"))


WHOLE = ["metadata", "values", "values", "done"]


async def test_a_follower_is_told_of_all_runs_one_after_the_other(house: House) -> None:
    thread_id = await house.thread()
    async with following(house, thread_id) as followed:
        await house.finish(thread_id, "one")
        await house.finish(thread_id, "two")
        await followed.tells(*WHOLE, *WHOLE)
        assert followed.facts == sorted(followed.facts)
        assert len(set(followed.facts)) == len(followed.facts)


async def test_it_is_told_of_runs_that_wait_in_their_order(house: House) -> None:
    thread_id = await house.thread()
    first = await house.hold(thread_id)
    waiting = [await house.create(thread_id, "later") for _ in range(3)]
    async with following(house, thread_id, START) as followed:
        GATES["gate"].open()
        for run in (first, *waiting):
            await house.end(run)
        await wait_until(lambda: followed.words.count("done") == 4)
        runs = list(dict.fromkeys(part.run.run_id for part in followed.parts if isinstance(part, RunTold)))
        assert runs == [run.run_id for run in (first, *waiting)]


async def test_without_a_place_it_is_told_what_comes_from_now_on(house: House) -> None:
    thread_id = await house.thread()
    await house.finish(thread_id, "before")
    await update(house, thread_id, "before")
    running = await house.hold(thread_id)
    async with following(house, thread_id) as followed:
        GATES["gate"].open()
        await house.end(running)
        await followed.tells("values", "values", "done")


async def test_it_begins_where_it_says(house: House) -> None:
    """A client that is cut off before the first event comes back there."""
    thread_id = await house.thread()
    await house.finish(thread_id, "before")
    begin, _ = await house.core.thread_streams.follow(ANONYMOUS, thread_id, None, updates=False)
    await house.finish(thread_id, "missed")
    async with following(house, thread_id, begin) as followed:
        await followed.tells(*WHOLE)


async def test_a_reader_comes_back_to_any_place_without_loss_or_repeat(house: House) -> None:
    thread_id = await house.thread()
    for word in ("one", "two"):
        await house.finish(thread_id, word)
        await update(house, thread_id, word)
    await house.finish(thread_id, "fail")
    async with following(house, thread_id, START) as followed:
        await followed.tells(
            *WHOLE,
            "update ['one', 'one']",
            *WHOLE,
            "update ['one', 'one', 'two', 'two']",
            *("metadata", "values", "error", "done"),
        )
        whole = followed.facts
    for number, (place, _) in enumerate(whole):
        async with following(house, thread_id, place) as again:
            await again.tells(*(word for _, word in whole[number + 1 :]))
            await let_others_run()
            assert again.facts == whole[number + 1 :]


async def busy_thread(house: House, thread_id: str, chance: random.Random) -> None:
    """Runs and state updates of several clients at once: some wait, some fail, some are interrupted."""

    async def client() -> None:
        for _ in range(6):
            script = chance.choice([("one",), ("write 20", "two"), ("fail",), ("one", "two", "three")])
            strategy, delay = chance.choice(["enqueue"] * 4 + ["interrupt"]), chance.choice([0, 0, 0, 0.01, 0.05])
            resumable, waits = chance.random() < 0.5, chance.random() < 0.7
            run = await house.create(
                thread_id,
                *script,
                strategy=strategy,
                after_seconds=delay,
                stream_resumable=resumable,
                stream_mode=("custom", "updates"),
            )
            if waits:
                await house.end(run)
            with suppress(ThreadBusy):
                await update(house, thread_id, "by hand")

    await asyncio.gather(*[client() for _ in range(3)])
    async with asyncio.timeout(30):
        while any((await house.core.claims.active_counts()).values()):  # noqa: ASYNC110 - the store sets no event
            await asyncio.sleep(0.005)
    await update(house, thread_id, LAST)


@pytest.mark.parametrize("seed", range(5))
async def test_a_reader_that_is_cut_off_again_and_again_while_much_happens_reads_what_others_read(
    house: House, seed: int
) -> None:
    chance, thread_id = random.Random(seed), await house.thread()
    read: list[Fact] = []
    cuts = 0
    async with following(house, thread_id) as steady:
        busy = asyncio.create_task(busy_thread(house, thread_id, chance))
        while not read or LAST not in read[-1][1]:
            async with following(house, thread_id, read[-1][0] if read else START) as cut_off:
                most = chance.randint(1, 12)
                await cut_off.tells_some(most)
                # on a busy machine it has read on meanwhile, perhaps to the end: what it was sent is not what it took
                read += cut_off.facts[:most]
                cuts += 1
        await busy
        await steady.tells(*(word for _, word in read))
        assert read == steady.facts
    assert read == sorted(read)
    assert len(set(read)) == len(read) > 20
    assert cuts > 1


async def test_resumable_runs_are_replayed_after_a_restart_and_the_loss_of_others_is_told(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        thread_id = await house.thread()
        stored = await house.finish(thread_id, "one", stream_resumable=True)
        lost = await house.finish(thread_id, "two")
        await update(house, thread_id, "by hand")
    lose_redis(tmp_path)
    async with open_house(tmp_path) as house, following(house, thread_id, START) as followed:
        await followed.tells(*WHOLE, "done", "update ['one', 'two', 'by hand']")
        losses = [part for part in followed.parts if isinstance(part, Lost)]
        assert [(type(part.reason), part.run, part.unseen) for part in losses] == [(NotStreamable, lost, True)]
        assert followed.facts[3][0] == place_of(stored.created_at).behind


async def test_events_that_memory_has_dropped_are_told_as_lost_and_the_kept_ones_follow(tmp_path: Path) -> None:
    async with open_house(tmp_path, streams={"max_bytes_per_run": 65536}) as house:
        thread_id = await house.thread()
        run = await house.finish(thread_id, "write 1000", stream_mode=("custom",))
        async with following(house, thread_id, START) as followed:
            await wait_until(lambda: followed.words[-1:] == ["done"])
        assert followed.losses == [EventsGone]
        seqs = [place.seq for place, _ in followed.facts[:-1]]
        assert seqs == list(range(seqs[0], 1002))
        assert 1 < seqs[0] < 1002
        assert followed.parts[-1] == RunDone(run)


async def test_a_reader_who_comes_back_to_a_run_that_was_rolled_back_is_told_so(house: House) -> None:
    thread_id = await house.thread()
    run = await house.hold(thread_id)
    inside = Place(place_of(run.due_at).moment, 2)
    await house.cancel(run, "rollback")
    await house.reach(run, None)
    async with following(house, thread_id, inside) as followed:
        await house.finish(thread_id, "next")
        await followed.tells(*WHOLE)
        assert followed.losses == [RunGone]


async def test_a_follower_sees_the_end_of_a_run_that_is_rolled_back(house: House) -> None:
    thread_id = await house.thread()
    run = await house.hold(thread_id)
    async with following(house, thread_id, START) as followed:
        await house.cancel(run, "rollback")
        await wait_until(lambda: followed.words[-1:] == ["done"])
        await house.finish(thread_id, "next")
        await wait_until(lambda: followed.words.count("done") == 2)
        assert followed.losses == []


async def test_of_a_run_that_never_began_its_end_alone_is_told(house: House) -> None:
    thread_id = await house.thread()
    before = await house.hold(thread_id)
    async with following(house, thread_id) as followed:
        await house.cancel(await house.create(thread_id, "never"))
        GATES["gate"].open()
        await house.end(before)
        await house.finish(thread_id, "one")
        await wait_until(lambda: followed.words.count("done") == 2)
        at = followed.words.index("never began")
        assert followed.words[at - 1] == "done"
        assert followed.words[at + 1 :] == WHOLE
    async with following(house, thread_id, START) as again:
        await wait_until(lambda: again.words.count("done") == 2)
        assert again.words[again.words.index("never began") + 1 :] == WHOLE


async def test_nothing_is_told_of_a_run_that_was_rolled_back_before_it_began(house: House) -> None:
    thread_id = await house.thread()
    await house.cancel(await house.create(thread_id, "never", after_seconds=60), "rollback")
    await house.finish(thread_id, "one")
    async with following(house, thread_id, START) as again:
        await again.tells(*WHOLE)


async def test_a_deletion_ends_the_stream_also_in_the_middle_of_a_run(house: House) -> None:
    idle, busy = await house.thread(), await house.thread()
    await house.hold(busy)
    for thread_id in (idle, busy):
        async with following(house, thread_id) as followed:
            await house.core.runs.delete_thread(ANONYMOUS, thread_id)
            await followed.ends()
            assert isinstance(followed.parts[-1], ThreadDeleted)


async def test_a_shutdown_ends_the_stream_without_a_word(tmp_path: Path) -> None:
    async with open_house(tmp_path, workers={"shutdown_grace_seconds": 0.0}) as house:
        idle, busy = await house.thread(), await house.thread()
        await house.hold(busy)
        async with following(house, idle) as at_rest, following(house, busy) as at_work:
            await house.core.drain()
            await wait_until(lambda: at_rest.over and at_work.over)
            assert (at_rest.parts, at_work.parts) == ([], [])


async def test_a_lost_ring_costs_a_poll(house: House) -> None:
    """The thread is deleted in the database alone, as by another process."""
    thread_id = await house.thread()
    async with following(house, thread_id, poll_seconds=0.01) as followed:
        await house.core.threads.delete(ANONYMOUS, thread_id)
        await followed.ends()
        assert followed.words == ["deleted"]


async def test_a_copy_does_not_tell_the_updates_of_its_source(house: House) -> None:
    thread_id = await house.thread()
    await house.finish(thread_id, "one")
    await update(house, thread_id, "by hand")
    copy = await house.core.states.copy(ANONYMOUS, thread_id)
    async with following(house, copy.thread_id, START) as followed:
        await update(house, copy.thread_id, "own")
        await followed.tells("update ['one', 'by hand', 'own']")


async def test_a_run_created_during_an_update_is_told_once_and_so_is_the_update(house: House) -> None:
    thread_id = await house.thread()
    await house.finish(thread_id, "one")
    async with following(house, thread_id) as followed:
        async with house.core.slots.slot(ANONYMOUS, thread_id):
            run = await house.create(thread_id, "meanwhile")
            thread = await house.core.threads.get(ANONYMOUS, thread_id)
            await house.core.states._write(thread, StateUpdate({"log": ["by hand"]}, as_node="act"))
        await house.end(run)
        await wait_until(lambda: len(followed.facts) >= 5)
        await update(house, thread_id, "after")
        await wait_until(lambda: len(followed.facts) >= 6)
        assert sorted(word for word in followed.words if word.startswith("update")) == [
            "update ['one', 'by hand', 'meanwhile', 'after']",
            "update ['one', 'by hand']",
        ]
        assert followed.words.count("metadata") == 1
        assert followed.facts == sorted(followed.facts)


async def test_another_viewers_thread_is_not_found(house: House) -> None:
    thread_id = await house.thread()
    for after in (None, START):
        with pytest.raises(ThreadNotFound):
            await house.core.thread_streams.follow(Viewer("other"), thread_id, after, updates=True)


async def admit_late(house: House, earlier: Run) -> Run:
    """A run whose creation was noted an hour before it is admitted."""
    runs = house.core.runs
    spec, assistant = await runs._prepare(ANONYMOUS, replace(earlier.spec, input={"script": ["late"]}))
    noted = earlier.created_at - timedelta(hours=1)
    return await runs._admit(
        replace(runs._new_run(ANONYMOUS, earlier.thread_id, spec, assistant), created_at=noted), assistant
    )


async def test_a_run_that_waited_for_its_admission_stands_behind_what_came_before_it(house: House) -> None:
    """Others were quicker, and whoever has read those must not miss it."""
    thread_id = await house.thread()
    earlier = await house.finish(thread_id, "one")
    await update(house, thread_id, "by hand")
    async with following(house, thread_id) as followed:
        await admit_late(house, earlier)
        await followed.tells(*WHOLE)


async def test_an_update_is_told_only_when_no_run_can_be_admitted_before_it_any_more(house: House) -> None:
    thread_id = await house.thread()
    earlier = await house.finish(thread_id, "one")
    async with following(house, thread_id) as followed:
        async with house.core.slots.slot(ANONYMOUS, thread_id):
            thread = await house.core.threads.get(ANONYMOUS, thread_id)
            await house.core.states._write(thread, StateUpdate({"log": ["by hand"]}, as_node="act"))
            house.core.thread_bells.ring(thread_id)
            for _ in range(20):
                # as the follower reads now
                await house.core.thread_streams.store.present(ANONYMOUS, thread_id)
            assert followed.facts == []
            await admit_late(house, earlier)
        await followed.tells("update ['one', 'by hand']", *WHOLE)


async def test_an_update_is_not_told_before_a_run_that_came_before_it_and_has_yet_to_begin(tmp_path: Path) -> None:
    async with open_house(tmp_path, workers={"concurrency": 1}) as house:
        thread_id = await house.thread()
        await house.finish(thread_id, "one")
        other = await house.create(None, "wait gate")
        async with following(house, thread_id) as followed:
            async with house.core.slots.slot(ANONYMOUS, thread_id):
                await house.create(thread_id, "waits")
                thread = await house.core.threads.get(ANONYMOUS, thread_id)
                await house.core.states._write(thread, StateUpdate({"log": ["by hand"]}, as_node="act"))
            for _ in range(20):
                # as the follower reads now
                await house.core.thread_streams.store.present(ANONYMOUS, thread_id)
            assert followed.facts == []
            GATES["gate"].open()
            await house.end(other)
            await followed.tells(*WHOLE, "update ['one', 'by hand']")


@pytest.mark.parametrize("start", [None, START])
async def test_a_follower_neither_waits_for_a_delayed_run_nor_misses_it(house: House, start: Place | None) -> None:
    thread_id = await house.thread()
    delayed = await house.create(thread_id, "delayed", after_seconds=3600)
    async with following(house, thread_id, start) as followed:
        meanwhile = await house.create(thread_id, "meanwhile")
        await followed.tells(*WHOLE)
        await house.let_come_due(delayed)
        await house.end(delayed)
        await followed.tells(*WHOLE, *WHOLE)
        told = [part.run.run_id for part in followed.parts if isinstance(part, RunDone)]
        assert told == [meanwhile.run_id, delayed.run_id]
        assert followed.facts == sorted(followed.facts)
