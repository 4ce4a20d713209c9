"""Tokens and costs, as commands print them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runline.cli.output import printable


def count(number: int) -> str:
    """A number of tokens."""
    return f"{number:,}"


def cost(usage: Mapping[str, Any], name: str = "cost") -> str:
    """What it came to, with its currency; nothing where nobody knows a price."""
    amount = usage.get(name)
    return "" if amount is None else f"{float(amount):.6g} {usage.get('currency') or ''}".rstrip()


def spent(usage: Mapping[str, Any]) -> dict[str, str]:
    """The facts of a thread's or a run's token usage; none of one that has called no model."""
    if not usage.get("total_tokens"):
        return {}
    facts = {
        "tokens": f"{count(usage['total_tokens'])} ({count(usage['total_input_tokens'])} in,"
        f" {count(usage['total_output_tokens'])} out)",
        "models": ", ".join(printable(model) for model in usage["by_model"]),
    }
    return facts | ({"cost": told} if (told := cost(usage, "total_cost")) else {})
