"""One who reads a thread: alone until what was before is told, then with everybody else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from runline.doors.http import Call
from runline.doors.protocol.audience import Audience, Audiences, FellBehind
from runline.doors.protocol.recent import RecentEvents
from runline.doors.protocol.telling import Telling
from runline.doors.protocol.view import Since, Tellings, ThreadView


@dataclass(frozen=True, slots=True)
class Shared:
    """What the readers of a process have together."""

    recent: RecentEvents = field(default_factory=RecentEvents)
    audiences: Audiences = field(default_factory=Audiences)


class Reader:
    """Reads from `since` on; `waits` as of ThreadView. `replayed`: what had happened before was told."""

    def __init__(self, call: Call, thread_id: str, since: int | None, shared: Shared, *, waits: bool = False) -> None:
        self._call = call
        self._thread_id = thread_id
        self._since = since
        self._shared = shared
        self._waits = waits
        self._audience: Audience | None = None
        self.replayed = False

    async def tellings(self) -> AsyncIterator[Sequence[Telling]]:
        """What happens on the thread, several tellings where they wait. Ends, and raises, as ThreadView.tellings."""
        since: Since = self._since
        while True:
            view = ThreadView(self._call, self._thread_id, since, self._shared.recent, waits=self._waits)
            async for telling in self._alone(view):
                yield (telling,)
                # nothing of what was before is held while nothing happens
                del telling
            if self._audience is None:
                return
            hearing = self._audience.hear(view.position)
            del view
            try:
                async for tellings in hearing:
                    self._note(tellings)
                    yield tellings
                    del tellings
            except FellBehind as exc:
                since, self._audience = exc.position, None
            else:
                return

    async def begun(self) -> AsyncIterator[Sequence[Telling]]:
        """The tellings of all that happens from now on, however late the first is asked for. Raises Unavailable."""
        tellings = self.tellings()
        # the first one tells nothing but where it begins
        await anext(tellings, None)
        return tellings

    async def _alone(self, view: ThreadView) -> Tellings:
        """What the view tells, until it has come to where an audience is."""
        read = view.tellings()
        # who was too slow for an audience is not to begin its run over and over
        slow = self.replayed
        async for telling in read:
            self.replayed = self.replayed or view.replayed
            self._note((telling,))
            yield telling
            slow = slow and telling.ended is None
            if view.live and not slow and self._join(read, view):
                return
        self._audience = None

    def _join(self, read: Tellings, view: ThreadView) -> bool:
        self._audience = self._shared.audiences.join(self._call.viewer, self._thread_id, read, view.position)
        return self._audience is not None

    def _note(self, tellings: Sequence[Telling]) -> None:
        if self._waits:
            for telling in tellings:
                if telling.ended:
                    self._call.core.commands.heard.add(telling.ended)
