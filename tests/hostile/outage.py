"""Ways in which the database is out of reach, all of them real: locks of another process, a disk that is full."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psutil

from gateway import Gateway
from kept import CHECKPOINT_TABLES

_BALLAST = "ballast"
_BALLAST_BYTES = 2**20

Outage = Callable[[Gateway], AbstractContextManager[None]]


def rows_locked(gateway: Gateway) -> AbstractContextManager[None]:
    """Another process keeps the gateway's own tables to itself: runline.db, where they are in files."""
    return gateway.kept.locked()


def checkpoints_locked(gateway: Gateway) -> AbstractContextManager[None]:
    """The same of the states of threads: checkpoints.db."""
    return gateway.kept.locked(*CHECKPOINT_TABLES)


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
