"""What nearly every test here begins with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from langgraph_sdk.client import LangGraphClient

from fundamentals.gate import Gate


@pytest.fixture
async def thread_id(client: LangGraphClient) -> str:
    """A thread on which nothing has happened yet."""
    return (await client.threads.create())["thread_id"]


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """A gate that is shut. It opens when the test ends, so that no run is left waiting."""
    made = Gate(tmp_path / "gate")
    yield made
    made.open()


@pytest.fixture
def mark() -> dict[str, str]:
    """Metadata that nothing else on the shared gateway has."""
    return {"mark": str(uuid4())}
