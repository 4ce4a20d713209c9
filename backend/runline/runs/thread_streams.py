"""Following a thread: all its runs, one after the other, those to come too, and its state updates.

What happens on a thread has an order, which is that of its places: a run's is when it is due, which the store puts
behind all that has begun before it; a state update's is in the id of its checkpoint. A follower holds a place and
asks for what has begun behind it, so that it waits for no delay, and can come back at any place without loss or
repeat. The bell of the thread tells it to ask again; a slow poll stands behind the bell.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from langgraph.types import StateSnapshot

from runline.errors import NotStreamable, RunlineError, RunNotFound, ThreadNotFound, Unavailable
from runline.graphs.checkpoint_ids import place_of_checkpoint
from runline.graphs.checkpoints import RunlineSaver
from runline.model.event import Event
from runline.model.lifecycle import is_active
from runline.model.place import Place, place_of
from runline.model.run import Run
from runline.model.viewer import Viewer
from runline.runs.manager import RunManager
from runline.runs.states import ThreadStates
from runline.storage.thread_streams import Outlook, ThreadStreamStore
from runline.streams.contracts import Ended, EventsGone, ThreadBells

_POLL_SECONDS = 15.0


class RunGone(RunlineError):
    """A reader comes back to a run that is no more."""

    status = 410

    def __init__(self) -> None:
        super().__init__("The run whose events were read last was deleted or rolled back; there are no more of them")


@dataclass(frozen=True, slots=True)
class RunTold:
    """The next events of a run."""

    run: Run
    events: Sequence[Event]


@dataclass(frozen=True, slots=True)
class RunDone:
    """A run has ended, or is gone; `begun`: it had begun before."""

    run: Run
    begun: bool = True


@dataclass(frozen=True, slots=True)
class Lost:
    """Something that cannot be told, and why: events of `run`, or else a state update or a run that is gone.

    `unseen`: nothing was told of the run before, not even that it began.
    """

    reason: RunlineError
    run: Run | None = None
    unseen: bool = False


@dataclass(frozen=True, slots=True)
class StateUpdated:
    """The state that an update came to, and the place of the update."""

    place: Place
    state: StateSnapshot | None


@dataclass(frozen=True, slots=True)
class ThreadDeleted:
    """The end: the thread is no more."""


Part = RunTold | RunDone | Lost | StateUpdated | ThreadDeleted


class _ShutDown(Exception):
    """The process ends its streams."""


@dataclass(frozen=True, slots=True)
class ThreadStreams:
    """What the followers of threads share."""

    store: ThreadStreamStore
    runs: RunManager
    states: ThreadStates
    saver: RunlineSaver
    bells: ThreadBells
    poll_seconds: float = _POLL_SECONDS

    async def follow(
        self, viewer: Viewer, thread_id: str, after: Place | None, *, updates: bool
    ) -> tuple[Place, AsyncIterator[Part]]:
        """The place where the stream begins, and its parts: all that is behind `after` (None: from now on).

        `updates`: state updates too. The parts end with ThreadDeleted, or without it when this process shuts down.
        Raises ThreadNotFound; the parts raise Unavailable.
        """
        outlook = await self.store.present(viewer, thread_id)
        # what is older than the thread was copied with it
        place = max(after, place_of(outlook.created_at)) if after else await self._now(outlook)
        return place, _Follower(self, viewer, thread_id, place, updates=updates).parts()

    async def _now(self, outlook: Outlook) -> Place:
        run = outlook.run
        if run and is_active(run.status):
            return Place(place_of(run.due_at).moment, await self.runs.streams.now(run))
        behind = place_of(max(outlook.updated_at, run.due_at) if run else outlook.updated_at).behind
        # a state that changed while a run waited for its turn
        return min(behind, place_of(outlook.waiting)) if outlook.waiting else behind


class _Follower:
    """One who follows a thread. `_place` moves behind whatever was told to its end."""

    def __init__(self, shared: ThreadStreams, viewer: Viewer, thread_id: str, place: Place, *, updates: bool) -> None:
        self._shared = shared
        self._viewer = viewer
        self._thread_id = thread_id
        self._place = place
        self._updates = updates

    async def parts(self) -> AsyncIterator[Part]:
        """See ThreadStreams.follow."""
        try:
            async for _ in self._shared.bells.listen(self._thread_id, self._shared.poll_seconds):
                while parts := await self._next():
                    async for part in parts:
                        yield part
        except ThreadNotFound:
            for run in await self._shared.store.undone(self._viewer, self._thread_id, self._place.time):
                yield RunDone(run, begun=False)
            yield ThreadDeleted()
        except _ShutDown:
            return

    async def _next(self) -> AsyncIterator[Part] | None:
        """What is told next; None if there is nothing now."""
        # before the runs: one that is admitted while an update is made has its place before the update's
        checkpoint_id = await self._next_update()
        outlook = await self._shared.store.ahead(self._viewer, self._thread_id, self._place.time)
        run = outlook.run
        if outlook.held and run is None:
            return None
        if self._place.seq and (run is None or place_of(run.due_at).moment != self._place.moment):
            return self._tell_gone()
        ahead = run.due_at if run else outlook.waiting
        if checkpoint_id and (ahead is None or place_of_checkpoint(checkpoint_id) < place_of(ahead)):
            return self._tell_update(checkpoint_id)
        return self._tell_run(run) if run else None

    async def _next_update(self) -> str | None:
        return await self._shared.saver.next_update(self._thread_id, self._place) if self._updates else None

    async def _tell_gone(self) -> AsyncIterator[Part]:
        yield Lost(RunGone())
        self._place = self._place.behind

    async def _tell_update(self, checkpoint_id: str) -> AsyncIterator[Part]:
        place = place_of_checkpoint(checkpoint_id)
        try:
            checkpoint = {"checkpoint_id": checkpoint_id}
            state = await self._shared.states.get(self._viewer, self._thread_id, checkpoint)
            yield StateUpdated(place, state)
        except (ThreadNotFound, Unavailable):
            raise
        except RunlineError as exc:
            yield Lost(exc)
        self._place = place.behind

    async def _tell_run(self, run: Run) -> AsyncIterator[Part]:
        async for part in self._parts_of(run, self._place.seq):
            yield part
        self._place = place_of(run.due_at).behind

    async def _parts_of(self, run: Run, after: int) -> AsyncIterator[Part]:
        """A run's events after `after`, and its end."""
        position: int | None = after
        begun = run.started
        try:
            while True:
                try:
                    async for told in self._told(run, position):
                        begun = True
                        yield told
                    break
                except EventsGone as exc:
                    yield Lost(exc, run)
                    position = exc.kept_after
        except NotStreamable as exc:
            if begun:
                yield Lost(exc, run, unseen=not after)
        except RunNotFound:
            pass
        yield RunDone(run, begun)

    async def _told(self, run: Run, after: int | None) -> AsyncIterator[RunTold]:
        async for batch in await self._shared.runs.follow(run, after):
            if isinstance(batch, Ended):
                return
            yield RunTold(run, batch)
        raise _ShutDown
