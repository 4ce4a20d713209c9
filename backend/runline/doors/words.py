"""What all doors say alike: times, and what calls of models came to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from runline.model.token_usage import Usage
from runline.model.usage import COST_UNIT, Tokens


def moment_to_wire(moment: datetime) -> str:
    """ISO 8601 with microseconds and offset, also when they are zero."""
    return moment.isoformat(timespec="microseconds")


def known_moment(moment: datetime | None) -> str | None:
    """The same; null where there is none."""
    return moment_to_wire(moment) if moment else None


def cost_to_wire(cost: int | None) -> float | int | None:
    """A cost in the currency's unit."""
    return cost / COST_UNIT if cost else cost


def tokens_to_wire(tokens: Tokens) -> dict[str, Any]:
    """The counts of a Usage object, or of one call."""
    return {
        "input_tokens": tokens.input_tokens,
        "output_tokens": tokens.output_tokens,
        "total_tokens": tokens.total_tokens,
        "cache_read_tokens": tokens.cache_read_tokens,
        "cache_creation_tokens": tokens.cache_creation_tokens,
        "reasoning_tokens": tokens.reasoning_tokens,
    }


def usage_to_wire(usage: Usage) -> dict[str, Any]:
    """A Usage object: tokens, calls, and what they cost."""
    return {
        **tokens_to_wire(usage.tokens),
        "calls": usage.calls,
        "unpriced_calls": usage.unpriced_calls,
        "cost": cost_to_wire(usage.cost),
        "currency": usage.currency,
    }
