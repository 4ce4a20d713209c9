"""The events of a run as they come over HTTP, across restarts of its gateway."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from runline.cli.remote import Remote, Unreachable
from runline.errors import Conflict, NotFound

FROM_THE_START = "-1"
PATIENCE_SECONDS = 60.0
"""How long a gateway may be away that was there."""

_PAUSE_SECONDS = 0.25


@dataclass(frozen=True)
class SentEvent:
    """One server-sent event. `id` is None for what the gateway itself has to say."""

    id: str | None
    name: str
    data: Any


def follow(remote: Remote, run_id: str, on_cut: Callable[[], None]) -> Iterator[SentEvent]:
    """All that is kept of a run's events, then those that come, until it ends; none if none are kept.

    When the gateway goes away, `on_cut` is called and it is asked again. What the gateway has to say for itself has no
    id; the events after it are those from now on. Raises Unreachable when it was never there or stays away.
    """
    after: str | None = FROM_THE_START
    away_since: float | None = None
    met = False
    while True:
        try:
            with remote.stream(f"/runs/{run_id}/stream", after) as body:
                met, away_since = True, None
                for event in parse(body):
                    if event.name == "end":
                        return
                    after = event.id
                    yield event
        except (NotFound, Conflict):
            # the run is gone, or its events are
            return
        except Unreachable:
            if not met or (away_since and time.monotonic() - away_since > PATIENCE_SECONDS):
                raise
        if away_since is None:
            away_since = time.monotonic()
            on_cut()
        time.sleep(_PAUSE_SECONDS)


def parse(body: Iterable[bytes]) -> Iterator[SentEvent]:
    """The events in a body. What is not ended by an empty line was cut off."""
    fields: dict[bytes, bytes] = {}
    for line in _lines(body):
        name, _, value = line.partition(b": ")
        if line:
            fields[name] = value
        elif b"event" in fields:
            identity = fields.get(b"id")
            yield SentEvent(
                identity.decode() if identity else None, fields[b"event"].decode(), json.loads(fields[b"data"])
            )
            fields = {}
        else:
            fields = {}


def _lines(body: Iterable[bytes]) -> Iterator[bytes]:
    """Only line feeds end a line: JSON may hold the other characters that Python takes for it."""
    rest = b""
    for chunk in body:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line.removesuffix(b"\r") for line in whole)
