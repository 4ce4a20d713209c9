"""Connections to PostgreSQL: where it is, how they are used, and what their errors may tell.

An address may hold a password, and libpq's messages name hosts and users: clients are told neither.
"""

from __future__ import annotations

import os
import re
import selectors
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import ConnStatus, PGconn, PollingStatus, abc

_SCHEME = re.compile(r"^(postgres|postgresql)(\+\w+)?://")
_CONNECT_SECONDS = 3
_SILENT_MS = 10_000
_ASK_SECONDS = 0.05
_WAITS = {PollingStatus.READING: selectors.EVENT_READ, PollingStatus.WRITING: selectors.EVENT_WRITE}


def read_conninfo(uri: str) -> str:
    """The address as libpq takes it, of a URI ("postgres://", "postgresql+psycopg://") or of key=value pairs.

    Raises ValueError, which does not repeat it.
    """
    plain = _SCHEME.sub("postgresql://", uri.strip())
    try:
        given = conninfo_to_dict(plain)
    except psycopg.ProgrammingError:
        given = {}
    if not given:
        raise ValueError("it is not an address such as postgresql://user:password@host:5432/database")
    defaults: dict[str, Any] = {
        "connect_timeout": _CONNECT_SECONDS,
        "tcp_user_timeout": _SILENT_MS,
        "keepalives_idle": 10,
        "keepalives_interval": 3,
        "keepalives_count": 3,
        "application_name": "runline",
    }
    return make_conninfo(plain, **{key: value for key, value in defaults.items() if key not in given})


def shown_address(conninfo: str) -> str:
    """Where the database is, without user and password."""
    given = conninfo_to_dict(conninfo)
    host, port = given.get("host", "localhost"), given.get("port", 5432)
    return f"PostgreSQL, {given.get('dbname', 'the default database')} on {host}:{port}"


def manners(busy_timeout_seconds: float) -> str:
    """What a new connection is told first.

    A process that stands still or is cut off in the midst of a transaction is given up before those lose their patience
    that wait for what it holds; and before its leases end, so that others can go on with its runs. Texts are UTF-8,
    whatever the environment or the database says.
    """
    wait = int(busy_timeout_seconds * 1000)
    timeouts = f"SET lock_timeout = {wait}; SET idle_in_transaction_session_timeout = {wait // 2}"
    return f"{timeouts}; SET client_encoding = 'UTF8'"


def dial(conninfo: str, busy_timeout_seconds: float) -> psycopg.Connection:
    """Connect, in autocommit mode."""
    connection = psycopg.connect(conninfo, autocommit=True)
    try:
        connection.execute(manners(busy_timeout_seconds).encode())
    except psycopg.Error:
        connection.close()
        raise
    return connection


def dial_while(conninfo: str, wanted: Callable[[], bool]) -> psycopg.Connection:
    """Connect, in autocommit mode, for as long as that is wanted: it is asked for that again and again.

    No timeout of libpq is as short as that may be, and no thread that waits in it hears that it is not to wait.
    Only the search for the address of a host's name cannot be given up. Raises OperationalError.
    """
    line = PGconn.connect_start(conninfo.encode())
    try:
        _until_connected(line, wanted)
    except psycopg.Error:
        line.finish()
        raise
    line.nonblocking = 1
    connection = psycopg.Connection(line)
    connection.autocommit = True
    return connection


def _until_connected(line: abc.PGconn, wanted: Callable[[], bool]) -> None:
    # libpq wants the socket to be waited for before it is asked for the first time
    status = PollingStatus.WRITING
    while line.status != ConnStatus.BAD and status in _WAITS:
        if not wanted():
            raise psycopg.OperationalError("nobody waits for the server any more")
        if _is_ready(line.socket, _WAITS[status]):
            status = PollingStatus(line.connect_poll())
    if status != PollingStatus.OK:
        raise psycopg.OperationalError(line.get_error_message())


def _is_ready(socket_number: int, event: int) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(socket_number, event)
        return bool(selector.select(_ASK_SECONDS))


def cut(connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]) -> None:
    """End a connection under whoever waits for its answer, so that they fail."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as same:
        same.shutdown(socket.SHUT_RDWR)


def described(error: BaseException | None) -> str:
    """What an error says that everybody may read: no host, user or value."""
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        return error.diag.message_primary
    if isinstance(error, psycopg.DataError):
        return "a text has the character NUL"
    return "it cannot be reached"
