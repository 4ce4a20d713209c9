"""PostgresSpare: a connection of a thread that must not wait for long, opened when it is needed."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from sqlalchemy import Connection, text

from kit.postgres import Server, until_gone
from runline.errors import Unavailable
from runline.storage.postgres import PostgresOptions
from runline.storage.postgres_spare import PostgresSpare

PATIENCE_SECONDS = 0.5
LONG = 60.0


@pytest.fixture
def database(postgres: Server) -> Iterator[str]:
    with postgres.database() as uri:
        yield uri


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that lets connect and gives no answer."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener


def spare_to(conninfo: str, patience_seconds: float = PATIENCE_SECONDS) -> PostgresSpare:
    return PostgresSpare(PostgresOptions(conninfo), patience_seconds)


def address_of(listener: socket.socket) -> str:
    return f"host=127.0.0.1 port={listener.getsockname()[1]}"


def session(connection: Connection) -> int:
    return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_it_keeps_its_connection_until_it_is_closed_and_opens_another_then(database: str) -> None:
    spare = spare_to(database)
    first = spare.write(session)
    assert spare.write(session) == first
    spare.close()
    until_gone(database, first)
    assert spare.write(session) != first
    spare.close()


def test_a_statement_is_committed_as_it_ends(database: str) -> None:
    spare = spare_to(database)
    spare.write(lambda connection: connection.execute(text("CREATE TABLE told (word text)")))
    with psycopg.connect(database) as other:
        assert other.execute("SELECT count(*) FROM told").fetchone() == (0,)
    spare.close()


def test_it_waits_for_a_lock_no_longer_than_its_patience_and_leaves_no_statement_behind(database: str) -> None:
    spare = spare_to(database)
    with psycopg.connect(database) as other:
        other.execute("SELECT pg_advisory_lock(1)")
        waiting = spare.write(session)
        with pytest.raises(Unavailable):
            spare.write(lambda connection: connection.execute(text("SELECT pg_advisory_lock(1)")))
    until_gone(database, waiting)
    spare.write(session)
    spare.close()


def test_who_gives_no_answer_is_waited_for_no_longer_than_its_patience(silent: socket.socket) -> None:
    began = time.monotonic()
    with pytest.raises(Unavailable, match="cannot be reached"):
        spare_to(address_of(silent)).write(session)
    assert PATIENCE_SECONDS <= time.monotonic() - began < LONG


def test_nobody_who_listens_is_as_good_as_nobody_who_answers(free_port: int) -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        spare_to(f"host=127.0.0.1 port={free_port}", LONG).write(session)


def test_who_connects_is_told_to_give_up(silent: socket.socket) -> None:
    spare = spare_to(address_of(silent), LONG)
    writing = Writing(spare)
    with silent.accept()[0]:
        spare.give_up()
        assert isinstance(writing.end(), Unavailable)


def test_who_waits_for_an_answer_is_told_to_give_up(database: str) -> None:
    spare = spare_to(database, LONG)
    with psycopg.connect(database, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(1)")
        writing = Writing(spare)
        waits = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while not other.execute(waits).fetchone():
            pass
        spare.give_up()
        assert isinstance(writing.end(), Unavailable)


class Writing(threading.Thread):
    """A thread that waits for a lock."""

    def __init__(self, spare: PostgresSpare) -> None:
        super().__init__(daemon=True)
        self._spare = spare
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._spare.write(lambda connection: connection.execute(text("SELECT pg_advisory_lock(1)")))
        except Unavailable as exc:
            self._error = exc

    def end(self) -> BaseException | None:
        """What it failed of, long before its patience is at an end."""
        self.join(LONG / 4)
        assert not self.is_alive()
        return self._error
