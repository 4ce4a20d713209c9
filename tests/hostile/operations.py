"""Every operation that takes a body, a query or an id: where it is, and a body that it accepts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hostile import fields
from hostile.fields import Field

STEPS: Mapping[str, Any] = {"assistant_id": "steps", "input": {"log": []}}
YEARLY: Mapping[str, Any] = {**STEPS, "schedule": "@yearly", "enabled": False}

_INTEGERS = ("many", "", "1.5", "1e2", "0x1", "%00", "1;DROP", "99999999999999999999", "-99999999999999999999")
_TRUTHS = ("maybe", "", "2", "%00", "[]")
_WORDS = ("explode", "", "%00", "a%0d%0ab", "%27%20OR%201=1")
_LIMITS = (*_INTEGERS, "-1", "1001")
_FEW = (*_INTEGERS, "-1", "0", "201")
_SEQS = (*_INTEGERS, "-1", "9" * 16)
_PAGES = {"limit": _FEW, "before_seq": _SEQS, "after_seq": _SEQS}
_NAMES = ("", "run.end,,ai_message", "run.ended", "middleware:%00", "middleware:a%0d%0ab")
_TIMES = ("now", "", "5", "2026-13-01", "0000-01-01", "9999-12-31T23:59:59-23:59", "1970-01-01T00:00:00%00")
_JOIN = {
    "last_event_id": ("now", "-2", "1.5", "9" * 16, "", "%00", "1%0d%0aid:%202"),
    "cancel_on_disconnect": _TRUTHS,
    "stream_mode": ("everything", "values,everything", "%00", "%5B1", "%5B%22everything%22%5D"),
}
_THREAD_MODES = ("values", "run_modes,everything", "%00", "%5B1", "%5B%22values%22%5D")
_CANCEL = {"action": _WORDS, "wait": _TRUTHS}


@dataclass(frozen=True)
class Operation:
    """`path` holds {thread}, {run} and other places; `query` names bad values of each parameter, as sent.

    `waits`: what is not there is waited for.
    """

    method: str
    path: str
    body: Any = None
    fields: tuple[Field, ...] = ()
    query: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    makes_run: bool = False
    waits: bool = False

    @property
    def name(self) -> str:
        """How cases call it."""
        return f"{self.method} {self.path}"

    @property
    def is_batch(self) -> bool:
        """Whether the body is a list of what `fields` describe."""
        return isinstance(self.body, list)


OPERATIONS = (
    Operation("POST", "/threads", {}, fields.THREAD),
    Operation("POST", "/threads/search", {}, fields.THREAD_SEARCH),
    Operation("POST", "/threads/count", {}, fields.THREAD_COUNT),
    Operation("POST", "/threads/prune", {"thread_ids": []}, fields.THREAD_PRUNE),
    Operation("GET", "/threads/{thread}"),
    Operation("GET", "/threads/{thread}/storage"),
    Operation("PATCH", "/threads/{thread}", {}, fields.THREAD_PATCH),
    Operation("DELETE", "/threads/{thread}"),
    Operation("POST", "/threads/{thread}/copy"),
    Operation("GET", "/threads/{thread}/stream", query={"stream_modes": _THREAD_MODES, "stream_mode": _THREAD_MODES}),
    Operation("POST", "/threads/{thread}/stream/events", {"channels": ["values"]}, fields.EVENTS, waits=True),
    Operation("GET", "/threads/{thread}/state", query={"subgraphs": _TRUTHS}),
    Operation("GET", "/threads/{thread}/state/{checkpoint}", query={"subgraphs": _TRUTHS}),
    Operation("POST", "/threads/{thread}/state/checkpoint", {"checkpoint": {}}, fields.STATE_READ),
    Operation("POST", "/threads/{thread}/state", {"values": {}}, fields.STATE_UPDATE),
    Operation("GET", "/threads/{thread}/history", query={"limit": _LIMITS, "before": _WORDS}),
    Operation("POST", "/threads/{thread}/history", {}, fields.HISTORY),
    Operation("POST", "/threads/{thread}/runs", STEPS, fields.THREAD_RUN, makes_run=True),
    Operation("POST", "/threads/{thread}/runs/stream", STEPS, fields.THREAD_RUN, makes_run=True),
    Operation("POST", "/threads/{thread}/runs/wait", STEPS, fields.THREAD_RUN, makes_run=True),
    Operation(
        "GET",
        "/threads/{thread}/runs",
        query={"limit": (*_LIMITS, "0"), "offset": (*_INTEGERS, "-1"), "status": _WORDS, "select": _WORDS},
    ),
    Operation(
        "GET",
        "/runs",
        query={"limit": (*_LIMITS, "0"), "offset": (*_INTEGERS, "-1"), "status": _WORDS, "select": _WORDS},
    ),
    Operation("GET", "/runs/{run}"),
    Operation("GET", "/threads/{thread}/runs/{run}"),
    Operation("DELETE", "/threads/{thread}/runs/{run}"),
    Operation("GET", "/threads/{thread}/runs/{run}/webhooks"),
    Operation("GET", "/threads/{thread}/runs/{run}/join", query={"cancel_on_disconnect": _TRUTHS}),
    Operation("GET", "/threads/{thread}/runs/{run}/stream", query=_JOIN),
    Operation("POST", "/threads/{thread}/runs/{run}/stream", query={**_JOIN, **_CANCEL}),
    Operation("POST", "/threads/{thread}/runs/{run}/cancel", query=_CANCEL),
    Operation("POST", "/runs/cancel", {"status": "all"}, fields.CANCEL, query={"action": _WORDS}),
    Operation("POST", "/runs", STEPS, fields.STATELESS_RUN, makes_run=True),
    Operation("POST", "/runs/stream", STEPS, fields.STATELESS_RUN, makes_run=True),
    Operation("POST", "/runs/wait", STEPS, fields.STATELESS_RUN, makes_run=True),
    Operation("POST", "/runs/batch", [STEPS], fields.STATELESS_RUN),
    Operation("GET", "/runs/{run}/stream", query=_JOIN),
    Operation("POST", "/assistants", {"graph_id": "steps"}, fields.ASSISTANT),
    Operation("PATCH", "/assistants/{assistant}", {}, fields.ASSISTANT_PATCH),
    Operation("DELETE", "/assistants/{assistant}", query={"delete_threads": _TRUTHS}),
    Operation("POST", "/assistants/{assistant}/versions", {}, fields.VERSIONS),
    Operation("POST", "/assistants/{assistant}/latest", {"version": 1}, fields.LATEST),
    Operation("GET", "/assistants/{assistant}/subgraphs", query={"recurse": _TRUTHS}),
    Operation("GET", "/assistants/{assistant}/subgraphs/child", query={"recurse": _TRUTHS}),
    Operation("POST", "/threads/{thread}/runs/crons", YEARLY, fields.THREAD_CRON),
    Operation("POST", "/runs/crons", YEARLY, fields.STATELESS_CRON),
    Operation("POST", "/runs/crons/search", {}, fields.CRON_SEARCH),
    Operation("POST", "/runs/crons/count", {}, fields.CRON_COUNT),
    Operation("GET", "/runs/crons/{cron}"),
    Operation("PATCH", "/runs/crons/{cron}", {"enabled": False}, fields.CRON_PATCH),
    Operation("DELETE", "/runs/crons/{cron}"),
    Operation("POST", "/assistants/search", {}, fields.ASSISTANT_SEARCH),
    Operation("POST", "/assistants/count", {}, fields.ASSISTANT_COUNT),
    Operation("GET", "/assistants/{assistant}"),
    Operation("GET", "/assistants/{assistant}/graph", query={"xray": ("0", "-1", "maybe", "", "1000", "%00", "1.5")}),
    Operation("GET", "/assistants/{assistant}/schemas"),
    Operation("PUT", "/store/items", {"namespace": ["a"], "key": "k", "value": {}}, fields.ITEM_PUT),
    Operation(
        "GET",
        "/store/items?namespace=a&key=k",
        query={"namespace": ("", "a..b", ".", "a%00"), "key": ("", "k%00", "k" * 5000), "refresh_ttl": _TRUTHS},
    ),
    Operation("DELETE", "/store/items", {"namespace": ["a"], "key": "k"}, fields.ITEM_DELETE),
    Operation("POST", "/store/items/search", {}, fields.ITEM_SEARCH),
    Operation("POST", "/store/namespaces", {}, fields.NAMESPACES),
    Operation("GET", "/metrics", query={"format": _WORDS}),
    Operation("GET", "/threads/{thread}/messages", query=_PAGES),
    Operation("GET", "/threads/{thread}/messages/page", query={"limit": _FEW, "before_seq": _SEQS}),
    Operation("GET", "/threads/{thread}/runs/{run}/messages", query=_PAGES),
    Operation(
        "GET",
        "/threads/{thread}/runs/{run}/events",
        query={
            "limit": (*_LIMITS[:-1], "0", "2001"),
            "after_seq": _SEQS,
            "event_types": _NAMES,
        },
    ),
    Operation("GET", "/threads/{thread}/runs/{run}/events/stream"),
    Operation("GET", "/threads/{thread}/token-usage", query={"include_active": _TRUTHS}),
    Operation("GET", "/threads/{thread}/runs/{run}/token-usage"),
    Operation(
        "GET",
        "/usage",
        query={"bucket": _WORDS, "group_by": _WORDS, "from": _TIMES, "to": _TIMES, "tz": (*_WORDS, "../../etc/passwd")},
    ),
    Operation("PUT", "/threads/{thread}/runs/{run}/feedback", {"rating": 1}, fields.FEEDBACK),
    Operation("GET", "/threads/{thread}/runs/{run}/feedback"),
    Operation("GET", "/threads/{thread}/runs/{run}/feedback/stats"),
    Operation("DELETE", "/threads/{thread}/runs/{run}/feedback/{feedback}"),
)

TAKING_BODIES = tuple(operation for operation in OPERATIONS if operation.body is not None)
MAKING_RUNS = tuple(operation for operation in OPERATIONS if operation.makes_run)
STREAMING = tuple(operation for operation in OPERATIONS if operation.path.endswith(("}/stream", "/events/stream")))
