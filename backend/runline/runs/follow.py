"""Following a run: replay, then live, from memory or from the store. Serves stream, join, wait and every door.

Where a run's events are: those of a live run and of one that ended a short while ago are in the bridge, or can be
reached through it if another process wrote them; those of a resumable run are stored too, for longer, and outlive the
process. Seqs continue over attempts: after the newest
stored event, or for a run whose events were only in the memory of a process that is gone, in a range of the
attempt's own, so that no seq is ever used twice and a reader that comes back misses nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from runline.errors import NotStreamable, RunNotFound, Unavailable
from runline.model.event import Event
from runline.model.lifecycle import RunStatus, is_active
from runline.model.run import Run
from runline.model.thread_seq import SEQS_PER_ATTEMPT
from runline.model.viewer import Viewer
from runline.runs.journal import Journal
from runline.runs.recorder import Recorder
from runline.storage.runs import RunStore
from runline.storage.segments import SegmentStore
from runline.streams.contracts import Batch, Ended, EventsGone, StreamBridge


@dataclass(frozen=True, slots=True)
class RunStreams:
    """Opens, writes and reads the streams of runs."""

    runs: RunStore
    bridge: StreamBridge
    segments: SegmentStore
    recorder: Recorder

    async def journal(self, run: Run) -> Journal:
        """The writer of a claimed run's next attempt."""
        newest = await self._newest_seq(run)
        self.bridge.open(run.run_id, newest)
        recorder = self.recorder if run.spec.stream_resumable else None
        return Journal(run, self.bridge, recorder)

    async def follow(self, run: Run, after: int | None) -> AsyncIterator[Batch]:
        """The run's events after `after` (None: from now on), then Ended.

        Raises NotStreamable for a store-only run whose events are nowhere, RunNotFound if it is gone meanwhile.
        """
        ran, run = is_active(run.status), await self.present(run)
        if self.bridge.knows(run.run_id) or await self._reach_ended(run, sure=ran):
            position = self._position(run, after)
            return self._replay_then_tail(run, position, self.bridge.read(run.run_id, position))
        if not await self._has_stored(run):
            raise NotStreamable(run.run_id)
        return self._replay(run, after)

    async def end(self, run: Run) -> bytes | None:
        """Wait for the end of a run's stream; returns its result document, or None if that cannot be told by now.

        Raises Unavailable when this process shuts down.
        """
        position: int | None = self.bridge.last_seq(run.run_id) if self.bridge.knows(run.run_id) else None
        while position is not None:
            try:
                async for batch in self.bridge.read(run.run_id, position):
                    if isinstance(batch, Ended):
                        return batch.result
                raise Unavailable("The gateway is shutting down; join the run again in a moment.")
            except EventsGone as exc:
                position = exc.kept_after
        return None

    async def present(self, run: Run) -> Run:
        """The run as it is now, if its stream does not tell. Of an active one, events are kept from here on.

        Raises RunNotFound, unless the end of a run that is gone is still told.
        """
        while is_active(run.status) and not self.bridge.knows(run.run_id):
            newest = await self._newest_seq(run)
            # looked at last: nobody would end the stream of a run that has ended
            try:
                before, run = run, await self.runs.get(Viewer(run.owner), run.run_id)
            except RunNotFound:
                if not await self.bridge.reach(run.run_id, None, sure=True):
                    raise
                return run
            if (run.status, run.attempt) == (before.status, before.attempt):
                await self.bridge.reach(run.run_id, newest)
        return run

    async def _reach_ended(self, run: Run, *, sure: bool) -> bool:
        return not is_active(run.status) and await self.bridge.reach(run.run_id, None, sure=sure)

    async def now(self, run: Run) -> int:
        """The position behind all that an active run has told so far."""
        with suppress(RunNotFound):
            run = await self.present(run)
        known = self.bridge.knows(run.run_id)
        return self.bridge.last_seq(run.run_id) if known else await self._newest_seq(run)

    def _position(self, run: Run, after: int | None) -> int:
        if after is None:
            return self.bridge.last_seq(run.run_id)
        # what earlier attempts sent from a process that is gone is nowhere, unless it was stored
        return after if run.spec.stream_resumable else max(after, self.bridge.origin(run.run_id))

    async def _newest_seq(self, run: Run) -> int:
        """The newest seq that the attempts before this one may have used."""
        earlier = run.attempt - 1 if run.status is RunStatus.RUNNING else run.attempt
        if earlier < 1:
            return 0
        if run.spec.stream_resumable:
            return await self.segments.last_seq(run.run_id)
        return earlier * SEQS_PER_ATTEMPT

    async def _has_stored(self, run: Run) -> bool:
        return run.spec.stream_resumable and await self.segments.last_seq(run.run_id) > 0

    async def _replay_then_tail(self, run: Run, after: int, live: AsyncIterator[Batch]) -> AsyncIterator[Batch]:
        """Live; a reader that fell behind what the bridge keeps re-reads from the store and comes back.

        `live` has hold of the stream already: the bridge may forget it before the first event is asked for.
        """
        while True:
            try:
                async for batch in live:
                    yield batch
                    after = after if isinstance(batch, Ended) else batch[-1].seq
            except EventsGone:
                if events := await self._stored(run, after):
                    yield events
                    after = events[-1].seq
                elif (begun_anew := self._position(run, after)) > after:
                    after = begun_anew
                elif self.bridge.knows(run.run_id) or not run.spec.stream_resumable:
                    raise
            else:
                return
            live = await self._come_back(run, after)

    async def _stored(self, run: Run, after: int) -> Sequence[Event]:
        return await self.segments.read(run.run_id, after) if run.spec.stream_resumable else ()

    async def _come_back(self, run: Run, after: int) -> AsyncIterator[Batch]:
        """The rest, for a reader that was away: the run may have ended long ago, and its stream be forgotten."""
        with suppress(RunNotFound):
            run = await self.present(run)
        known = self.bridge.knows(run.run_id)
        return self.bridge.read(run.run_id, after) if known else self._replay(run, after)

    async def _replay(self, run: Run, after: int | None) -> AsyncIterator[Batch]:
        """All that is stored of an ended run; without a position there is nothing new to tell."""
        position = after
        while position is not None and (events := await self.segments.read(run.run_id, position)):
            yield events
            position = events[-1].seq
        if position is not None and not await self._has_stored(run):
            # the sweeper came between
            raise EventsGone(run.run_id, position)
        yield Ended(b"null")
