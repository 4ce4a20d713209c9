"""The sample agent that fans out: what its models reported is what the ledger holds, by run, model and caller."""

from __future__ import annotations

from pathlib import Path

AGENTS = Path(__file__).parents[2] / "examples" / "agents"
COLUMNS = ("input_tokens", "output_tokens", "total_tokens", "cache_read_tokens", "reasoning_tokens")
