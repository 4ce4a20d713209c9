"""What a process and its children use, and what a piece of work costs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import psutil

from bench.names import CLIENT, Figures

_OF_ALL_ITS_THREADS = 2
"""The kind of CPU clock: of what the scheduler has given to all threads of a process, those that have ended as well."""


@dataclass(frozen=True)
class Tree:
    """A process and all its children."""

    root: psutil.Process

    def processes(self) -> Iterator[psutil.Process]:
        """Those that live."""
        yield self.root
        yield from self.root.children(recursive=True)

    def cpu_seconds(self) -> float:
        """The CPU time, user and system, that they have used so far; children that have ended are included."""
        total = 0.0
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                used = process.cpu_times()
                total += _own_cpu_seconds(process, used) + used.children_user + used.children_system
        return total

    def resident_mib(self) -> float:
        """Their memory in RAM."""
        total = 0
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                total += process.memory_info().rss
        return total / 2**20


def _own_cpu_seconds(process: psutil.Process, ticks: Any) -> float:
    """Its CPU time without that of children, exact where the system has a clock of it: ticks are of some 10 ms."""
    if sys.platform == "linux":
        with suppress(OSError):
            return time.clock_gettime(~process.pid << 3 | _OF_ALL_ITS_THREADS)
    return float(ticks.user + ticks.system)


@dataclass
class Meter:
    """Measures the work done inside its `with`: wall seconds, CPU seconds by `cpu_seconds`, and this process' share.

    `client` says that this process is the load generator, and not what is measured. `stores` are what the work uses
    beside that, by name: part of its CPU time, and told apart.
    """

    cpu_seconds: Callable[[], float]
    client: bool = True
    stores: Mapping[str, Tree] = field(default_factory=dict)
    seconds: float = field(default=0.0, init=False)
    cpu: float = field(default=0.0, init=False)
    own_cpu: float = field(default=0.0, init=False)
    _of_stores: dict[str, float] = field(default_factory=dict, init=False)

    def __enter__(self) -> Self:
        self._of_stores = {name: -tree.cpu_seconds() for name, tree in self.stores.items()}
        self.cpu, self.own_cpu, self.seconds = -self.cpu_seconds(), -time.process_time(), -time.perf_counter()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        self.seconds += time.perf_counter()
        self.own_cpu += time.process_time()
        self.cpu += self.cpu_seconds()
        for name, tree in self.stores.items():
            self._of_stores[name] += tree.cpu_seconds()
        self.cpu += sum(self._of_stores.values())

    def rate(self, units: int, unit: str, kind: str = "") -> Figures:
        """Units per second, the CPU time of each, and how many cores the load generator kept busy."""
        before = f"{kind}: " if kind else ""
        figures = {f"{before}{unit}s/s": units / self.seconds, f"{before}CPU per {unit}, us": self.cpu / units * 1e6}
        for name, cpu in self._of_stores.items():
            figures[f"{before}of it {name} per {unit}, us"] = cpu / units * 1e6
        if self.client:
            figures[f"{before}{CLIENT}"] = self.own_cpu / self.seconds
        return figures
