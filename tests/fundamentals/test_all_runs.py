"""Runs whatever their thread: what is going on, and what went wrong."""

from __future__ import annotations

import httpx
import pytest
from langgraph_sdk.client import LangGraphClient

from fundamentals.gate import Gate
from fundamentals.reading import log


async def test_runs_are_listed_over_all_threads_newest_first(http: httpx.AsyncClient, client: LangGraphClient) -> None:
    """`GET /runs` takes what `GET /threads/{id}/runs` takes."""
    runs = []
    for _ in range(3):
        thread_id = (await client.threads.create())["thread_id"]
        runs.append(await client.runs.create(thread_id, "steps", input=log()))
        await client.runs.join(thread_id, runs[-1]["run_id"])

    listed = (await http.get("/runs", params={"status": "success", "limit": 2, "select": "run_id,thread_id"})).json()

    assert listed == [{key: run[key] for key in ("run_id", "thread_id")} for run in (runs[2], runs[1])]


async def test_a_run_is_found_by_its_id_alone(http: httpx.AsyncClient, client: LangGraphClient, thread_id: str) -> None:
    """It tells what its thread's own answer does, and of its course."""
    await client.runs.wait(thread_id, "steps", input=log(), context={"fail": "ValueError"}, raise_error=False)
    run = (await client.runs.list(thread_id))[0]

    found = (await http.get(f"/runs/{run['run_id']}")).json()

    assert {key: found[key] for key in run} == run
    assert (found["graph_id"], found["attempt"]) == ("steps", 1)
    assert found["error"] == {"error": "ValueError", "message": "kaboom"}
    assert run["created_at"] <= found["run_started_at"] <= found["run_ended_at"]


async def test_the_runs_of_a_thread_tell_their_course_where_select_names_it(
    http: httpx.AsyncClient, client: LangGraphClient, thread_id: str
) -> None:
    """Without `select` they are what the platform makes them."""
    await client.runs.wait(thread_id, "steps", input=log())
    (run,) = await client.runs.list(thread_id)
    found = (await http.get(f"/runs/{run['run_id']}")).json()

    (told,) = (await http.get(f"/threads/{thread_id}/runs?select=run_started_at,run_ended_at,attempt")).json()

    assert told == {key: found[key] for key in ("run_started_at", "run_ended_at", "attempt")}
    assert "run_started_at" not in run


async def test_a_run_without_a_thread_is_listed_while_it_lasts(http: httpx.AsyncClient, gate: Gate) -> None:
    run = (
        await http.post("/runs", json={"assistant_id": "steps", "input": {"log": []}, "context": gate.context})
    ).json()
    await gate.reached()

    running = (await http.get("/runs?status=running&limit=1000")).json()

    (found,) = (each for each in running if each["run_id"] == run["run_id"])
    assert found["run_ended_at"] is None


@pytest.mark.parametrize(
    "path", ["/runs/7b5a57e5-0a3c-4f52-9a63-7b0f1a7ed5f0", "/api/runs/7b5a57e5-0a3c-4f52-9a63-7b0f1a7ed5f0"]
)
async def test_a_run_that_is_nowhere_is_not_found(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)

    assert answer.status_code == 404
    assert "not found" in answer.json()["detail"]
