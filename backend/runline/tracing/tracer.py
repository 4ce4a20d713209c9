"""What the engine tells of runs to whoever traces them. This tracer, of a gateway that sends no spans, does nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from langchain_core.callbacks import BaseCallbackHandler

from runline.model.lifecycle import StopReason
from runline.model.run import Run


class Execution(Protocol):
    """An attempt of a run, as it is when it is asked."""

    run: Run
    stop_reason: StopReason | None


class Tracer:
    """Told of each run when it is created and when it is executed."""

    def heed(self, headers: Mapping[str, str]) -> None:
        """The request that is served now may belong to a trace; to be called in its own task."""

    def creation(self, run: Run) -> AbstractContextManager[Run]:
        """While a run is created. Yields it with what makes every attempt, in any process, part of the trace."""
        return nullcontext(run)

    def execution(self, attempt: Execution) -> AbstractContextManager[None]:  # noqa: ARG002
        """While an attempt of a run is executed."""
        return nullcontext()

    def callbacks(self, run: Run) -> Sequence[BaseCallbackHandler]:  # noqa: ARG002
        """What is to be among the callbacks of the graph that is executed."""
        return ()
