"""The graph under chaos: each step marks on a file when it is entered and left, tells numbers, and takes a while."""

from __future__ import annotations

import asyncio
import json
import operator
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from langgraph.config import get_config
from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime
from typing_extensions import TypedDict

MARKS = "CHAOS_MARKS"
STEPS = ("one", "two", "three")
_POLL_SECONDS = 0.002


class Log(TypedDict, total=False):
    """State: the entries of all runs of the thread, in order."""

    log: Annotated[list[str], operator.add]


@dataclass(frozen=True)
class Work:
    """Context. `token` names the run in the log; `events` per step, `pause` after each.

    `poison`: of files; once there is one that ends in the number of the attempt, a step kills the worker.
    """

    token: str
    events: int = 1
    pause: float = 0.0
    poison: str = ""


@contextmanager
def marked_span(step: str) -> Iterator[int]:
    """Write down who is in this step, from when to when, whatever happens in it. One write is one whole line.

    Yields the attempt.
    """
    about: dict[str, Any] = get_config()["metadata"]
    who = {"run": about["run_id"], "thread": about["thread_id"], "attempt": about["run_attempt"], "pid": os.getpid()}
    descriptor = os.open(os.environ[MARKS], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def mark(what: str) -> None:
        line = json.dumps({**who, "step": step, "what": what, "at": time.monotonic()}) + "\n"
        os.write(descriptor, line.encode())

    try:
        mark("enter")
        yield who["attempt"]
    finally:
        mark("leave")
        os.close(descriptor)


async def _die(word: Path) -> None:
    while not word.exists():  # noqa: ASYNC110, ASYNC240 - a file sets no event, and is on a local disk
        await asyncio.sleep(_POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


async def _step(name: str, runtime: Runtime[Work]) -> Log:
    work = runtime.context
    with marked_span(name) as attempt:
        for number in range(work.events):
            runtime.stream_writer({"step": name, "number": number, "attempt": attempt})
            await asyncio.sleep(work.pause)
        if work.poison:
            await _die(Path(f"{work.poison}.{attempt}"))
    return {"log": [f"{work.token}:{name}"]}


async def one(state: Log, runtime: Runtime[Work]) -> Log:
    """The first step."""
    return await _step("one", runtime)


async def two(state: Log, runtime: Runtime[Work]) -> Log:
    """The second step."""
    return await _step("two", runtime)


async def three(state: Log, runtime: Runtime[Work]) -> Log:
    """The last step."""
    return await _step("three", runtime)


marked = StateGraph(Log, context_schema=Work).add_sequence([one, two, three]).add_edge(START, "one").compile()
