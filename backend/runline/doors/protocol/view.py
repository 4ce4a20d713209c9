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
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import timedelta

from runline.doors.http import Call
from runline.doors.protocol.events import WireEvent, end_of
from runline.doors.protocol.recent import RecentEvents
from runline.doors.protocol.run_view import RunView
from runline.errors import RunNotFound, ThreadNotFound
from runline.model.lifecycle import ThreadStatus, is_active
from runline.model.place import Place, place_of
from runline.model.run import Run
from runline.model.thread_seq import last_seq, ordinal_at, through
from runline.runs.thread_streams import Lost, Part, RunDone, RunTold, ThreadDeleted

_POLL_SECONDS = 15.0
_JUST_NOW = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where a view begins: the place, and the seq that what is replayed reaches to; 0 if nothing is."""

    place: Place
    caught_up: int = 0


class ThreadView:
    """One reader of a thread. `reached` is the seq up to which it has been told all there was."""

    def __init__(
        self, call: Call, thread_id: str, since: int | None, recent: RecentEvents, *, waits: bool = False
    ) -> None:
        self._call = call
        self._recent = recent
        self._thread_id = thread_id
        self._since = since
        self._waits = waits
        self._run: RunView | None = None
        self._began_at = call.core.runs.clock.now()
        self.caught_up = 0
        self.reached = 0

    async def events(self) -> AsyncIterator[list[WireEvent]]:
        """What happens on the thread, some events at a time; ends when this process shuts down.

        A thread that does not exist is waited for, also when it was deleted. Raises Unavailable.
        """
        async for _ in self._call.core.thread_bells.listen(self._thread_id, _POLL_SECONDS):
            try:
                beginning = await self._begin()
            except ThreadNotFound:
                # whatever comes to be on it is new
                self._since = self._since or 0
                yield []
                continue
            self.caught_up = beginning.caught_up
            yield []
            follow = self._call.core.thread_streams.follow
            try:
                _, parts = await follow(self._call.viewer, self._thread_id, beginning.place, updates=False)
            except ThreadNotFound:
                continue
            deleted = False
            async for part in parts:
                deleted = isinstance(part, ThreadDeleted)
                yield [event for event in await self._of(part) if self._since is None or event.seq > self._since]
            if not deleted:
                return

    async def _begin(self) -> Beginning:
        core, viewer, thread_id = self._call.core, self._call.viewer, self._thread_id
        store = core.thread_streams.store
        newest = await store.newest_started(viewer, thread_id)
        if self._since is not None:
            run = await store.started(viewer, thread_id, ordinal_at(self._since))
        else:
            run = await self._last(newest)
        if run is None:
            return Beginning(place_of(newest.due_at).behind if newest else Place(0))
        covers = newest is not None and newest.due_at >= run.due_at
        return Beginning(place_of(run.due_at), await core.commands.told_through(newest) if newest and covers else 0)

    async def _last(self, newest: Run | None) -> Run | None:
        """The run that is replayed to who says nothing of what it has."""
        if newest is None or is_active(newest.status) or not self._waits:
            return newest
        core = self._call.core
        thread = await core.threads.get(self._call.viewer, self._thread_id)
        asks = thread.status is ThreadStatus.INTERRUPTED
        just_now = core.runs.clock.now() - newest.created_at < _JUST_NOW
        return newest if asks or (just_now and not await core.commands.heard.has(newest.run_id)) else None

    async def _of(self, part: Part) -> Iterable[WireEvent]:
        match part:
            case RunTold(run, events):
                view = await self._view(run)
                told = list(view.events(events)) if view else []
                self.reached = through(view.run, events[-1].seq) if view else self.reached
                return told
            case Lost(run=Run() as run):
                view = await self._view(run)
                return view.begin() if view else ()
            case RunDone(run):
                return await self._ended(run)
        return ()

    async def _ended(self, run: Run) -> Iterable[WireEvent]:
        fresh = await self._fresh(run)
        view = await self._view(fresh or run)
        self._run = None
        if view is None:
            # it has no number: it never started
            return [] if self._is_past(fresh or run) else [end_of(run, fresh, self.reached, asked=False)]
        self.reached = last_seq(view.run)
        if self._waits:
            self._call.core.commands.heard.add(run.run_id)
        return view.end(fresh)

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
