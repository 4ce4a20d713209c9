"""The events of runs of the protocol as they are sent, made once for all who hear them at about the same time."""

from __future__ import annotations

from runline.doors.protocol.events import WireEvent
from runline.doors.protocol.filters import CHANNELS, NAMED
from runline.model.event import Event
from runline.model.run import Run
from runline.model.thread_seq import thread_seq
from runline.runs.agent_tree import ASKED

_MOST = 2048
_MOST_BYTES = 16 * 1024
"""Larger ones are rare, and made anew: what is remembered is to be little."""

_METHODS = frozenset(CHANNELS) | {ASKED}

Told = tuple[WireEvent, ...]


class RecentEvents:
    """What the latest events were told as, by run and seq: at most one event each."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], Told] = {}

    def of(self, run: Run, event: Event) -> Told:
        """What a run's event is told as; nothing for those that are the gateway's own."""
        key = (run.run_id, event.seq)
        told = self._known.get(key)
        if told is None:
            told = _told(run, event)
            if len(event.data) <= _MOST_BYTES:
                self._remember(key, told)
        return told

    def _remember(self, key: tuple[str, int], told: Told) -> None:
        self._known[key] = told
        if len(self._known) > _MOST:
            del self._known[next(iter(self._known))]


def _told(run: Run, event: Event) -> Told:
    kind = event.name.partition("|")[0]
    if kind not in _METHODS and not kind.startswith(NAMED):
        return ()
    return (WireEvent(thread_seq(run, event.seq), f"{run.run_id}-{event.seq}.0", event.name, event.data),)
