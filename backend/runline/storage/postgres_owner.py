"""Who may use a database in PostgreSQL: one process, or those that share it. A lock says so, which ends with its
connection: it is taken again after the server was away.

A pooler that gives each transaction another session would leave the lock, and what connections are told first, with
strangers. It is refused.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from typing import LiteralString

import psycopg

from runline.errors import ConfigError
from runline.kit.postgres import dial
from runline.storage.postgres import PostgresOptions

_OWN = "SELECT pg_try_advisory_lock(hashtextextended('gateway', 2))"
_SHARE = "SELECT pg_try_advisory_lock_shared(hashtextextended('gateway', 2))"
_SESSION = "SELECT pg_backend_pid()"
_POLL_SECONDS = 0.1
_KEEP_SECONDS = 5.0
_REFUSALS = 12
"""After so many it is lost: by itself the server may take a minute to see that an old connection is gone."""


class _Lock:
    """The lock, and the connection that has it. It may be closed while a thread looks after it."""

    def __init__(self, options: PostgresOptions, statement: LiteralString) -> None:
        self._options = options
        self._statement = statement
        self._connection = self._dial()
        self._replacing = threading.Lock()
        self._is_closed = False

    def has_its_session(self) -> bool:
        """Whether all that is asked on a connection is asked in one session, as far as can be seen from here.

        A pooler that does not see to that hands the session of an idle connection to the next that asks for one.
        """
        own = _session_of(self._connection)
        if own == self._connection.info.backend_pid:
            # there is no pooler: those make up what they say here
            return True
        with closing(self._dial()) as other:
            try:
                other.execute("BEGIN")
            except psycopg.errors.ProtocolViolation:
                # it pools less than that
                return False
            return _session_of(other) != own == _session_of(self._connection)

    def _dial(self) -> psycopg.Connection:
        return dial(self._options.conninfo, self._options.busy_timeout_seconds)

    def take(self) -> bool:
        """Try once."""
        row = self._connection.execute(self._statement).fetchone()
        return bool(row and row[0])

    def keep(self) -> bool:
        """Whether it is held, now or again. Raises OperationalError while the server is away."""
        with suppress(psycopg.OperationalError):
            self._connection.execute("SELECT 1")
            return True
        self._connection.close()
        self._replace(self._dial())
        if self.take():
            return True
        # the next try begins anew
        self._connection.close()
        return False

    def _replace(self, connection: psycopg.Connection) -> None:
        with self._replacing:
            self._connection = connection
            if self._is_closed:
                connection.close()

    def close(self) -> None:
        """Let go of it, for good."""
        with self._replacing:
            self._is_closed = True
            self._connection.close()


def _session_of(connection: psycopg.Connection) -> int | None:
    row = connection.execute(_SESSION).fetchone()
    return row[0] if row else None


@asynccontextmanager
async def own_postgres(
    options: PostgresOptions,
    lost: Callable[[], None],
    *,
    shared: bool = False,
    keep_seconds: float = _KEEP_SECONDS,
) -> AsyncIterator[None]:
    """Hold the database for this process, or as one of those that share it. Raises ConfigError.

    Streams in memory cannot be shared by several gateways. A process that was killed holds it until the server has
    noticed. `lost` is called when others have taken it while the server, or the way to it, was away.
    """
    try:
        lock = await asyncio.to_thread(_Lock, options, _SHARE if shared else _OWN)
    except psycopg.OperationalError as exc:
        raise ConfigError(f"The database of 'database.uri' cannot be reached: {exc}") from exc
    with closing(lock):
        if not await asyncio.to_thread(lock.has_its_session):
            raise ConfigError(
                "The database of 'database.uri' is behind a pooler that gives each transaction another session: let it "
                "pool sessions (PgBouncer: pool_mode = session), or name PostgreSQL itself."
            )
        await _take(lock, options.busy_timeout_seconds)
        keeping = asyncio.create_task(_keep(lock, lost, keep_seconds), name="hold the database")
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.wait([keeping])


async def _take(lock: _Lock, patience_seconds: float) -> None:
    deadline = time.monotonic() + patience_seconds
    while not await asyncio.to_thread(lock.take):
        if time.monotonic() > deadline:
            raise ConfigError(
                "The database of 'database.uri' is in use by another gateway: stop it first, or set the same "
                "'redis.uri' for both."
            )
        await asyncio.sleep(_POLL_SECONDS)


async def _keep(lock: _Lock, lost: Callable[[], None], pause_seconds: float) -> None:
    refusals = 0
    while refusals < _REFUSALS:
        await asyncio.sleep(pause_seconds)
        with suppress(psycopg.OperationalError):
            refusals = 0 if await asyncio.to_thread(lock.keep) else refusals + 1
    lost()
