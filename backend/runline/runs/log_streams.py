"""Following the log of a run: replay, then live. The bell of its thread says that there may be more; a slow poll
stands behind the bell."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from runline.errors import RunNotFound
from runline.model.log_page import LogPage
from runline.model.run_event import RunEvent
from runline.model.viewer import Viewer
from runline.storage.run_events import LogTail, RunEventStore
from runline.streams.contracts import ThreadBells

_POLL_SECONDS = 5.0
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class LogEnded:
    """Nothing more will be told of the run."""


LogPart = Sequence[RunEvent] | LogEnded


@dataclass(frozen=True, slots=True)
class LogStreams:
    """What the followers of logs share."""

    store: RunEventStore
    bells: ThreadBells
    poll_seconds: float = _POLL_SECONDS

    async def follow(self, viewer: Viewer, thread_id: str, run_id: str, after: int) -> AsyncIterator[LogPart]:
        """The run's entries behind `after` as they are written, several at once where they wait, and LogEnded.

        They end without it when this process shuts down. Raises RunNotFound, NoRunLog; the parts raise Unavailable.
        """
        await self._next(viewer, thread_id, run_id, after)
        return self._parts(viewer, thread_id, run_id, after)

    async def _parts(self, viewer: Viewer, thread_id: str, run_id: str, after: int) -> AsyncIterator[LogPart]:
        try:
            async for _ in self.bells.listen(thread_id, self.poll_seconds):
                while (tail := await self._next(viewer, thread_id, run_id, after)).after > after:
                    yield tail.entries
                    after = tail.after
                if tail.over:
                    yield LogEnded()
                    return
        except RunNotFound:
            # deleted meanwhile, and its log with it
            yield LogEnded()

    async def _next(self, viewer: Viewer, thread_id: str, run_id: str, after: int) -> LogTail:
        return await self.store.run_log(viewer, thread_id, run_id, LogPage(_AT_ONCE, after=after), ())
