"""The translation table between the model and insight's wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runline.doors.words import cost_to_wire, moment_to_wire, tokens_to_wire, usage_to_wire
from runline.model.feedback import Feedback, FeedbackStats
from runline.model.log_page import Slice
from runline.model.run_event import RunEvent
from runline.model.token_usage import Context, PeriodUsage, RunUsage, ThreadUsage, Usage
from runline.model.usage import Caller, UsageEntry
from runline.model.usage_period import Period
from runline.storage.run_events import Message


def run_event_to_wire(event: RunEvent) -> dict[str, Any]:
    """An entry of a log."""
    return {
        "thread_id": event.thread_id,
        "run_id": event.run_id,
        "seq": event.seq,
        "event_type": event.event_type,
        "category": event.category,
        "content": event.content,
        "metadata": event.metadata,
        "created_at": moment_to_wire(event.created_at),
    }


def message_to_wire(message: Message) -> dict[str, Any]:
    """An entry that is a message, with the viewer's feedback on its run if it is the last of a model's there."""
    own = message.feedback
    brief = own and {"feedback_id": own.feedback_id, "rating": own.opinion.rating, "comment": own.opinion.comment}
    return {**run_event_to_wire(message.event), "feedback": brief}


def message_page_to_wire(cut: Slice[Message]) -> dict[str, Any]:
    """A page of messages, and whether there are more."""
    return {"data": [message_to_wire(message) for message in cut.entries], "has_more": cut.has_more}


def feedback_to_wire(feedback: Feedback) -> dict[str, Any]:
    """A Feedback object; it is of its `user_id`."""
    return {
        "feedback_id": feedback.feedback_id,
        "thread_id": feedback.thread_id,
        "run_id": feedback.run_id,
        "user_id": feedback.author,
        "rating": feedback.opinion.rating,
        "comment": feedback.opinion.comment,
        "message_id": feedback.opinion.message_id,
        "created_at": moment_to_wire(feedback.created_at),
        "updated_at": moment_to_wire(feedback.updated_at),
    }


def feedback_stats_to_wire(run_id: str, stats: FeedbackStats) -> dict[str, Any]:
    """How many have rated a run, and how."""
    return {"run_id": run_id, "total": stats.total, "positive": stats.positive, "negative": stats.negative}


def thread_usage_to_wire(thread_id: str, usage: ThreadUsage) -> dict[str, Any]:
    """The token usage of a thread. The names of its totals are those that dashboards know."""
    total = usage.total
    return {
        "thread_id": thread_id,
        "total_tokens": total.tokens.total_tokens,
        "total_input_tokens": total.tokens.input_tokens,
        "total_output_tokens": total.tokens.output_tokens,
        "total_runs": usage.runs,
        "total_calls": total.calls,
        "unpriced_calls": total.unpriced_calls,
        "cache_read_tokens": total.tokens.cache_read_tokens,
        "cache_creation_tokens": total.tokens.cache_creation_tokens,
        "reasoning_tokens": total.tokens.reasoning_tokens,
        "total_cost": cost_to_wire(total.cost),
        "currency": total.currency,
        "costs": _costs(usage.costs),
        "by_model": {model: _share(share) for model, share in usage.by_model.items()},
        "by_caller": {caller: _tokens_of(usage.by_caller.get(caller)) for caller in Caller},
        "by_run": {
            run_id: {**usage_to_wire(share), "rolled_back": share.rolled_back} for run_id, share in usage.by_run.items()
        },
        "context_usage": _context(usage.context),
    }


def run_usage_to_wire(thread_id: str, run_id: str, usage: RunUsage) -> dict[str, Any]:
    """The token usage of a run: the same as a thread's, and its calls."""
    calls = [usage_entry_to_wire(entry) for entry in usage.calls]
    return {"run_id": run_id, **thread_usage_to_wire(thread_id, usage.sums), "calls": calls}


def usage_entry_to_wire(entry: UsageEntry) -> dict[str, Any]:
    """One call of a model."""
    return {
        "usage_id": entry.usage_id,
        "thread_id": entry.thread_id,
        "run_id": entry.run_id,
        "attempt": entry.attempt,
        "assistant_id": entry.assistant_id,
        "graph_id": entry.graph_id,
        "node": entry.node,
        "caller": entry.caller,
        "caller_name": entry.caller_name,
        "model": entry.model,
        "provider": entry.provider,
        **tokens_to_wire(entry.tokens),
        "cost": cost_to_wire(entry.cost),
        "currency": entry.currency,
        "started_at": moment_to_wire(entry.started_at),
        "duration_ms": entry.duration_ms,
        "rolled_back": entry.rolled_back,
    }


def period_usage_to_wire(period: Period, usage: PeriodUsage) -> dict[str, Any]:
    """The token usage of a time. A bucket's start is told as clocks in its time zone show it."""
    buckets = zip(period.starts, usage.buckets, strict=True)
    return {
        "buckets": [{"start": start.isoformat(), **_sums(each)} for start, each in buckets],
        "groups": {name: _sums(group) for name, group in usage.groups.items()},
        "totals": {**_sums(usage.total), "costs": _costs(usage.costs)},
    }


def _sums(usage: Usage) -> dict[str, Any]:
    return {**usage_to_wire(usage), "runs": usage.runs}


def _share(usage: Usage) -> dict[str, Any]:
    cost = cost_to_wire(usage.cost)
    return {"tokens": usage.tokens.total_tokens, "runs": usage.runs, "cost": cost, "currency": usage.currency}


def _tokens_of(usage: Usage | None) -> int:
    return usage.tokens.total_tokens if usage else 0


def _costs(costs: Mapping[str, int]) -> dict[str, Any]:
    return {currency: cost_to_wire(cost) for currency, cost in sorted(costs.items())}


def _context(context: Context | None) -> dict[str, Any] | None:
    if context is None or not context.window:
        return None
    return {
        "token_count": context.tokens,
        "max_context_tokens": context.window,
        "percentage": round(100 * context.tokens / context.window, 2),
    }
