"""Idempotency: a request that is sent again, because its answer was lost, makes one run and not two."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import httpx
import pytest
from langgraph_sdk.client import LangGraphClient

from fundamentals.gate import Gate
from fundamentals.reading import log

STEPS = {"assistant_id": "steps", "input": {"log": []}}


@pytest.fixture
def key() -> dict[str, str]:
    """A header with a key that was never used before."""
    return {"Idempotency-Key": str(uuid4())}


async def test_the_same_request_returns_the_first_run_again(
    client: LangGraphClient, thread_id: str, key: dict[str, str]
) -> None:
    first = await client.runs.create(thread_id, "steps", input=log(), headers=key)
    again = await client.runs.create(thread_id, "steps", input=log(), headers=key)
    await client.runs.join(thread_id, first["run_id"])

    assert again["run_id"] == first["run_id"]
    assert len(await client.runs.list(thread_id)) == 1


async def test_requests_at_the_same_moment_make_one_run(
    http: httpx.AsyncClient, thread_id: str, key: dict[str, str]
) -> None:
    """An impatient client, or two copies of it: whoever comes first makes the run, all others get it."""
    sent = [http.post(f"/threads/{thread_id}/runs", json=STEPS, headers=key) for _ in range(10)]
    answers = await asyncio.gather(*sent)

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["run_id"] for answer in answers}) == 1


async def test_a_repeated_wait_gets_the_same_result(
    http: httpx.AsyncClient, client: LangGraphClient, thread_id: str, key: dict[str, str]
) -> None:
    """The case that keys are made for: the run is done, its answer was lost on the way."""
    answers = [await http.post(f"/threads/{thread_id}/runs/wait", json=STEPS, headers=key) for _ in range(2)]

    assert answers[0].json() == answers[1].json() == {"log": ["one", "two", "three"]}
    assert len(await client.runs.list(thread_id)) == 1


async def test_a_repeated_stream_is_the_same_stream(
    http: httpx.AsyncClient, client: LangGraphClient, thread_id: str, key: dict[str, str]
) -> None:
    answers = [await http.post(f"/threads/{thread_id}/runs/stream", json=STEPS, headers=key) for _ in range(2)]

    assert answers[0].content == answers[1].content
    assert len(await client.runs.list(thread_id)) == 1


async def test_a_run_that_is_running_is_not_disturbed(
    http: httpx.AsyncClient, client: LangGraphClient, thread_id: str, gate: Gate, key: dict[str, str]
) -> None:
    """Not even by a strategy that would push it aside: it would be pushed aside by itself."""
    body = {**STEPS, "context": gate.context, "multitask_strategy": "rollback"}
    first = (await http.post(f"/threads/{thread_id}/runs", json=body, headers=key)).json()
    await gate.reached()

    again = (await http.post(f"/threads/{thread_id}/runs", json=body, headers=key)).json()

    assert again["run_id"] == first["run_id"]
    gate.open()
    assert await client.runs.join(thread_id, first["run_id"]) == {"log": ["one", "two", "three"]}


async def test_another_request_with_the_same_key_is_a_conflict(
    http: httpx.AsyncClient, thread_id: str, key: dict[str, str]
) -> None:
    """A key names one request; using it for another one is a mistake, which would otherwise go unnoticed."""
    await http.post(f"/threads/{thread_id}/runs/wait", json=STEPS, headers=key)

    other = await http.post(f"/threads/{thread_id}/runs/wait", json={**STEPS, "input": {"log": ["x"]}}, headers=key)

    assert (other.status_code, other.json()["detail"]) == (
        409,
        "This Idempotency-Key was used with a different request.",
    )


async def test_requests_without_a_key_are_all_different(client: LangGraphClient, thread_id: str) -> None:
    for _ in range(2):
        await client.runs.wait(thread_id, "steps", input=log())

    assert len(await client.runs.list(thread_id)) == 2
