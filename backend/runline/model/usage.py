"""What calls of models cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

COST_UNIT = 10**12
"""Costs are whole numbers of this part of the currency's unit, so that their sums are exact."""


class Caller(StrEnum):
    """Which part of an agent called a model."""

    LEAD_AGENT = "lead_agent"
    SUBAGENT = "subagent"
    MIDDLEWARE = "middleware"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Counts of tokens. Those read from a cache, written to it, and spent on reasoning are in the sums too."""

    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0
    cache_read_tokens: int = 0
    cache_creation_tokens: int = 0
    reasoning_tokens: int = 0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.total_tokens + other.total_tokens,
            self.cache_read_tokens + other.cache_read_tokens,
            self.cache_creation_tokens + other.cache_creation_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
        )


@dataclass(frozen=True, slots=True)
class UsageEntry:
    """One call of a model: a row of the ledger. `usage_id` is LangChain's id of the call.

    `cost` counts in parts of COST_UNIT of `currency`; None if nobody knows a price. `attempt` is the run's.
    `caller_name` names the subagent or middleware. `rolled_back`: the run was taken back; its cost was not.
    """

    usage_id: str
    owner: str
    thread_id: str
    run_id: str
    attempt: int
    assistant_id: str
    graph_id: str
    node: str | None
    caller: Caller
    caller_name: str | None
    model: str
    provider: str | None
    tokens: Tokens
    cost: int | None
    currency: str | None
    started_at: datetime
    duration_ms: int
    rolled_back: bool = False
