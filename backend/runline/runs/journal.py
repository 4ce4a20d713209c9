"""Numbers a run's events and publishes them. One journal per attempt; it is the stream's only writer."""

from __future__ import annotations

from typing import Any

from runline.kit.json import dumps
from runline.model.event import Event
from runline.streams.contracts import StreamBridge


class Journal:
    """Writes one run's stream. `seq` goes on after the newest event of an earlier attempt."""

    def __init__(self, bridge: StreamBridge, run_id: str) -> None:
        self._bridge = bridge
        self._run_id = run_id
        bridge.open(run_id)
        self._seq = bridge.last_seq(run_id)

    def emit(self, name: str, data: Any) -> None:
        """Publish the next event; `data` is encoded here, once for all readers."""
        self._seq += 1
        self._bridge.publish(self._run_id, Event(self._seq, name, dumps(data)))

    def end(self, result: bytes) -> None:
        """End the stream with the run's result document; call only after its terminal status is committed."""
        self._bridge.close(self._run_id, result)
