"""A gateway to send bad requests to, with a thread, a run and a checkpoint that they can name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from gateway import Gateway, serving
from hostile.census import Counter, counting
from hostile.operations import STEPS

MAX_BODY_BYTES = 200_000
MAX_ITEM_BYTES = 65_536
_RESULT = {"log": ["one", "two", "three"]}


@dataclass(frozen=True)
class Site:
    """The gateway, ids for the {places} in the targets of requests, and a count of all that it holds."""

    gateway: Gateway
    places: Mapping[str, str]
    counter: Counter


@contextmanager
def open_site(folder: Path) -> Iterator[Site]:
    """A gateway of one's own with a small body limit. At the end it must still work, and its log be clean."""
    settings = {
        "RUNLINE_LIMITS__MAX_BODY_BYTES": str(MAX_BODY_BYTES),
        "RUNLINE_LIMITS__MAX_ITEM_BYTES": str(MAX_ITEM_BYTES),
    }
    with serving(folder / "data", settings) as gateway, counting(gateway.kept) as counter:
        yield Site(gateway, populate(gateway.url), counter)
        assert_healthy(gateway.url)


def populate(url: str) -> dict[str, str]:
    """A thread on which a run has succeeded, and what else its address leads to."""
    with httpx.Client(base_url=url, timeout=30) as http:
        thread: str = http.post("/threads", json={}).json()["thread_id"]
        assert http.post(f"/threads/{thread}/runs/wait", json=STEPS).json() == _RESULT
        (run,) = http.get(f"/threads/{thread}/runs").json()
        cron: str = http.post("/runs/crons", json={**STEPS, "schedule": "@yearly", "enabled": False}).json()["cron_id"]
        state: dict[str, Any] = http.get(f"/threads/{thread}/state").json()
        # one that may be changed and deleted: those of the graphs are needed
        assistant: str = http.post("/assistants", json={"graph_id": "steps"}).json()["assistant_id"]
        opinion = http.put(f"/threads/{thread}/runs/{run['run_id']}/feedback", json={"rating": 1}).json()
    return {
        "thread": thread,
        "run": run["run_id"],
        "assistant": assistant,
        "cron": cron,
        "checkpoint": state["checkpoint_id"],
        "feedback": opinion["feedback_id"],
    }


def assert_healthy(url: str) -> None:
    """A run on a new thread and one without a thread come to their results."""
    with httpx.Client(base_url=url, timeout=30) as http:
        thread = http.post("/threads", json={}).json()["thread_id"]
        for path in (f"/threads/{thread}/runs/wait", "/runs/wait"):
            assert http.post(path, json=STEPS).json() == _RESULT
