"""What `make shared` leaves out: tests that are about files by their nature. They are counted, with their reasons."""

from __future__ import annotations

from collections import Counter

import pytest

from shared import SHARED

_REASONS = pytest.StashKey[Counter[str]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect them."""
    marked = {item: mark for item in items if SHARED and (mark := item.get_closest_marker("in_files"))}
    config.stash[_REASONS] = Counter(str(mark.args[0]) for mark in marked.values())
    config.hook.pytest_deselected(items=list(marked))
    items[:] = [item for item in items if item not in marked]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how many, and why."""
    for reason, times in sorted(config.stash.get(_REASONS, Counter()).items()):
        terminalreporter.write_line(f"{times} left to the form on files: {reason}")
