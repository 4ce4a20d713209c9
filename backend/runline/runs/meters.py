"""What this process counts and times of its runs, for Prometheus. Names and meanings are in docs/operations.md.

Each Core has meters and a registry of its own. Labels hold no ids, and of the models' names, which users choose, the
first `MOST_MODELS` that are not too long; all others are counted together.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from runline.kit.clock import Clock
from runline.model.lifecycle import RunStatus, StopReason, is_active
from runline.model.run import Run
from runline.model.usage import Caller, Tokens
from runline.runs.live import LiveRun

MOST_MODELS = 100
LONGEST_MODEL = 100
OTHER = "other"

_WAITS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
_DURATIONS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
_UNDONE = {StopReason.ROLLBACK: "rolled_back", StopReason.DELETE: "deleted"}
_ENDS = (*(status for status in RunStatus if not is_active(status)), *_UNDONE.values())


class Meters:
    """Called where things happen; a call costs some microseconds at most."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._registry = registry = CollectorRegistry()
        self._ends = Counter("runline_runs_ended", "Runs that ended, by status", ["status"], registry=registry)
        self._durations = Histogram(
            "runline_run_duration_seconds",
            "From the start of a run's last attempt to its end",
            ["status"],
            buckets=_DURATIONS,
            registry=registry,
        )
        self._waits = Histogram(
            "runline_run_queue_seconds",
            "From the moment a run was due to its first start",
            buckets=_WAITS,
            registry=registry,
        )
        self._first_events = Histogram(
            "runline_run_first_event_seconds",
            "From the moment a run was due to the first event of its graph",
            buckets=_WAITS,
            registry=registry,
        )
        self._lost = Counter("runline_leases_lost", "Attempts that did not own their run any more", registry=registry)
        self._standstills = Counter(
            "runline_standstills",
            "Times that the event loop stood still for so long that leases were renewed beside it",
            registry=registry,
        )
        self._tokens = Counter(
            "runline_tokens",
            "Tokens that models have used, by model, caller and kind",
            ["model", "caller", "kind"],
            registry=registry,
        )
        self._readers = Gauge("runline_stream_readers", "Streams that are being read", registry=registry)
        self._webhooks = Counter(
            "runline_webhook_attempts", "Calls of receivers, by outcome", ["outcome"], registry=registry
        )
        self._ticks = Counter("runline_cron_ticks", "Ticks of crons, by outcome", ["outcome"], registry=registry)
        self._models: set[str] = set()
        # what has not happened yet is told as 0
        self._by_outcome = {outcome: self._webhooks.labels(outcome) for outcome in ("delivered", "retried", "given_up")}
        self._by_tick = {outcome: self._ticks.labels(outcome) for outcome in ("fired", "skipped")}
        # looked up once: finding the child of a label costs more than counting in it
        self._by_end = {end: (self._ends.labels(end), self._durations.labels(end)) for end in _ENDS}

    def exposition(self) -> bytes:
        """All of them in Prometheus' text."""
        return generate_latest(self._registry)

    def started(self, run: Run) -> None:
        """An attempt begins; the first one has waited since the run was due."""
        if run.attempt == 1:
            self._waits.observe(self._since_due(run))

    def told(self, run: Run) -> None:
        """An attempt's graph has told its first event."""
        if run.attempt == 1:
            self._first_events.observe(self._since_due(run))

    def ended(self, live: LiveRun) -> None:
        """Nothing of an attempt is left to do. One that was given back to the queue has not ended."""
        if not is_active(live.run.status):
            self.run_ended(live.run, live.run.status)
        elif live.stop_reason in _UNDONE:
            self.run_ended(live.run, _UNDONE[live.stop_reason])
        elif live.stop_reason is not StopReason.SHUTDOWN:
            self._lost.inc()

    def run_ended(self, run: Run, end: str) -> None:
        """The end of a run is committed: a terminal status, `rolled_back` or `deleted`."""
        ends, durations = self._by_end[end]
        ends.inc()
        if run.started_at:
            durations.observe(max((self._clock.now() - run.started_at).total_seconds(), 0.0))

    def stopped(self, run: Run, reason: StopReason) -> None:
        """A run was stopped that nobody executed: it had not begun, or its worker had died."""
        self.run_ended(run, _UNDONE.get(reason, RunStatus.INTERRUPTED))

    def stood_still(self) -> None:
        """The event loop stands still; may be called from any thread."""
        self._standstills.inc()

    def spent(self, model: str, caller: Caller, tokens: Tokens) -> None:
        """A call of a model is on its way into the ledger."""
        name = self._bounded(model)
        self._tokens.labels(name, caller, "input").inc(tokens.input_tokens)
        self._tokens.labels(name, caller, "output").inc(tokens.output_tokens)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """While somebody reads a stream."""
        self._readers.inc()
        try:
            yield
        finally:
            self._readers.dec()

    def webhook(self, outcome: str) -> None:
        """A receiver was called: `delivered`, `retried` (it will be called again) or `given_up`."""
        self._by_outcome[outcome].inc()

    def tick(self, outcome: str) -> None:
        """A cron came due: `fired` or `skipped`."""
        self._by_tick[outcome].inc()

    def _since_due(self, run: Run) -> float:
        return max((self._clock.now() - run.due_at).total_seconds(), 0.0)

    def _bounded(self, model: str) -> str:
        if model not in self._models:
            if len(self._models) >= MOST_MODELS or len(model) > LONGEST_MODEL:
                return OTHER
            self._models.add(model)
        return model
