"""What a call of a model costs: by the operator's prices, else by those of genai-prices, which it brings along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from genai_prices import Usage
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, Provider

from runline.model.usage import COST_UNIT, Tokens

_MILLION = 10**6
_LARGEST = 2**63 - 1
_KNOWN_MODELS = 1024


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost, in `currency`. Those of the cache cost as much as others if that is None."""

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_creation: Decimal | None = None
    currency: str = "USD"

    def of(self, tokens: Tokens) -> Decimal:
        """What these tokens cost."""
        cached, created = tokens.cache_read_tokens, tokens.cache_creation_tokens
        plain = max(tokens.input_tokens - cached - created, 0)
        cost = plain * self.input + tokens.output_tokens * self.output
        cost += cached * (self.input if self.cache_read is None else self.cache_read)
        cost += created * (self.input if self.cache_creation is None else self.cache_creation)
        return cost / _MILLION


@dataclass(frozen=True, slots=True)
class Cost:
    """An amount in parts of COST_UNIT of a currency."""

    amount: int
    currency: str


class PriceList:
    """Prices by the names of models."""

    def __init__(self, own: Mapping[str, Price]) -> None:
        self._own = own
        # read now, not within the first call of a model
        self._snapshot = get_snapshot()
        # a model that it does not know is sought among thousands
        self._known = lru_cache(_KNOWN_MODELS)(self._find)

    def cost(self, model: str, provider: str | None, tokens: Tokens, moment: datetime) -> Cost | None:
        """What the tokens cost; None if nobody knows."""
        if own := self._own.get(model):
            return _as_cost(own.of(tokens), own.currency)
        if (found := self._known(model, provider)) is None:
            return None
        try:
            price = found[1].calc_price(_usage(tokens), found[0], genai_request_timestamp=moment)
        except ValueError:
            # counts that contradict each other
            return None
        return _as_cost(price.total_price, "USD")

    def window(self, model: str, provider: str | None) -> int | None:
        """How many tokens the context of a model may have; None if nobody knows."""
        # whoever serves it: the window is the model's own
        found = self._known(model, provider) or self._known(model, None)
        return found[1].context_window if found else None

    def _find(self, model: str, provider: str | None) -> tuple[Provider, ModelInfo] | None:
        try:
            return self._snapshot.find_provider_model(model, None, provider, None)
        except LookupError:
            return None


def _usage(tokens: Tokens) -> Usage:
    return Usage(
        input_tokens=tokens.input_tokens,
        output_tokens=tokens.output_tokens,
        cache_read_tokens=tokens.cache_read_tokens,
        cache_write_tokens=tokens.cache_creation_tokens,
    )


def _as_cost(amount: Decimal, currency: str) -> Cost | None:
    parts = int(amount * COST_UNIT)
    return Cost(parts, currency) if parts <= _LARGEST else None
