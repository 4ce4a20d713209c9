"""A real PgBouncer for tests, before a PostgreSQL that listens on the loopback."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from bench.ports import free_port

_START_SECONDS = 60
_PAUSE_SECONDS = 0.01
_SETTINGS = """
[databases]
* = host=127.0.0.1 port={behind} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
"""


@contextmanager
def pgbouncer(folder: Path, behind: int, dbname: str, mode: str) -> Iterator[str]:
    """The address of a database behind it, which gives sessions out by `mode`. It does not run as root."""
    port = free_port()
    settings = folder / "pgbouncer.ini"
    settings.write_text(_SETTINGS.format(behind=behind, port=port, mode=mode))
    unprivileged = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen(["pgbouncer", "-q", *unprivileged, str(settings)], stderr=subprocess.DEVNULL)
    address = make_conninfo(host="127.0.0.1", port=port, user="postgres", dbname=dbname)
    try:
        _wait_for(address)
        yield address
    finally:
        process.kill()
        process.wait()


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            psycopg.connect(address, connect_timeout=2).close()
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, "PgBouncer did not start"
            time.sleep(_PAUSE_SECONDS)
        else:
            return
