"""A real PostgreSQL for tests: one server for all, and a database of its own for each who asks.

RUNLINE_TEST_POSTGRES_URI names another server, whose user may create databases.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from bench.postgres import wheel

_NUMBERS = count(1)
_CRASH_SECONDS = 30
_GIVEN_UP_SECONDS = 20
_PAUSE_SECONDS = 0.01
_QUICK = "\nfsync = off\nfull_page_writes = off\nmax_connections = 300\nshared_buffers = 64MB\n"


@dataclass(frozen=True)
class Server:
    """A running server: `uri` is that of its first database."""

    uri: str

    @contextmanager
    def database(self) -> Iterator[str]:
        """The address of a new database, which is dropped in the end, with whoever is connected to it."""
        name = f"runline_{os.getpid()}_{next(_NUMBERS)}"
        self.execute("CREATE DATABASE {}", name)
        try:
            yield make_conninfo(self.uri, dbname=name)
        finally:
            self.execute("DROP DATABASE {} WITH (FORCE)", name)

    def execute(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.uri, autocommit=True) as connection:
            connection.execute(SQL(statement).format(*map(Identifier, names)))


@dataclass(frozen=True)
class OwnServer(Server):
    """One that was started for the tests, and may be stopped and started again."""

    wheel: Any

    @property
    def socket(self) -> Path:
        """The file that it listens on."""
        return Path(str(conninfo_to_dict(self.uri)["host"])) / ".s.PGSQL.5432"

    def stop(self) -> None:
        """Stop it as an operator does; whoever is connected is not."""
        self.wheel.stop()

    def crash(self) -> None:
        """End it at once; what it had not written down by then is lost."""
        pid = int((Path(self.wheel.pgdata) / "postmaster.pid").read_text().split()[0])
        server = psutil.Process(pid)
        server.send_signal(signal.SIGQUIT)
        server.wait(_CRASH_SECONDS)

    def start(self) -> None:
        """Start it where it was."""
        self.wheel.ensure_postgres_running()


def everything_in(conninfo: str) -> bytes:
    """All rows of a database, as text."""
    with psycopg.connect(conninfo) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        rows = [
            row
            for (table,) in tables
            for (row,) in connection.execute(SQL("SELECT t::text FROM {} t").format(Identifier(table)))
        ]
    return "\n".join(rows).encode()


def until_gone(conninfo: str, pid: int) -> None:
    """Wait until the server has given a connection up."""
    deadline = time.monotonic() + _GIVEN_UP_SECONDS
    with psycopg.connect(conninfo, autocommit=True) as operator:
        while operator.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchone():
            assert time.monotonic() < deadline, "The server keeps the connection"
            time.sleep(_PAUSE_SECONDS)


@contextmanager
def serving_postgres() -> Iterator[Server]:
    """The server that the environment names, or one of one's own."""
    if named := os.environ.get("RUNLINE_TEST_POSTGRES_URI"):
        yield Server(named)
        return
    with serving_own() as server:
        yield server


@contextmanager
def serving_own() -> Iterator[OwnServer]:
    """A server that is started for whoever asks."""
    with tempfile.TemporaryDirectory(prefix="runline-postgres-") as folder:
        server = _start(Path(folder) / "data")
        try:
            yield OwnServer(server.get_uri(), server)
        finally:
            server.cleanup()


def _start(folder: Path) -> Any:
    """Quick and forgetful: nothing that tests write has to survive the machine."""
    server = wheel().get_server(folder, cleanup_mode="stop", start=False)
    server.ensure_pgdata_inited()
    with (folder / "postgresql.conf").open("a") as settings:
        settings.write(_QUICK)
    server.start()
    return server
