"""Stateless runs: their rows go when they end, but their streams can be read again for as long as they are kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from runline.kit.json import dumps, loads
from runline.model.lifecycle import RunStatus
from runline.model.run import Run, RunSpec, StreamProtocol
from runline.streams.contracts import RunNotes, StreamBridge

_CLEARING_STEP = 256


class RecentRuns:
    """Remembers who owns a stream for as long as the bridge keeps it: in `notes` that all share, or by itself."""

    def __init__(self, bridge: StreamBridge, notes: RunNotes | None) -> None:
        self._bridge = bridge
        self._notes = notes
        self._runs: dict[str, Run] = {}
        self._next_clearing = _CLEARING_STEP

    def remember(self, run: Run) -> None:
        """Note a run at its creation."""
        # what was asked for is not needed again, and may be large
        run = replace(run, spec=replace(run.spec, input=None, command=None))
        if self._notes:
            self._notes.write(run.run_id, _to_note(run))
            return
        self._runs[run.run_id] = run
        if len(self._runs) >= self._next_clearing:
            self._runs = {run_id: run for run_id, run in self._runs.items() if self._bridge.knows(run_id)}
            self._next_clearing = 2 * len(self._runs) + _CLEARING_STEP

    async def find(self, run_id: str) -> Run | None:
        """The run as it was noted, if its stream is still kept."""
        run = await self._noted(self._notes, run_id) if self._notes else self._runs.get(run_id)
        return run if run and await self._bridge.reach(run_id, None) else None

    async def _noted(self, notes: RunNotes, run_id: str) -> Run | None:
        note = await notes.find(run_id)
        return _from_note(loads(note)) if note else None


def _to_note(run: Run) -> bytes:
    """What those ask for who read a stream."""
    spec = run.spec
    return dumps(
        {
            "run_id": run.run_id,
            "thread_id": run.thread_id,
            "graph_id": run.graph_id,
            "owner": run.owner,
            "created_at": run.created_at.isoformat(),
            "assistant_id": spec.assistant_id,
            "stream_resumable": spec.stream_resumable,
            "protocol": spec.protocol,
        }
    )


def _from_note(note: dict[str, Any]) -> Run:
    spec = RunSpec(
        note.pop("assistant_id"),
        stream_resumable=note.pop("stream_resumable"),
        protocol=StreamProtocol(note.pop("protocol")),
        temporary=True,
    )
    then = datetime.fromisoformat(note.pop("created_at"))
    return Run(**note, status=RunStatus.PENDING, spec=spec, metadata={}, created_at=then, updated_at=then, due_at=then)
