"""The sample agent that fans out: what its models reported is what the ledger holds, by run, model and caller."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.outputs import LLMResult

from kit.waiting import wait_until
from runline.model.run import Run
from runs.house import House, open_house
from storage.ledgers import events_of, usage_of

AGENTS = Path(__file__).parents[2] / "examples" / "agents"
COLUMNS = ("input_tokens", "output_tokens", "total_tokens", "cache_read_tokens", "reasoning_tokens")
