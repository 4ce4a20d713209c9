"""What is recorded while chaos reigns, and what is read back when it is over. Times are of the monotonic clock."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from chaos.audit import Write

FOREVER = float("inf")
ACTIVE = ("pending", "running")


@dataclass
class Asked:
    """A creation that was sent; `run_id` once it is acknowledged. `done_at`: when its fate was known.

    `refused`: the sentence that refused it.
    """

    token: str
    thread_id: str
    strategy: str
    resumable: bool
    events: int
    keyed: bool
    sent_at: float
    done_at: float = FOREVER
    run_id: str | None = None
    refused: str | None = None


@dataclass
class Stop:
    """A cancel or a deletion that was sent: of a run, or of a thread (`run_id` None). `code` None: no answer."""

    action: str
    thread_id: str
    run_id: str | None
    sent_at: float
    code: int | None = None


@dataclass(frozen=True)
class Seen:
    """A run's status as a GET showed it, None if there was no such run. `joined`: after its join had answered."""

    run_id: str
    status: str | None
    sent_at: float
    at: float
    joined: bool = False


class Part(NamedTuple):
    """One event of a stream."""

    seq: int
    name: str
    data: str


@dataclass
class Reading:
    """What one reader got of a resumable stream, over all its connections."""

    run_id: str
    parts: list[Part] = field(default_factory=list)
    connections: int = 0
    ended: bool = False
    gone: str = ""


class Befallen(NamedTuple):
    """A fault that happened, and to whom."""

    fault: str
    whom: str
    began: float
    over: float


@dataclass
class History:
    """All that clients sent and saw, and what happened meanwhile."""

    asked: list[Asked] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    threads: list[str] = field(default_factory=list)
    befallen: list[Befallen] = field(default_factory=list)

    @property
    def acknowledged(self) -> list[Asked]:
        """Creations that were answered with a run."""
        return [asked for asked in self.asked if asked.run_id]


@dataclass
class Life:
    """One process of the gateway: `died_at` when it was certainly dead; `pauses` from when to when it stood still."""

    pid: int
    started_at: float
    ready_at: float
    died_at: float = FOREVER
    by: str = ""
    pauses: list[tuple[float, float]] = field(default_factory=list)


class Mark(NamedTuple):
    """A step that was entered or left."""

    run: str
    thread: str
    attempt: int
    pid: int
    step: str
    what: str
    at: float


def marks_of(file: Path) -> list[Mark]:
    """The marks on a file, in order."""
    lines = file.read_text().splitlines() if file.exists() else []
    return [Mark(**json.loads(line)) for line in lines]


class KeptRun(NamedTuple):
    """A run as it is listed at the end."""

    run_id: str
    thread_id: str
    status: str
    token: str


@dataclass(frozen=True)
class Final:
    """The truth at the end: through the API, of the marks, and as the database saw it, if it is PostgreSQL."""

    runs: dict[str, KeptRun]
    threads: dict[str, str]
    logs: dict[str, list[str]]
    streams: dict[str, list[Part]]
    marks: Sequence[Mark]
    lives: Sequence[Life]
    writes: Sequence[Write] = ()
