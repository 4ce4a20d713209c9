"""From a call of a model to its row in the ledger, priced as it is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runline.graphs.model_calls import ModelCall
from runline.model.run import Run
from runline.model.usage import Tokens, UsageEntry
from runline.runs.meters import Meters
from runline.runs.parts import Part
from runline.runs.prices import PriceList

_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call that has begun. `model` and `provider` are what was asked for, as far as it is known."""

    part: Part
    model: str | None
    provider: str | None
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Ledger:
    """Makes entries, and counts what is in them."""

    prices: PriceList
    meters: Meters

    def entry(self, run: Run, call_id: str, call: OpenCall, came_to: ModelCall) -> UsageEntry:
        """The entry of a call that has ended; without a word on its tokens it has none, and no price."""
        model = came_to.model or call.model or _UNKNOWN
        provider = came_to.provider or call.provider
        part, tokens = call.part, came_to.tokens
        cost = self.prices.cost(model, provider, tokens, call.started_at) if tokens else None
        self.meters.spent(model, part.path.caller, tokens or Tokens())
        return UsageEntry(
            usage_id=call_id,
            owner=run.owner,
            thread_id=run.thread_id,
            run_id=run.run_id,
            attempt=run.attempt,
            assistant_id=run.spec.assistant_id,
            graph_id=run.graph_id,
            node=part.node,
            caller=part.path.caller,
            caller_name=part.path.name,
            model=model,
            provider=provider,
            tokens=tokens or Tokens(),
            cost=cost.amount if cost else None,
            currency=cost.currency if cost else None,
            started_at=call.started_at,
            duration_ms=part.duration_ms,
        )
