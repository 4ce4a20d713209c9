"""Searches that bring back a detail of each thread instead of all of it."""

from __future__ import annotations

from typing import Any

import httpx
from langgraph_sdk.client import LangGraphClient

from fundamentals.reading import log


async def test_a_search_can_extract_details_by_path(client: LangGraphClient, mark: dict[str, str]) -> None:
    """An inbox needs the last message of each thread, not the whole of each conversation."""
    thread = await client.threads.create(metadata={**mark, "who": {"name": "Ada"}})
    await client.runs.wait(thread["thread_id"], "steps", input=log("hello"))
    await client.threads.create(metadata=mark)
    paths = {"last": "values.log[-1]", "name": "metadata.who.name", "missing": "values.nothing[3].here"}

    found: list[Any] = await client.threads.search(
        metadata=mark, select=["thread_id"], extract=paths, sort_by="created_at", sort_order="asc"
    )

    assert found[0] == {
        "thread_id": thread["thread_id"],
        "extracted": {"last": "three", "name": "Ada", "missing": None},
    }
    assert found[1]["extracted"] == dict.fromkeys(paths)


async def test_what_waits_for_a_person_can_be_extracted(client: LangGraphClient, mark: dict[str, str]) -> None:
    thread = await client.threads.create(metadata=mark)
    await client.runs.wait(thread["thread_id"], "asks", input=log())
    task = next(iter((await client.threads.get(thread["thread_id"]))["interrupts"]))

    found: list[Any] = await client.threads.search(metadata=mark, extract={"question": f"interrupts.{task}[0].value"})

    assert found[0]["extracted"]["question"]
    assert found[0]["thread_id"] == thread["thread_id"]


async def test_a_path_that_cannot_be_meant_is_refused(http: httpx.AsyncClient) -> None:
    """The official server answers null to a path that nobody can read; here the mistake is named."""
    for extract, words in (
        ({"a": "status"}, "Extract path 'status' must start with one of: config, interrupts, metadata, values"),
        ({"a": "values.log[last]"}, "Extract path 'values.log[last]' cannot be read"),
        ({"a b": "values"}, "Extract key 'a b' must be a valid identifier"),
        ({f"a{number}": "values" for number in range(11)}, "at most 10"),
    ):
        refused = await http.post("/threads/search", json={"extract": extract})
        assert refused.status_code == 422
        assert words in refused.json()["detail"]
