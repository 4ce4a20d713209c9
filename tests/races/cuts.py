"""Resumable streams that are cut at any byte and taken up again: live, after the end, and over restarts."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import httpx

from chaos.history import Part
from races.arena import Arena, arena
from races.findings import Findings

_NUMBERS = 200
_PAUSE_SECONDS = 0.006
_READERS = 5
_MOST_BYTES = 1500
_FRAME_END = b"\r\n\r\n"


@dataclass
class Reader:
    """One client of one run: what it has fully received, over how many connections."""

    path: str
    random: Random
    parts: list[Part] = field(default_factory=list)
    cuts: int = 0
    ended: bool = False

    @property
    def last(self) -> int:
        """The position to resume from."""
        return self.parts[-1].seq if self.parts else 0


async def cuts(folder: Path, wanted: int, seed: int) -> Findings:
    """Cut so many times over all situations, and compare what was read with the stream as it is replayed at last."""
    grace = {"RUNLINE_WORKERS__SHUTDOWN_GRACE_SECONDS": "0.2"}
    async with arena(folder, f"{wanted} cuts of resumable streams", seed, **grace) as ground:
        for situation, (restarts, live) in _SITUATIONS.items():
            share = -(-wanted // len(_SITUATIONS))
            while ground.findings.counts[f"cuts, {situation}"] < share:
                await _one_run(ground, situation, restarts, live=live)
    return ground.findings


_SITUATIONS = {
    "live": ((), True),
    "after the end": ((), False),
    "over SIGTERM and kill -9": ((False, True), True),
}
"""The restarts in the middle of the run (True: by SIGKILL), and whether it is read from its beginning."""


async def _one_run(ground: Arena, situation: str, restarts: tuple[bool, ...], *, live: bool) -> None:
    numbers = {"count": _NUMBERS, "pause": _PAUSE_SECONDS if live else 0}
    asked = {"input": numbers, "stream_resumable": True, "stream_mode": "custom"}
    path = await ground.new_run(await ground.new_thread(), "counter", **asked)
    if not live:
        await ground.until_over(path)
    readers = [Reader(path, Random(ground.random.random())) for _ in range(_READERS)]
    reading = [asyncio.create_task(_read(ground, reader, situation)) for reader in readers]
    for kill in restarts:
        await asyncio.sleep(ground.random.random() * _NUMBERS * _PAUSE_SECONDS / 4)
        await ground.restart(kill=kill)
    await asyncio.gather(*reading)
    ground.findings.equal("the run", await ground.until_over(path), "success")
    whole = Reader(path, ground.random)
    await _connect(ground.http, whole, None)
    for reader in [*readers, whole]:
        _compare(ground.findings, reader, whole)
        ground.findings.count(f"cuts, {situation}", reader.cuts)
        ground.findings.count("events read", len(reader.parts))
    ground.findings.count(f"attempts, {situation}", sum(part.name == "metadata" for part in whole.parts))
    told = {json.loads(part.data).get("number") for part in whole.parts if part.name == "custom"}
    ground.findings.equal("the numbers that were told", told, set(range(_NUMBERS)))


async def _read(ground: Arena, reader: Reader, situation: str) -> None:
    """Read to the end of the run, over as many connections as it takes."""
    while not reader.ended:
        began = time.monotonic()
        resumed, before = reader.cuts > 0, len(reader.parts)
        try:
            first_at = await _connect(ground.http, reader, reader.random.randint(1, _MOST_BYTES))
        except (httpx.TransportError, httpx.HTTPStatusError) as exc:
            away = isinstance(exc, httpx.TransportError) or exc.response.status_code == 503
            ground.findings.expect(away, f"a resume: {exc}")
            await asyncio.sleep(0.01)
            continue
        if resumed and first_at and len(reader.parts) > before:
            ground.findings.took(f"first event after a resume, {situation}", first_at - began)


async def _connect(http: httpx.AsyncClient, reader: Reader, most: int | None) -> float | None:
    """Read up to `most` bytes, then close the socket, wherever that is in an event. When the first event was whole."""
    first_at = None
    headers = {"Last-Event-ID": str(reader.last) if reader.last else "-1"}
    async with http.stream("GET", f"{reader.path}/stream", headers=headers) as answer:
        answer.raise_for_status()
        async with aclosing(frames_of(answer, most)) as frames:
            async for frame in frames:
                first_at = first_at or time.monotonic()
                if "id" not in frame:
                    reader.ended = reader.ended or frame.get("event") == "end"
                    continue
                reader.parts.append(Part(int(frame["id"]), frame["event"], frame["data"]))
    reader.cuts += not reader.ended
    return first_at


async def frames_of(answer: httpx.Response, most: int | None) -> AsyncGenerator[dict[str, str], None]:
    """The whole events among the first `most` bytes; what is left of a cut one is thrown away."""
    rest = b""
    async for chunk in answer.aiter_raw():
        taken = chunk if most is None else chunk[:most]
        *frames, rest = (rest + taken).split(_FRAME_END)
        for frame in frames:
            yield dict(line.split(": ", 1) for line in frame.decode().split("\r\n") if ": " in line)
        if most is not None and (most := most - len(taken)) <= 0:
            return


def _compare(find: Findings, reader: Reader, whole: Reader) -> None:
    """Nothing lost, nothing twice, in order; and the same that a replay tells."""
    seqs = [part.seq for part in reader.parts]
    wanted = range(1, len(whole.parts) + 1)
    find.count("lost", len(set(wanted) - set(seqs)))
    find.count("doubled", len(seqs) - len(set(seqs)))
    find.expect(seqs == list(wanted), f"{reader.path}: the ids {seqs}")
    find.expect(reader.parts == whole.parts, f"{reader.path}: a reader saw other events than a replay shows")
    find.expect(reader.ended, f"{reader.path}: a stream did not end")
