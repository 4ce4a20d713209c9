"""A connection to PostgreSQL for a thread beside the event loop: opened in need, and for as long as that lasts.

What is asked on it is one statement, which is a transaction of its own. Nothing is waited for beyond a patience that is
counted here: whoever cannot be reached may take bytes and give no answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from runline.kit.postgres import cut, dial_while
from runline.storage.postgres import PostgresOptions, translated

T = TypeVar("T")

NAME = "runline keeper"
"""What the server calls it, as `application_name`."""


class PostgresSpare:
    """Used by one thread, and given up by any."""

    def __init__(self, options: PostgresOptions, patience_seconds: float) -> None:
        self._conninfo = make_conninfo(options.conninfo, application_name=NAME)
        self._patience_seconds = patience_seconds
        self._engine = create_engine(
            "postgresql+psycopg://", creator=self._dial, poolclass=NullPool, use_native_hstore=False
        )
        self._connection: Connection | None = None
        self._driver: psycopg.Connection | None = None
        self._deadline = 0.0
        self._is_given_up = False

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do `work`, one statement, connecting first if need be. Raises Unavailable when its patience is at an end."""
        try:
            with translated(), self._patiently():
                if self._connection is None:
                    self._connection = self._engine.connect()
                return work(self._connection)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Hang up, until the next `write`; for the thread that writes."""
        connection, driver = self._connection, self._driver
        self._connection = self._driver = None
        if connection is not None:
            # it may be broken, and has no transaction to end
            connection.invalidate()
            connection.close()
        if driver is not None:
            driver.close()

    def give_up(self) -> None:
        """Let the thread that writes wait no more, now or later; for any thread."""
        self._is_given_up = True
        self._cut()

    @contextmanager
    def _patiently(self) -> Iterator[None]:
        """The driver waits for an answer for ever, so somebody else has to hang up."""
        self._deadline = time.monotonic() + self._patience_seconds
        timer = threading.Timer(self._patience_seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        if (driver := self._driver) and not driver.closed:
            cut(driver)

    def _dial(self) -> psycopg.Connection:
        connection = self._driver = dial_while(self._conninfo, self._is_patient)
        if not self._is_patient():
            # whoever was to hang up had nothing to hang up yet
            raise psycopg.OperationalError("it was too late")
        milliseconds = int(self._patience_seconds * 1000) or 1
        connection.execute(f"SET statement_timeout = {milliseconds}; SET client_encoding = 'UTF8'".encode())
        return connection

    def _is_patient(self) -> bool:
        return not self._is_given_up and time.monotonic() < self._deadline
