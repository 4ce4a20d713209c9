"""What happened inside runs: the entries of a thread's log."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class EventCategory(StrEnum):
    """What an entry of the log is about."""

    TRACE = "trace"
    MESSAGE = "message"
    OUTPUTS = "outputs"


class EventType(StrEnum):
    """What an entry of the log tells. There are also those named `middleware:<name>`."""

    RUN_START = "run.start"
    RUN_RESUME = "run.resume"
    RUN_END = "run.end"
    RUN_ERROR = "run.error"
    RUN_ROLLBACK = "run.rollback"
    HUMAN_MESSAGE = "human_message"
    AI_MESSAGE = "ai_message"
    TOOL_MESSAGE = "tool_message"
    LLM_ERROR = "llm.error"
    TOOL_ERROR = "tool.error"
    NODE_START = "node.start"
    NODE_END = "node.end"
    SUBAGENT_START = "subagent.start"
    SUBAGENT_END = "subagent.end"


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One entry. `seq` counts from 1 over all runs of the thread, without gaps; 0 until it is stored."""

    thread_id: str
    run_id: str
    event_type: str
    category: EventCategory
    created_at: datetime
    content: Any = None
    metadata: dict[str, Any] = field(default_factory=dict)
    seq: int = 0
