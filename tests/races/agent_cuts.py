"""Streams of the agent streaming protocol that are cut at any byte and taken up again: live, and over restarts.

Some readers say where they were (`since`), as the Python SDK does; others do not, and tell what they have by the ids of
the events, as the JS SDK does. These begin anew each time, so they are cut where they have not been before, too.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx

from races.arena import Arena, arena
from races.cuts import frames_of
from races.findings import Findings
from runline.kit.ids import new_id

_NUMBERS = 200
_PAUSE_SECONDS = 0.006
_READERS = 6
_MOST_BYTES = 12_000
_ALL_BYTES = 120_000
_SITUATIONS = {"live": (), "over SIGTERM and kill -9": (False, True)}
"""The restarts in the middle of the run; True: by SIGKILL."""


@dataclass
class Reader:
    """One client of a thread: the events it has fully received, in the order in which it met them first."""

    path: str
    random: Random
    says_since: bool
    events: dict[str, Any] = field(default_factory=dict)
    cuts: int = 0
    again: int = 0
    ended: bool = False

    @property
    def most(self) -> int:
        """After how many bytes its next connection is cut."""
        return self.random.randint(1, _MOST_BYTES if self.says_since else _ALL_BYTES)

    def take(self, event: Any) -> None:
        """An event; one that it has already must be the same."""
        known = self.events.setdefault(event["event_id"], event)
        self.again += known is not event
        self.ended = self.ended or event["event_id"].endswith("||completed")


async def agent_cuts(folder: Path, wanted: int, seed: int) -> Findings:
    """Cut so many times over all situations, and compare what was read with what is replayed at last."""
    grace = {"RUNLINE_WORKERS__SHUTDOWN_GRACE_SECONDS": "0.2"}
    async with arena(folder, f"{wanted} cuts of agent streams", seed, **grace) as ground:
        for situation, restarts in _SITUATIONS.items():
            while ground.findings.counts[f"cuts, {situation}"] < -(-wanted // len(_SITUATIONS)):
                await _one_run(ground, situation, restarts)
    return ground.findings


async def _one_run(ground: Arena, situation: str, restarts: tuple[bool, ...]) -> None:
    thread = f"/threads/{new_id()}"
    params = {"assistant_id": "counter", "input": {"count": _NUMBERS, "pause": _PAUSE_SECONDS}}
    started = await ground.send("POST", f"{thread}/commands", json={"id": 1, "method": "run.start", "params": params})
    readers = [Reader(thread, Random(ground.random.random()), number % 2 == 0) for number in range(_READERS)]
    reading = [asyncio.create_task(_read(ground, reader)) for reader in readers]
    for kill in restarts:
        await asyncio.sleep(ground.random.random() * _NUMBERS * _PAUSE_SECONDS / 4)
        await ground.restart(kill=kill)
    await asyncio.gather(*reading)
    whole = Reader(thread, ground.random, says_since=True)
    await _connect(ground, whole, None)
    ground.findings.expect(started.json()["result"]["run_id"] in next(iter(whole.events)), "another run was told")
    for reader in readers:
        _compare(ground.findings, reader, whole)
        ground.findings.count(f"cuts, {situation}", reader.cuts)


async def _read(ground: Arena, reader: Reader) -> None:
    """Read to the end of the run, over as many connections as it takes."""
    while not reader.ended:
        try:
            await _connect(ground, reader, reader.most)
        except httpx.TransportError:
            await asyncio.sleep(0.01)


async def _connect(ground: Arena, reader: Reader, most: int | None) -> None:
    """Read up to `most` bytes, or to the end of the run, then close the socket."""
    seqs = [event["seq"] for event in reader.events.values()]
    since = {"since": max(seqs, default=0)} if reader.says_since else {}
    body = {"channels": ["custom", "values", "tasks", "lifecycle"], **since}
    async with ground.http.stream("POST", f"{reader.path}/stream/events", json=body) as answer:
        answer.raise_for_status()
        async with aclosing(frames_of(answer, most)) as frames:
            async for frame in frames:
                if "id" in frame:
                    reader.take(json.loads(frame["data"]))
                if reader.ended:
                    return
    reader.cuts += 1


def _compare(find: Findings, reader: Reader, whole: Reader) -> None:
    """Nothing lost, nothing under two ids, in order; and the same that a replay tells."""
    find.count("events read", len(reader.events))
    find.count("events that came again to who said no since", reader.again)
    find.count("lost", len(set(whole.events) - set(reader.events)))
    find.count("unknown to a replay", len(set(reader.events) - set(whole.events)))
    find.expect(reader.events == whole.events, f"{reader.path}: a reader saw other events than a replay shows")
    find.expect(not (reader.says_since and reader.again), f"{reader.path}: an event came twice behind its seq")
    seqs = [event["seq"] for event in reader.events.values()]
    find.expect(seqs == sorted(set(seqs)), f"{reader.path}: the seqs {seqs}")
