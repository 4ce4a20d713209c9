"""Fewer trips to PostgreSQL: what nobody waits to hear about travels with the next statement whose answer is read.

A transaction's beginning, the question for the server's time, and whatever stores `tell` (engine.py) is kept in the
order in which it was asked for, and sent in one go (a pipeline) with that statement, or with the commit. The server
does one after the other, each with a snapshot of its own, as if they had come one by one. What one of them fails of
is raised there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg.abc import PQGen
from psycopg.errors import PipelineAborted
from psycopg.generators import send
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExecutionContext

from runline.kit.clock import ToldClock
from runline.storage.engine import UNANSWERED

_TIME = "SELECT extract(epoch FROM clock_timestamp())::float8"

Cursor = psycopg.Cursor[Any]
Step = Callable[[Cursor], object]
"""Executes something, by a cursor that all may use whose answers nobody reads."""


class Trips:
    """What is kept back on each connection of an engine. Each transaction tells the clock what time it is."""

    def __init__(self, engine: Engine, clock: ToldClock) -> None:
        self._clock = clock
        self._kept: WeakKeyDictionary[psycopg.Connection, list[Step]] = WeakKeyDictionary()
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "do_execute", self._execute)
        event.listen(engine, "do_executemany", self._execute_many)

    def _begin(self, connection: Connection) -> None:
        driver = connection.connection.driver_connection
        if isinstance(driver, psycopg.Connection):
            self._kept[driver] = [lambda spare: spare.execute("BEGIN"), _Asking(self._clock)]

    def _execute(self, cursor: Cursor, statement: str, values: Any, context: ExecutionContext) -> bool:
        return self._took(context, cursor, lambda it: it.execute(statement, values or None))

    def _execute_many(self, cursor: Cursor, statement: str, values: Any, context: ExecutionContext) -> bool:
        return self._took(context, cursor, lambda it: it.executemany(statement, values))

    def _took(self, context: ExecutionContext, cursor: Cursor, do: Callable[[Cursor], object]) -> bool:
        """Keep a statement back, or execute it behind what was kept; false: the usual way will do."""
        kept = self._kept.get(cursor.connection)
        if kept is None:
            return False
        if context.execution_options.get(UNANSWERED):
            # by another cursor: this one is closed as soon as it is seen to have no rows
            kept.append(do)
            return True
        if not kept:
            return False
        steps = [*kept, lambda _spare: do(cursor)]
        kept.clear()
        _send(cursor.connection, steps)
        return True


class _Asking:
    """The question what time it is, and its answer."""

    def __init__(self, clock: ToldClock) -> None:
        self._clock = clock
        self._asked = 0.0
        self._answer: Cursor | None = None

    def __call__(self, spare: Cursor) -> None:
        self._asked = time.monotonic()
        self._answer = spare.connection.execute(_TIME)

    def hear(self) -> None:
        """The answer is here."""
        row = self._answer.fetchone() if self._answer else None
        if row:
            self._clock.hear(row[0], self._asked)


def _send(driver: psycopg.Connection, steps: Sequence[Step]) -> None:
    try:
        with driver.cursor() as spare, driver.pipeline() as trip:
            # the driver has no other way to say how a pipeline is left
            trip._exit_gen = lambda: _arrive(trip)  # type: ignore[method-assign]
            for step in steps:
                step(spare)
    except PipelineAborted as exc:
        raise _first_cause(exc) from exc
    for step in steps:
        if isinstance(step, _Asking):
            step.hear()


def _arrive(trip: psycopg.Pipeline) -> PQGen[None]:
    """Send what is left of a pipeline and read all answers, as the driver does, but end with the Sync.

    The driver sends a Flush behind it. With that, the server stops watching for how long the transaction stands still,
    and a process that was stopped in it would hold its locks for ever (`manners` in kit/postgres.py).
    """
    try:
        trip._enqueue_sync()
        yield from trip._communicate_gen()
    finally:
        # it refers to itself by this
        del trip._exit_gen
        # a large value has left in part so far
        yield from send(trip.pgconn)
        yield from trip._fetch_gen(flush=False)


def _first_cause(error: BaseException) -> BaseException:
    """What failed first: the driver may tell instead that the rest was not done."""
    while isinstance(error, PipelineAborted) and error.__context__ is not None:
        error = error.__context__
    return error
