"""Events as they are sent, and those that no run tells of itself: its beginning and its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from runline.graphs.protocol_stream import event_params
from runline.kit.json import dumps
from runline.model.run import Run
from runline.model.thread_seq import first_seq, last_seq
from runline.runs.agent_tree import ended_as


@dataclass(frozen=True)
class WireEvent:
    """An event of a thread. `name` is what filters choose by; `event_id` is the same for every reader, for ever."""

    seq: int
    event_id: str
    name: str
    params: bytes

    @property
    def method(self) -> str:
        """What clients tell events apart by; that of named custom events is `custom`."""
        return self.name.partition("|")[0].partition(":")[0]

    @cached_property
    def encoded(self) -> bytes:
        """Its JSON."""
        head = (self.event_id.encode(), self.seq, self.method.encode())
        return b'{"type":"event","event_id":"%b","seq":%d,"method":"%b","params":%b}' % (*head, self.params)

    @cached_property
    def frame(self) -> bytes:
        """It as a server-sent event."""
        return b"event: %b\r\ndata: %b\r\nid: %d\r\n\r\n" % (self.method.encode(), self.encoded, self.seq)


def milliseconds(moment: datetime) -> int:
    """A time as the protocol tells it: since 1970."""
    return int(moment.timestamp() * 1000)


def begin_of(run: Run) -> WireEvent:
    """A run that has started, as of its creation: each of its attempts starts anew, and this is told once."""
    return _root(run, "running", first_seq(run), run.created_at)


def end_of(run: Run, fresh: Run | None, seq: int | None, *, asked: bool) -> WireEvent:
    """A run that has ended as `fresh` says; None if nothing is left of it. `seq` for one that never started."""
    more = {"error": fresh.error["message"]} if fresh and fresh.error else {}
    at = (fresh and fresh.ended_at) or run.created_at
    seq = last_seq(run) if seq is None else seq
    return _root(run, ended_as(fresh, asked=asked), seq, at, **more)


def _root(run: Run, event: str, seq: int, at: datetime, **more: Any) -> WireEvent:
    # the form of the id is a contract: JavaScript's SDK reads from it which run it is that begins or ends
    event_id = f"synth:{run.run_id}:lc||{event}"
    params = event_params((), {"event": event, "graph_name": run.graph_id, **more}, at=milliseconds(at))
    return WireEvent(seq, event_id, "lifecycle", dumps(params))
