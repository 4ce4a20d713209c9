"""Whose end was heard by somebody who waited for it: the runs of the recent past."""

from __future__ import annotations

_MOST = 10_000


class HeardRuns:
    """The ids of the last so many runs."""

    def __init__(self) -> None:
        self._run_ids: dict[str, None] = {}

    def add(self, run_id: str) -> None:
        """Its end was told."""
        self._run_ids[run_id] = None
        if len(self._run_ids) > _MOST:
            del self._run_ids[next(iter(self._run_ids))]

    def __contains__(self, run_id: str) -> bool:
        return run_id in self._run_ids
