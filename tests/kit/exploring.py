"""State machines: how far they explore, and the event loop on which their rules await.

Hypothesis calls rules as plain functions, so a machine owns a loop and takes turns with it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import Any, Self, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

T = TypeVar("T")

EXPLORE = int(os.environ.get("RUNLINE_EXPLORE", "0"))
"""0: the same few examples every time, as in continuous integration. Else that many times as many, ever new ones."""

NEWEST = st.integers(0, 15)
"""Which of the things that a machine remembers: 0 is the newest; see `recall`."""


def recall(remembered: list[T], age: int) -> T:
    """The thing of this age, counting round, so that every age is of something."""
    return remembered[-1 - age % len(remembered)]


def exploration(examples: int) -> settings:
    """Settings of a test that needs this many examples in its short form."""
    return settings(
        max_examples=examples * max(EXPLORE, 1),
        derandomize=not EXPLORE,
        database=None,
        deadline=None,
        stateful_step_count=60,
        suppress_health_check=list(HealthCheck),
    )


def explore(machine: Callable[[], RuleBasedStateMachine], examples: int) -> None:
    """Try sequences of the machine's rules; fail with the shortest one that breaks something."""
    run_state_machine_as_test(machine, settings=exploration(examples))  # type: ignore[arg-type]  # it is called, no more


class OwnLoop:
    """An event loop, and what was opened on it; leaving it closes them in turn."""

    def __enter__(self) -> Self:
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        return self

    def __exit__(self, *_failure: type[BaseException] | BaseException | TracebackType | None) -> None:
        with self._runner:
            self._runner.run(self._stack.aclose())

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Await it."""
        return self._runner.run(work)

    def open(self, manager: AbstractAsyncContextManager[T]) -> T:
        """Enter it, until the loop is left."""
        return self.do(self._stack.enter_async_context(manager))
