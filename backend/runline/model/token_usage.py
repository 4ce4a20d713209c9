"""What calls of models came to, all together: of a run, of a thread, of a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runline.model.usage import Tokens, UsageEntry


@dataclass(frozen=True, slots=True)
class Usage:
    """Several calls of models. `runs` made them; `unpriced_calls` of them have no price.

    `cost` is that of the others, in parts of COST_UNIT of `currency`; None if no call has a price, or if they are
    priced in several currencies, which are never added up.
    """

    tokens: Tokens = field(default_factory=Tokens)
    calls: int = 0
    runs: int = 0
    unpriced_calls: int = 0
    cost: int | None = 0
    currency: str | None = None
    rolled_back: bool = False


NO_USAGE = Usage()


@dataclass(frozen=True, slots=True)
class Context:
    """How much of a model's window the newest call of the lead agent took; `window` is None if nobody knows it."""

    model: str
    provider: str | None
    tokens: int
    window: int | None = None


@dataclass(frozen=True, slots=True)
class ThreadUsage:
    """The ledger of a thread, or of one of its runs. Each of the three parts adds up to `total`.

    `costs` are by currency, in parts of COST_UNIT. `runs` counts those that have ended, with calls or without, and
    those that only the ledger knows any more.
    """

    total: Usage
    costs: Mapping[str, int]
    by_model: Mapping[str, Usage]
    by_caller: Mapping[str, Usage]
    by_run: Mapping[str, Usage]
    runs: int
    context: Context | None = None


@dataclass(frozen=True, slots=True)
class RunUsage:
    """The ledger of a run, and its calls, oldest first."""

    sums: ThreadUsage
    calls: Sequence[UsageEntry] = ()


@dataclass(frozen=True, slots=True)
class PeriodUsage:
    """The ledger of a time: one Usage for each bucket, in order, and by group if they were asked for."""

    total: Usage
    costs: Mapping[str, int]
    buckets: Sequence[Usage]
    groups: Mapping[str, Usage] = field(default_factory=dict)
