"""Whose end was heard by somebody who waited for it: the runs of the recent past, on every node."""

from __future__ import annotations

from runline.streams.contracts import RunNotes

_MOST = 10_000
_NOTED_SECONDS = 60


class HeardRuns:
    """The ids of the last so many runs that were heard here; those of other nodes are told by `notes`."""

    def __init__(self, notes: RunNotes | None = None) -> None:
        self._notes = notes
        self._run_ids: dict[str, None] = {}

    def add(self, run_id: str) -> None:
        """Its end was told."""
        self._run_ids[run_id] = None
        if len(self._run_ids) > _MOST:
            del self._run_ids[next(iter(self._run_ids))]
        if self._notes:
            self._notes.write(_note_of(run_id), b"", _NOTED_SECONDS)

    async def has(self, run_id: str) -> bool:
        """Whether its end was told, as far as is known."""
        elsewhere = self._notes is not None and await self._notes.find(_note_of(run_id)) is not None
        return run_id in self._run_ids or elsewhere


def _note_of(run_id: str) -> str:
    return f"{run_id}:heard"
