"""Calls that many probes begin with."""

from __future__ import annotations

from typing import Any

from conformance.probe import Call, get, post

UNKNOWN = "01a1f885-0830-772e-8d96-040c354ac1f6"
THREAD = post("/threads", {}).keeping(thread="body.thread_id").comparing("status")
RUNS = "/threads/{thread}/runs"
STATE = get("/threads/{thread}/state")
READ_THREAD = get("/threads/{thread}")
READ_RUN = get("/threads/{thread}/runs/{run}")
LIST_RUNS = get("/threads/{thread}/runs")
JOIN = get("/threads/{thread}/runs/{run}/join")
BUSY = STATE.until_is("body.next", ["second"]).comparing("body.values", "body.next")
"""The run is within the slow node."""


def graph(name: str, **more: Any) -> dict[str, Any]:
    """The body of a run of a graph."""
    return {"assistant_id": name, **more}


def steps(task: str = "", **more: Any) -> dict[str, Any]:
    """The body of a run of the three steps, with a task for the second."""
    return graph("steps", input={"log": ["input"], "task": task}, **more)


def wait(body: Any) -> Call:
    """Create a run on the thread and wait for it."""
    return post(f"{RUNS}/wait", body)


def stream(body: Any) -> Call:
    """Create a run on the thread and read its events."""
    return post(f"{RUNS}/stream", body)


def create(body: Any) -> Call:
    """Create a run on the thread."""
    return post(RUNS, body).keeping(run="body.run_id")
