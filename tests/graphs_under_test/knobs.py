"""What a run's context can ask of the graphs under test, so that each test says what its run does."""

from __future__ import annotations

import asyncio
import operator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

POLL_SECONDS = 0.002


class Log(TypedDict, total=False):
    """State: what happened, in order."""

    log: Annotated[list[str], operator.add]


@dataclass(frozen=True)
class Knobs:
    """Context. `gate`: a file; a node waits until it exists. `fail`: the exception that a node raises.

    `stubborn`: at the gate, the node takes no notice of being cancelled; it stops once the gate is open.
    """

    gate: str = ""
    fail: str = ""
    stubborn: bool = False


class SecretError(Exception):
    """An application's own exception, whose text may hold secrets."""


async def pass_gate(runtime: Runtime[Knobs]) -> None:
    """Say on the file `<gate>.visits` that a node is here, then wait until the gate is there."""
    knobs = runtime.context
    if not knobs.gate:
        return
    gate = Path(knobs.gate)
    with gate.with_name(f"{gate.name}.visits").open("a") as visits:
        visits.write("visit\n")
    cancelled = False
    while not gate.exists():  # noqa: ASYNC240 - on a local disk
        try:
            await asyncio.sleep(POLL_SECONDS)
        except asyncio.CancelledError:
            if not knobs.stubborn:
                raise
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError


def fail_if_asked(runtime: Runtime[Knobs]) -> None:
    """Raise the exception that the run asked for."""
    wanted = runtime.context.fail
    if wanted == "ValueError":
        raise ValueError("kaboom")
    if wanted == "SecretError":
        raise SecretError("the password is hunter2")
