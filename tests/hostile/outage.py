"""Ways in which the database is out of reach, all of them real: locks of another process, a disk that is full."""

from __future__ import annotations

import resource
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import psutil

from gateway import Gateway

_BALLAST = "ballast"
_BALLAST_BYTES = 2**20

Outage = Callable[[Gateway], AbstractContextManager[None]]


@contextmanager
def locked(gateway: Gateway, name: str) -> Iterator[None]:
    """Another process holds the write lock of one of the files."""
    with closing(sqlite3.connect(gateway.data_dir / name, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def full(gateway: Gateway) -> Iterator[None]:
    """None of the gateway's logs of changes may grow any more: the operating system refuses the write."""
    assert gateway.process
    process = psutil.Process(gateway.process.pid)
    _, most = process.rlimit(psutil.RLIMIT_FSIZE)
    size = min(path.stat().st_size for path in gateway.data_dir.glob("*-wal"))
    process.rlimit(psutil.RLIMIT_FSIZE, (size, most))
    yield
    if process.is_running():
        process.rlimit(psutil.RLIMIT_FSIZE, (resource.RLIM_INFINITY, most))


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of so many MiB at a folder; mounting it takes the rights of root."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder)], check=True)
    try:
        (folder / _BALLAST).write_bytes(bytes(_BALLAST_BYTES))
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def filled(gateway: Gateway) -> Iterator[None]:
    """The disk of `small_disk` has no byte left; at the end its ballast is thrown off."""
    disk = gateway.data_dir
    with (disk / "rest").open("wb", buffering=0) as rest:
        while _written(rest.write):
            pass
    yield
    (disk / "rest").unlink()
    (disk / _BALLAST).unlink()


def _written(write: Callable[[bytes], int]) -> int:
    try:
        return write(bytes(4096))
    except OSError:
        return 0
