"""Tokens and costs, as commands print them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runline.cli.output import printable


def count(number: int) -> str:
    """A number of tokens."""
    return f"{number:,}"


def cost(usage: Mapping[str, Any]) -> str:
    """What it came to, in each currency; nothing where nobody knows a price."""
    known = usage.get("cost") is not None
    costs = usage.get("costs") or ({usage["currency"]: usage["cost"]} if known else {})
    return ", ".join(f"{float(amount):.6g} {currency}" for currency, amount in costs.items())


def spent(usage: Mapping[str, Any]) -> dict[str, str]:
    """The facts of a thread's or a run's token usage; none of one that has called no model."""
    if not usage.get("total_tokens"):
        return {}
    facts = {
        "tokens": f"{count(usage['total_tokens'])} ({count(usage['total_input_tokens'])} in,"
        f" {count(usage['total_output_tokens'])} out)",
        "models": ", ".join(printable(model) for model in usage["by_model"]),
    }
    return facts | ({"cost": told} if (told := cost(usage)) else {})
