"""A graph whose end takes a while: its factory is slow when the gateway reads the state that a run came to."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.channels import UntrackedValue
from langgraph_sdk.runtime import ServerRuntime

from graphs_under_test.agents import steps
from graphs_under_test.knobs import POLL_SECONDS

LINGERERS = "RACES_LINGERERS"
ARRIVED = ".arrived"
LINGER_SECONDS = 0.1


async def lingering(config: RunnableConfig, runtime: ServerRuntime[Any]) -> Any:
    """`steps`; between its last step and the commit of the run's end lie LINGER_SECONDS.

    It is longer for a thread that has a file of its name in the folder $RACES_LINGERERS: until that is gone. Whoever
    waits for that says so on a file beside it, which ends in ARRIVED.
    """
    if runtime.access_context == "threads.read":
        await asyncio.sleep(LINGER_SECONDS)
        held = Path(os.environ[LINGERERS]) / config["configurable"]["thread_id"]
        if held.exists():
            held.with_suffix(ARRIVED).touch()
        while held.exists():  # noqa: ASYNC110 - a file sets no event
            await asyncio.sleep(POLL_SECONDS)
    # what is untracked makes the gateway read the state, which the stream would have told else
    return steps.copy({"channels": {**steps.channels, "aside": UntrackedValue(str)}})
