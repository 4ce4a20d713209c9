"""What nearly every test here begins with."""

from __future__ import annotations

from uuid import uuid4

import pytest
from langgraph_sdk.client import LangGraphClient


@pytest.fixture
async def thread_id(client: LangGraphClient) -> str:
    """A thread on which nothing has happened yet."""
    return (await client.threads.create())["thread_id"]


@pytest.fixture
def mark() -> dict[str, str]:
    """Metadata that nothing else on the shared gateway has."""
    return {"mark": str(uuid4())}
