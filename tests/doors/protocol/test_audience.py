"""Audience: one reading for all who hear a thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any

import pytest

from runline.doors.protocol.audience import Audience, Audiences, FellBehind
from runline.doors.protocol.events import WireEvent
from runline.doors.protocol.filters import Filter
from runline.doors.protocol.telling import Position, Telling
from runline.errors import Unavailable
from runline.model.place import Place
from runline.model.viewer import ANONYMOUS, Viewer

VALUES = Filter(frozenset({"values"}))
START = Position(Place(1))
LARGE = b'"%b"' % (b"x" * 200_000)


def telling(*seqs: int, moment: int = 1, data: bytes = b"{}") -> Telling:
    """Events of the run at a moment."""
    events = [WireEvent(seq, f"event-{seq}", "values", data) for seq in seqs]
    return Telling(events, Position(Place(moment, seqs[-1]), seqs[-1]))


class Source:
    """What is told to an audience, when the test says so."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[Telling | Exception | None] = asyncio.Queue()
        self.closed = asyncio.Event()

    def tell(self, *tellings: Telling | Exception | None) -> None:
        for each in tellings:
            self._waiting.put_nowait(each)

    async def read(self) -> AsyncGenerator[Telling, None]:
        try:
            while told := await self._waiting.get():
                if isinstance(told, Exception):
                    raise told
                yield told
        finally:
            self.closed.set()


def seqs(several: Sequence[Telling]) -> list[int]:
    return [event.seq for told in several for event in told.events]


class Listener:
    """One of an audience, from the moment it is made."""

    def __init__(self, audience: Audience, position: Position = START) -> None:
        self._hearing: Any = audience.hear(position)
        self._next = asyncio.ensure_future(anext(self._hearing))

    async def hears(self, count: int) -> list[Telling]:
        """The next so many tellings."""
        tellings: list[Telling] = []
        while len(tellings) < count:
            tellings += await self._next
            self._next = asyncio.ensure_future(anext(self._hearing))
        return tellings

    async def leave(self) -> None:
        self._next.cancel()
        await asyncio.gather(self._next, return_exceptions=True)
        await self._hearing.aclose()


class Hall:
    """An audience and what it is told."""

    def __init__(self) -> None:
        self.source = Source()
        self.audience = Audience(self.source.read(), START)
        self.listeners: list[Listener] = []

    async def come(self, count: int = 1, position: Position = START) -> list[Listener]:
        """So many more listeners."""
        came = [Listener(self.audience, position) for _ in range(count)]
        self.listeners += came
        await asyncio.sleep(0)
        return came


@pytest.fixture
async def hall() -> AsyncIterator[Hall]:
    made = Hall()
    yield made
    for listener in made.listeners:
        await listener.leave()
    assert made.audience.over
    await made.source.closed.wait()


async def test_all_are_told_the_same_bytes(hall: Hall) -> None:
    came = await hall.come(3)
    hall.source.tell(telling(1), telling(2, 3))
    told = [await each.hears(2) for each in came]
    assert [seqs(each) for each in told] == 3 * [[1, 2, 3]]
    assert len({id(each[1].frames(VALUES)) for each in told}) == 1
    assert len({id(each[1].texts(Filter(frozenset({"values"})))) for each in told}) == 1


async def test_who_joins_is_told_what_is_behind_its_position_and_not_what_it_has(hall: Hall) -> None:
    early, _waits = await hall.come(2)
    hall.source.tell(telling(1, 2), telling(3, 4, 5), telling(6))
    await early.hears(1)
    (late,) = await hall.come(position=Position(Place(1, 4), 4))
    assert seqs(await late.hears(2)) == [5, 6]


async def test_a_thread_that_was_made_anew_is_told_from_its_beginning(hall: Hall) -> None:
    """Its seqs begin again, behind those of the thread that had the id before."""
    (listener,) = await hall.come(position=Position(Place(7, 900), 900))
    hall.source.tell(telling(1, 2, moment=1_000))
    assert seqs(await listener.hears(1)) == [1, 2]


async def test_what_all_have_heard_is_kept_no_more(hall: Hall) -> None:
    came = await hall.come(2)
    assert hall.audience.reaches(START)
    hall.source.tell(telling(1))
    for listener in came:
        await listener.hears(1)
    await asyncio.sleep(0)
    assert not hall.audience.reaches(START)
    hall.source.tell(telling(2))
    assert [seqs(await listener.hears(1)) for listener in came] == [[2], [2]]


async def test_one_who_leaves_while_it_waits_takes_nothing_from_the_others(hall: Hall) -> None:
    one, other, leaving = await hall.come(3)
    await leaving.leave()
    hall.source.tell(telling(1), telling(2), telling(3))
    assert seqs(await one.hears(3)) == [1, 2, 3]
    await asyncio.sleep(0)
    assert seqs(await other.hears(3)) == [1, 2, 3]


async def test_who_is_too_slow_falls_behind_and_is_told_where_it_is() -> None:
    source = Source()
    audience = Audience(source.read(), START)
    slow: Any = audience.hear(START)
    quick = asyncio.create_task(_all_of(audience))
    source.tell(telling(1))
    assert seqs(await anext(slow)) == [1]
    source.tell(*(telling(seq, data=LARGE) for seq in range(2, 12)), None)
    assert seqs(await quick) == list(range(1, 12))
    with pytest.raises(FellBehind) as fell:
        await anext(slow)
    assert fell.value.position == Position(Place(1, 1), 1)


async def _all_of(audience: Audience) -> list[Telling]:
    return [each async for several in audience.hear(START) for each in several]


async def test_what_the_reading_raises_is_raised_to_all(hall: Hall) -> None:
    came = await hall.come(2)
    hall.source.tell(telling(1), Unavailable("away"))
    for listener in came:
        with pytest.raises(Unavailable):
            await listener.hears(2)


async def test_all_come_to_the_end_of_the_reading(hall: Hall) -> None:
    came = await hall.come(2)
    hall.source.tell(telling(1), None)
    for listener in came:
        assert seqs(await listener.hears(1)) == [1]
        with pytest.raises(StopAsyncIteration):
            await listener.hears(1)


async def test_each_viewer_and_each_thread_has_an_audience_of_its_own() -> None:
    audiences = Audiences()
    keys = [(ANONYMOUS, "a thread"), (Viewer("me"), "a thread"), (ANONYMOUS, "another"), (ANONYMOUS, "a thread")]
    joined = [audiences.join(*key, Source().read(), START) for key in keys]
    assert joined[0] is joined[3]
    assert len({id(each) for each in joined}) == 3
    for audience in joined:
        assert audience is not None
        listener = Listener(audience)
        await asyncio.sleep(0)
        await listener.leave()


async def test_an_audience_that_breaks_up_is_joined_by_nobody() -> None:
    audiences = Audiences()
    joined = []
    for _ in range(2):
        audience = audiences.join(ANONYMOUS, "a thread", Source().read(), START)
        assert audience is not None
        joined.append(audience)
        listener = Listener(audience)
        await asyncio.sleep(0)
        await listener.leave()
    assert joined[0] is not joined[1]
