"""A run as spans: its creation, its wait in the queue, each attempt, and what happens inside.

The trace that a request names is kept with the run it creates, so that every attempt continues it, in whatever process.
Nothing that users say is in a span: no input, no output, no text of an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from langchain_core.callbacks import BaseCallbackHandler
from opentelemetry import trace
from opentelemetry.context import Context, attach
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from runline.model.lifecycle import RunStatus, is_active
from runline.model.run import Run
from runline.tracing.handler import SpanHandler
from runline.tracing.tracer import Execution, Tracer

_PROPAGATOR = TraceContextTextMapPropagator()


class SpanTracer(Tracer):
    """Makes spans of what it is told."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer
        self._handlers: dict[tuple[str, int], SpanHandler] = {}

    def heed(self, headers: Mapping[str, str]) -> None:
        """See Tracer. What a custom app has traced already is taken as it is."""
        if "traceparent" in headers and not trace.get_current_span().get_span_context().is_valid:
            # never detached: the context is the task's, which ends with the request
            attach(_PROPAGATOR.extract(headers))

    @contextmanager
    def creation(self, run: Run) -> Iterator[Run]:
        """See Tracer."""
        with self._tracer.start_as_current_span(
            f"create_run {run.graph_id}",
            kind=SpanKind.SERVER,
            attributes=_identity(run),
            record_exception=False,
            set_status_on_exception=False,
        ):
            kept: dict[str, str] = {}
            _PROPAGATOR.inject(kept)
            yield replace(run, spec=replace(run.spec, trace=kept))

    @contextmanager
    def execution(self, attempt: Execution) -> Iterator[None]:
        """See Tracer."""
        run = attempt.run
        parent = _PROPAGATOR.extract(run.spec.trace, Context())
        if run.attempt == 1:
            self._queue(run, parent)
        span = self._tracer.start_span(f"invoke_agent {run.graph_id}", parent, attributes=_agent(run))
        handler = self._handlers[run.run_id, run.attempt] = SpanHandler(self._tracer, span)
        try:
            with trace.use_span(span, record_exception=False, set_status_on_exception=False):
                yield
        finally:
            del self._handlers[run.run_id, run.attempt]
            handler.close()
            _tell_end(span, attempt)
            span.end()

    def callbacks(self, run: Run) -> Sequence[BaseCallbackHandler]:
        """See Tracer. A trace that is not sampled has none."""
        handler = self._handlers[run.run_id, run.attempt]
        return (handler,) if handler.recording else ()

    def _queue(self, run: Run, parent: Context) -> None:
        begun = _nanoseconds(run.created_at)
        ended = _nanoseconds(run.started_at) if run.started_at else begun
        span = self._tracer.start_span("queue", parent, attributes=_identity(run), start_time=begun)
        span.end(max(begun, ended))


def _identity(run: Run) -> dict[str, str]:
    return {"runline.run.id": run.run_id, "gen_ai.conversation.id": run.thread_id}


def _agent(run: Run) -> dict[str, str | int]:
    return {
        **_identity(run),
        "runline.run.attempt": run.attempt,
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": run.graph_id,
        "gen_ai.agent.id": run.spec.assistant_id,
    }


def _tell_end(span: Span, attempt: Execution) -> None:
    run = attempt.run
    if attempt.stop_reason:
        span.set_attribute("runline.run.stop_reason", attempt.stop_reason)
    if not is_active(run.status):
        span.set_attribute("runline.run.status", run.status)
    if run.status is RunStatus.ERROR and run.error:
        kind = str(run.error.get("error"))
        span.set_attribute("error.type", kind)
        span.set_status(Status(StatusCode.ERROR, kind))


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1000
