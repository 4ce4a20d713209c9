"""Who takes the end of any run for that of the one they are about to start: what watches for it in the Python SDK."""

from __future__ import annotations

from runline.doors.protocol.schemas import SubscribeBody

_NAMES = ("langgraph-sdk-py/", "websockets/")
"""How the SDK calls itself in `User-Agent`, and how its library for WebSockets does."""

_ENDS = frozenset({"lifecycle", "input"})


def waits_for_its_run(user_agent: str, body: SubscribeBody) -> bool:
    """Tell by who asks, and for what: by these channels alone it learns of ends and questions."""
    return set(body.channels) == _ENDS and any(name in user_agent for name in _NAMES)
