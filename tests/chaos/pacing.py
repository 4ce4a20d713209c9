"""Keeps the load and the faults in step: each fault finds runs that execute, also the last."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from chaos.faults import Victim
from chaos.history import Mark
from chaos.load import Load
from gateway import wait_until

DEATHS = ("kill", "stop")
"""The faults that cut off runs."""

_PROGRESS_SECONDS = 180
_V = TypeVar("_V", bound=Victim)


@dataclass
class Pace:
    """Of a load that is under way as `loading`, whose steps are marked in the file `marks`."""

    load: Load
    loading: asyncio.Task[None]
    marks: Path
    _read: int = 0
    _steps: set[tuple[int, str, str]] = field(default_factory=set)

    async def turn(self, number: int, faults: int) -> None:
        """Wait for the turn of fault `number` of so many, counted from 1. Creations go on until the next one's."""
        before, meanwhile = (self.load.plan.runs * turn // (faults + 1) for turn in (number, number + 1))

        async def far_enough() -> bool:
            return self.load.progress >= before or self.loading.done()

        self.load.allowed = before
        await wait_until(far_enough, within=_PROGRESS_SECONDS)
        self.load.allowed = meanwhile

    async def at_work(self, victims: Sequence[_V]) -> list[_V]:
        """Those that execute a step, as soon as there is one; none if the load is over before.

        For as long as there is none, clients may create more.
        """

        async def some() -> list[_V] | bool:
            pids = self._pids()
            busy = [victim for victim in victims if victim.lives[-1].pid in pids]
            self.load.allowed += not busy
            return busy or self.loading.done()

        found = await wait_until(some, within=_PROGRESS_SECONDS)
        return found if isinstance(found, list) else []

    def _pids(self) -> set[int]:
        if self.marks.exists():
            with self.marks.open("rb") as file:
                file.seek(self._read)
                said = file.read()
            whole = said[: said.rfind(b"\n") + 1]
            self._read += len(whole)
            for mark in (Mark(**json.loads(line)) for line in whole.splitlines()):
                (self._steps.add if mark.what == "enter" else self._steps.discard)((mark.pid, mark.run, mark.step))
        return {pid for pid, _, _ in self._steps}
