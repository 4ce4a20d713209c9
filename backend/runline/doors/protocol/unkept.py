"""What a run said in an attempt that was cut off, and does not go on from in the next one.

Clients keep a message that was streamed until a state that had it is followed by one that has it no more, and of what
was cut off no state tells: half an answer would stand beside the whole one for good.

Divergence 150: when a run begins anew, its last state is told twice, first with the removal of these messages, then as
it was. Officially they stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runline.doors.protocol.events import WireEvent
from runline.kit.json import dumps, loads
from runline.model.event import Event
from runline.model.run import Run
from runline.model.thread_seq import thread_seq

_STARTS = b'"event":"message-start"'
"""What the params of no other event hold: quotes within texts are escaped."""


class Unkept:
    """What the root of a run has said, and the last state that it has told."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._said: list[str] = []
        self._state: WireEvent | None = None

    def hear(self, told: WireEvent) -> None:
        """Take notice of an event."""
        if told.name == "messages":
            if _STARTS in told.params:
                self._said.append(loads(told.params)["data"]["id"])
        elif told.name == "values":
            self._state = told

    def begin_anew(self, event: Event) -> Iterator[WireEvent]:
        """What is told as an attempt begins with this event; nothing if it goes on from all that was said."""
        params = loads(self._state.params) if self._state and self._said else {}
        said, self._said = self._said, []
        match params:
            case {"data": {"messages": [*kept]}}:
                ids = {message.get("id") for message in kept}
                if gone := [{"type": "remove", "id": each, "content": ""} for each in said if each not in ids]:
                    yield self._values(event, 0, params, [*kept, *gone])
                    yield self._values(event, 1, params, kept)

    def _values(self, event: Event, place: int, params: dict[str, Any], messages: list[Any]) -> WireEvent:
        told = {**params, "data": {**params["data"], "messages": messages}}
        seq = thread_seq(self._run, event.seq, place)
        return WireEvent(seq, f"{self._run.run_id}-{event.seq}.{place}", "values", dumps(told))
