"""The nouns of the benchmarks: a case measures each contender, one after the other, in rounds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bench.alone import Alone
from bench.names import ALONE, OFFICIAL, OFFICIAL_JOBS, SERVERS, Figures
from bench.servers import Server


@dataclass(frozen=True)
class Form:
    """How much is done: the long form tells how fast, the short one only that everything works."""

    short: bool = False

    def of(self, full: int, short: int) -> int:
        """A count."""
        return short if self.short else full


@dataclass(frozen=True)
class Case:
    """One thing to measure.

    `served` measures a server, `alone` the same graph in this process. A turn may take `seconds`. The official server
    takes part in the first `official_pairs` of the rounds, with so many jobs at once as serve it best. `note` says
    what must be known to read the figures.
    """

    name: str
    title: str
    served: Callable[[Server, Form], Awaitable[Figures]]
    alone: Callable[[Alone, Form], Awaitable[Figures]] | None = None
    servers: tuple[str, ...] = SERVERS
    pairs: int = 7
    official_pairs: int = 7
    official_jobs: int = OFFICIAL_JOBS
    seconds: float = 90.0
    warm_up: bool = True
    note: str = ""

    def contenders(self, round_number: int) -> list[str]:
        """Who takes turns in a round, counted from 0."""
        served = [name for name in self.servers if name != OFFICIAL or round_number < self.official_pairs]
        return [*served, ALONE] if self.alone else served
