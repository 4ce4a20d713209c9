"""A house for each test, which must leave it clean."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from kit.leaks import nothing_leaks
from runs.agents import GATES, moods
from runs.house import House, open_house


@pytest.fixture(autouse=True)
async def leak_free() -> AsyncIterator[None]:
    async with nothing_leaks():
        yield
    GATES.clear()
    moods["open"] = True


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[Any]]:
    """What was logged; it is not printed, which for tracebacks takes longer than most tests."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house
