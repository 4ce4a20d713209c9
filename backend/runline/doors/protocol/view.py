"""A thread in the words of the protocol: all its runs, one after the other, and those to come.

Root lifecycle events are told here, of what the runs' rows say, so that one comes at each run's end, on every path:
also when it was cancelled before it started, was rolled back or deleted, or its worker died.

What is replayed. With `since`: all behind it, as far back as events are kept; `since: 0` is everything. Without it:
a run that is not over in full, or else the last one, because clients open their streams once a run is started, and
some come back without saying what they have. Each run is read from its first event on, whatever `since` is, as its
end depends on what it told.

Divergence 62: seqs and ids of events are the same on every connection and after a restart; `since` is theirs.
Divergence 63: without `since` no more than the last run is replayed; officially all. What watches for the end of a run
on behalf of the Python SDK takes the first one it hears for that of the run it is about to start: it is spared one that
was heard before, or is over for long, unless that has asked for something.
Divergence 161: nothing of a run comes behind its end.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from runline.doors.http import Call
from runline.doors.protocol.events import end_of
from runline.doors.protocol.recent import RecentEvents
from runline.doors.protocol.run_view import RunView
from runline.doors.protocol.telling import Position, Telling
from runline.errors import RunNotFound, ThreadNotFound
from runline.model.event import Event
from runline.model.lifecycle import ThreadStatus, is_active
from runline.model.place import Place, place_of
from runline.model.run import Run, StreamProtocol
from runline.model.thread_seq import last_seq, ordinal_at, through
from runline.runs.thread_streams import Lost, Part, RunDone, RunTold, ThreadDeleted

_POLL_SECONDS = 15.0
_JUST_NOW = timedelta(seconds=5)

Since = int | Position | None
Tellings = AsyncGenerator[Telling, None]


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where a view begins: the place, and the seq that what is replayed reaches to; 0 if nothing is."""

    place: Place
    caught_up: int = 0


class ThreadView:
    """One who reads a thread: from `since` on, or goes on where another has come to.

    `waits`: on behalf of what waits for the end of a run that it is about to start.
    """

    def __init__(self, call: Call, thread_id: str, since: Since, recent: RecentEvents, *, waits: bool = False) -> None:
        self._call = call
        self._recent = recent
        self._thread_id = thread_id
        self._since = since
        self._waits = waits
        self._run: RunView | None = None
        self._there = False
        self._caught_up = 0
        self.position = Position(Place(0))
        self._began_at = call.core.runs.clock.now()

    @property
    def replayed(self) -> bool:
        """Whether all that had happened when it began was told."""
        return self.position.seq >= self._caught_up

    @property
    def live(self) -> bool:
        """Whether besides it is behind `since`, and so tells what everybody is told."""
        passed = not isinstance(self._since, int) or self.position.seq >= self._since
        return self._there and self.replayed and passed

    async def tellings(self) -> Tellings:
        """What happens on the thread; nothing, where the view gets on otherwise. Ends when this process shuts down.

        A thread that does not exist is waited for, also when it was deleted. Raises Unavailable.
        """
        async for _ in self._call.core.thread_bells.listen(self._thread_id, _POLL_SECONDS):
            try:
                parts = await self._parts()
            except ThreadNotFound:
                parts = _no_thread()
            yield Telling((), self.position)
            deleted = False
            async for part in parts:
                deleted = isinstance(part, ThreadDeleted)
                yield self._behind_since(await self._of(part))
            if not deleted:
                return
            # whatever comes to be on it is new
            self._there, self._since = False, 0

    async def _parts(self) -> AsyncIterator[Part]:
        beginning = await self._begin()
        follow = self._call.core.thread_streams.follow
        _, parts = await follow(self._call.viewer, self._thread_id, beginning.place, updates=False)
        self._there, self._caught_up, self.position = True, beginning.caught_up, Position(beginning.place)
        return parts

    def _behind_since(self, telling: Telling) -> Telling:
        if isinstance(self._since, Position):
            return telling.behind(self._since)
        return telling.after(self._since) if self._since else telling

    async def _begin(self) -> Beginning:
        core, viewer, thread_id = self._call.core, self._call.viewer, self._thread_id
        store = core.thread_streams.store
        newest = await store.newest_started(viewer, thread_id)
        told = await core.commands.told_through(newest) if newest else 0
        if isinstance(self._since, Position):
            return Beginning(Place(self._since.place.moment), told)
        if self._since is not None:
            ordinal = ordinal_at(self._since)
            run = await store.started(viewer, thread_id, ordinal)
            if run is None and not await store.has_started(viewer, thread_id, ordinal):
                # it was said of another thread, which had this id before
                self._since = 0
                run = await store.started(viewer, thread_id)
        else:
            run = await self._last(newest)
        if run is None:
            return Beginning(place_of(newest.due_at).behind if newest else Place(0))
        covers = newest is not None and newest.due_at >= run.due_at
        return Beginning(place_of(run.due_at), told if covers else 0)

    async def _last(self, newest: Run | None) -> Run | None:
        """The run that is replayed to who says nothing of what it has."""
        if newest is None or is_active(newest.status) or not self._waits:
            return newest
        core = self._call.core
        thread = await core.threads.get(self._call.viewer, self._thread_id)
        asks = thread.status is ThreadStatus.INTERRUPTED
        if asks or (self._is_missed(newest) and not await core.commands.heard.has(newest.run_id)):
            return newest
        return None

    def _is_missed(self, run: Run) -> bool:
        """Whether it may be the one that is waited for: a session started it, and it ended with nobody to hear."""
        now = self._call.core.runs.clock.now()
        just_ended = run.ended_at is not None and now - run.ended_at < _JUST_NOW
        return just_ended and run.spec.protocol is StreamProtocol.V2

    async def _of(self, part: Part) -> Telling:
        match part:
            case RunTold(run, events):
                return await self._told(run, events)
            case Lost(run=Run() as run):
                view = await self._view(run)
                return Telling(view.begin() if view else (), self.position)
            case RunDone(run):
                return await self._ended(run)
        return Telling((), self.position)

    async def _told(self, run: Run, events: Sequence[Event]) -> Telling:
        view = await self._view(run)
        if view is None:
            return Telling((), self.position)
        told, seq = list(view.events(events)), events[-1].seq
        self.position = Position(Place(place_of(run.due_at).moment, seq), through(view.run, seq))
        return Telling(told, self.position)

    async def _ended(self, run: Run) -> Telling:
        fresh = await self._fresh(run)
        view = await self._view(fresh or run)
        self._run = None
        place = place_of(run.due_at).behind
        if view is None:
            # it has no number: it never started
            unseen = not self._is_past(fresh or run)
            end = (end_of(run, fresh, self.position.seq, asked=False),) if unseen else ()
            self.position = Position(place, self.position.seq)
            return Telling(end, self.position, ended=run.run_id, numbered=False)
        self.position = Position(place, last_seq(view.run))
        return Telling(view.end(fresh), self.position, ended=run.run_id)

    def _is_past(self, run: Run) -> bool:
        """Whether it had ended long before somebody came who waits for a run of its own."""
        return self._waits and run.ended_at is not None and run.ended_at < self._began_at - _JUST_NOW

    async def _view(self, run: Run) -> RunView | None:
        """The view of a run that has started; one that waited as its following began is read again."""
        if self._run is None or self._run.run.run_id != run.run_id:
            started = run if run.ordinal and run.started_at else await self._fresh(run)
            if started is None or not started.ordinal:
                return None
            self._run = RunView(started, self._recent)
        return self._run

    async def _fresh(self, run: Run) -> Run | None:
        try:
            return await self._call.core.runs.find(self._call.viewer, run.run_id, self._thread_id)
        except RunNotFound:
            return None


async def _no_thread() -> AsyncIterator[Part]:
    yield ThreadDeleted()
