"""A graph whose end takes a while: its factory is slow when the gateway reads the state that a run came to."""

from __future__ import annotations

import asyncio
from typing import Any

from langgraph_sdk.runtime import ServerRuntime

from graphs_under_test.agents import steps

LINGER_SECONDS = 0.1


async def lingering(runtime: ServerRuntime[Any]) -> Any:
    """`steps`; between the graph's last step and the commit of the run's end lie LINGER_SECONDS."""
    if runtime.access_context == "threads.read":
        await asyncio.sleep(LINGER_SECONDS)
    return steps
