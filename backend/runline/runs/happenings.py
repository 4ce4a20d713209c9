"""What is told of a run in its thread's log, from its start on. The end is told by the transaction that ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

from langchain_core.messages import BaseMessage, ToolMessage
from langgraph.errors import GraphBubbleUp
from langgraph.types import Command

from runline.graphs.model_calls import whole
from runline.kit.clock import Clock
from runline.kit.json import Once
from runline.model.run import Run
from runline.model.run_event import EventCategory, EventType, RunEvent
from runline.model.usage import Caller, UsageEntry
from runline.runs.outcome import graph_error
from runline.runs.parts import Part
from runline.runs.run_logs import RunLog
from runline.runs.traces import excerpt


class Happenings:
    """Tells a run's log what happens. Long contents of traces are cut to `max_trace_bytes`."""

    def __init__(self, run: Run, log: RunLog, clock: Clock, max_trace_bytes: int) -> None:
        self._run = run
        self._log = log
        self._clock = clock
        self._limit = max_trace_bytes
        # tools that failed, and whose nodes may make messages of that
        self._failed_calls: set[str] = set()

    def run_started(self) -> None:
        """An attempt begins."""
        event_type = EventType.RUN_RESUME if self._run.attempt > 1 else EventType.RUN_START
        content = {"attempt": self._run.attempt, "graph_id": self._run.graph_id}
        self._tell(event_type, EventCategory.TRACE, content, {})

    def given(self, messages: Iterable[dict[str, Any]]) -> None:
        """The graph gets these new messages."""
        for message in messages:
            self._tell_message(EventType.HUMAN_MESSAGE, message, {})

    def part_began(self, part: Part) -> None:
        """A node or another part of the graph begins."""
        if part.opens and part.path.caller is Caller.SUBAGENT:
            self._trace(EventType.SUBAGENT_START, None, part.as_metadata())
        if part.is_node:
            self._trace(EventType.NODE_START, None, part.as_metadata())

    def part_ended(self, part: Part, output: Any, error: BaseException | None = None) -> None:
        """It has ended, or failed."""
        if not (part.is_node or part.opens):
            return
        metadata = {**part.as_metadata(), **_how(error), "duration_ms": part.duration_ms}
        content = _reason(error) if error else output
        if part.is_node:
            self._tell_failed_calls(output, part)
            self._trace(EventType.NODE_END, content, metadata)
        if part.opens and part.path.caller is Caller.SUBAGENT:
            self._trace(EventType.SUBAGENT_END, content, metadata)
        elif part.opens and part.path.caller is Caller.MIDDLEWARE:
            self._trace(f"middleware:{part.path.name or ''}", content, metadata)

    def model_answered(self, part: Part, message: BaseMessage | None, entry: UsageEntry) -> None:
        """A call of a model has ended."""
        if message:
            self._tell_message(EventType.AI_MESSAGE, whole(message), {**part.as_metadata(), **_spent(entry)})

    def model_failed(self, part: Part, error: BaseException, entry: UsageEntry) -> None:
        """A call of a model has failed, or was cut off."""
        self._trace(EventType.LLM_ERROR, _reason(error), {**part.as_metadata(), **_spent(entry), **_how(error)})

    def tool_ended(self, part: Part, output: Any) -> None:
        """A tool has given its result, which may be more than a message."""
        metadata = {**part.as_metadata(), "tool": part.name, "duration_ms": part.duration_ms}
        messages = list(_tool_messages(output))
        for message in messages:
            self._tell_message(EventType.TOOL_MESSAGE, message, metadata)
        if not messages and not isinstance(output, Command):
            result = {"type": "tool", "name": part.name, "content": output, "tool_call_id": None}
            self._tell_message(EventType.TOOL_MESSAGE, result, metadata)

    def tool_failed(self, part: Part, call_id: str | None, error: BaseException) -> None:
        """A tool has failed. One that asks a question has not."""
        if isinstance(error, GraphBubbleUp):
            return
        if call_id:
            self._failed_calls.add(call_id)
        metadata = {**part.as_metadata(), "tool": part.name, **_how(error), "duration_ms": part.duration_ms}
        self._trace(EventType.TOOL_ERROR, _reason(error), metadata)

    def _tell_failed_calls(self, output: Any, part: Part) -> None:
        if not self._failed_calls:
            return
        for message in _tool_messages(output):
            if message.tool_call_id in self._failed_calls:
                self._failed_calls.discard(message.tool_call_id)
                self._tell_message(EventType.TOOL_MESSAGE, message, {**part.as_metadata(), "tool": message.name})

    def _trace(self, event_type: str, content: Any, metadata: dict[str, Any]) -> None:
        if content is not None:
            content, too_long = excerpt(content, self._limit)
            if too_long:
                metadata["content_truncated"] = True
        self._tell(event_type, EventCategory.TRACE, content, metadata)

    def _tell_message(self, event_type: EventType, message: Any, metadata: dict[str, Any]) -> None:
        content = Once(message)
        # now: whoever has the message may change it
        _ = content.encoded
        self._tell(event_type, EventCategory.MESSAGE, content, metadata)

    def _tell(self, event_type: str, category: EventCategory, content: Any, metadata: dict[str, Any]) -> None:
        run = self._run
        self._log.tell(RunEvent(run.thread_id, run.run_id, event_type, category, self._clock.now(), content, metadata))


def _spent(entry: UsageEntry) -> dict[str, Any]:
    return {
        "model": entry.model,
        "provider": entry.provider,
        "usage_id": entry.usage_id,
        "usage": entry.tokens,
        "duration_ms": entry.duration_ms,
    }


def _how(error: BaseException | None) -> dict[str, str]:
    if isinstance(error, GraphBubbleUp):
        return {"status": "interrupted"}
    if isinstance(error, asyncio.CancelledError):
        return {"status": "cancelled"}
    return {"status": "error" if error else "success"}


def _reason(error: BaseException) -> Any:
    """Nothing of what is no failure: a cancel, an interrupt, or the message of a node to the graph above."""
    return None if isinstance(error, GraphBubbleUp | asyncio.CancelledError) else graph_error(error)


def _tool_messages(output: Any) -> Iterator[ToolMessage]:
    if isinstance(output, ToolMessage):
        yield output
    elif isinstance(output, Command):
        yield from _tool_messages(output.update)
    elif isinstance(output, dict):
        yield from _tool_messages(output.get("messages"))
    elif isinstance(output, list):
        for item in output:
            yield from _tool_messages(item)
