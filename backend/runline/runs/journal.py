"""Numbers a run's events and publishes them. One journal per attempt; it is the stream's only writer."""

from __future__ import annotations

import asyncio
from typing import Any

from runline.kit.json import dumps
from runline.model.event import Event
from runline.model.run import Run
from runline.runs.recorder import Recorder
from runline.streams.contracts import StreamBridge

_TURNS = 16
_ROUNDS = 16


class Journal:
    """Writes one run's stream, through a recorder if it is to be stored. `seq` goes on where the bridge stands."""

    def __init__(self, run: Run, bridge: StreamBridge, recorder: Recorder | None) -> None:
        self._run = run
        self._bridge = bridge
        self._recorder = recorder
        self._seq = bridge.last_seq(run.run_id)

    def emit(self, name: str, data: Any) -> None:
        """Publish the next event; `data` is encoded here, once for all readers."""
        self._seq += 1
        event = Event(self._seq, _one_line(name), dumps(data))
        if self._recorder:
            self._recorder.record(self._run, event)
        else:
            self._bridge.publish(self._run.run_id, event)

    async def room(self) -> None:
        """Wait while events come faster than they can be stored."""
        if self._recorder and self._recorder.congested:
            await self._recorder.room()

    async def settle(self) -> None:
        """Wait until all that the graph has emitted so far can be read, for a checkpoint to be saved behind it.

        Else a process killed in between would go on behind a step whose events nobody can read. What was emitted
        just now is on its way through LangGraph's queue: each event for a few turns of the event loop, one after
        the other. Other nodes may go on and on meanwhile, which is not waited for.
        """
        for _ in range(_ROUNDS):
            known = self._seq
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            if self._seq == known:
                break
        await self.flush()

    async def flush(self) -> None:
        """Wait until all events can be read."""
        if self._recorder:
            await self._recorder.flushed(self._run)

    async def end(self, result: bytes) -> None:
        """End the stream with the run's result document; call only after its terminal status is committed."""
        await self.flush()
        self._bridge.close(self._run.run_id, result)

    def leave(self) -> None:
        """Nothing more is written by this attempt; if the stream has not ended, a later one goes on with it."""
        self._bridge.leave(self._run.run_id)


def _one_line(name: str) -> str:
    """Names hold those of nodes and namespaces, and stand on a line of their own on the wire and in the store."""
    return name if name.isprintable() else "".join(char if char.isprintable() else " " for char in name)
