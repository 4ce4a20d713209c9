"""Insight: what a platform server does not tell of its runs.

Divergence 76: messages, the log of runs, token usage and feedback can be read; officially there are no such addresses.
"""

from __future__ import annotations

from collections.abc import Container

from fastapi import APIRouter

from runline.doors.areas import enabled
from runline.doors.insight import events, feedback, messages, usage


def router(disabled: Container[str] = ()) -> APIRouter:
    """All routes of this door but those of the disabled areas."""
    nouns = (messages, events, usage, feedback)
    return enabled((route for noun in nouns for route in noun.routes.routes), disabled)
