"""The end of a program that tries what may go wrong."""

from __future__ import annotations

from pathlib import Path
from shutil import rmtree


def conclude(folder: Path, *, well: bool) -> int:
    """The exit code. What it has left is removed, unless somebody has to look at it."""
    if well:
        rmtree(folder)
    else:
        print(f"Data and logs are kept in {folder}")
    return 0 if well else 1
