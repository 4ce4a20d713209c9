"""Bad addresses: ids, query parameters and headers that make no sense are refused like bad bodies are."""

from __future__ import annotations

import httpx
import pytest
from langgraph_sdk.client import LangGraphClient

from fundamentals.reading import log
from fundamentals.test_bad_input import assert_refused

STEPS = {"assistant_id": "steps", "input": {"log": []}}


@pytest.fixture
async def run(client: LangGraphClient, thread_id: str) -> str:
    """The address of a finished run."""
    made = await client.runs.create(thread_id, "steps", input=log())
    await client.runs.join(thread_id, made["run_id"])
    return f"/threads/{thread_id}/runs/{made['run_id']}"


@pytest.mark.parametrize(
    ("method", "path", "noun"),
    [
        ("GET", "/threads/bad", "thread"),
        ("PATCH", "/threads/bad", "thread"),
        ("DELETE", "/threads/bad", "thread"),
        ("POST", "/threads/bad/copy", "thread"),
        ("GET", "/threads/bad/state", "thread"),
        ("POST", "/threads/bad/state", "thread"),
        ("GET", "/threads/bad/history", "thread"),
        ("POST", "/threads/bad/runs", "thread"),
        ("POST", "/threads/bad/runs/stream", "thread"),
        ("GET", "/threads/bad/runs", "thread"),
        ("GET", "/threads/%00", "thread"),
        ("GET", "/threads/{t}/runs/bad", "run"),
        ("DELETE", "/threads/{t}/runs/bad", "run"),
        ("GET", "/threads/{t}/runs/bad/join", "run"),
        ("GET", "/threads/{t}/runs/bad/stream", "run"),
        ("POST", "/threads/{t}/runs/bad/stream", "run"),
        ("POST", "/threads/{t}/runs/bad/cancel", "run"),
        ("GET", "/runs/bad/stream", "run"),
        ("GET", "/assistants/bad", "assistant"),
        ("GET", "/assistants/bad/schemas", "assistant"),
    ],
)
async def test_an_id_that_is_no_uuid_is_refused(
    http: httpx.AsyncClient, thread_id: str, method: str, path: str, noun: str
) -> None:
    answer = await http.request(method, path.format(t=thread_id), json=None if method == "GET" else STEPS)

    assert_refused(answer, 422, f"Invalid {noun} ID: must be a UUID")


@pytest.mark.parametrize("state", ["/state", "/history", "/runs"])
async def test_a_thread_that_nobody_made_is_not_found(http: httpx.AsyncClient, state: str) -> None:
    unknown = "01a1f885-0830-772e-8d96-040c354ac1f6"

    assert_refused(await http.get(f"/threads/{unknown}{state}"), 404, f"Thread with ID {unknown} not found")


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("limit=many", "limit"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("offset=-1", "offset"),
        ("status=asleep", "status"),
        ("select=colour", "Invalid select columns: colour"),
    ],
)
async def test_a_bad_page_of_runs_is_refused(http: httpx.AsyncClient, thread_id: str, query: str, reason: str) -> None:
    assert_refused(await http.get(f"/threads/{thread_id}/runs?{query}"), 422, reason)


@pytest.mark.parametrize("limit", ["many", "-1", "1001"])
async def test_a_bad_page_of_history_is_refused(http: httpx.AsyncClient, thread_id: str, limit: str) -> None:
    assert_refused(await http.get(f"/threads/{thread_id}/history?limit={limit}"), 422, "limit")


@pytest.mark.parametrize("position", ["now", "-2", "1.5", "0x1", "1,2", "9" * 16])
async def test_a_position_that_no_event_has_is_refused(http: httpx.AsyncClient, run: str, position: str) -> None:
    """A mistake here would look like a run without events."""
    answer = await http.get(f"{run}/stream", headers={"Last-Event-ID": position})

    assert_refused(answer, 422, "Invalid Last-Event-ID")


@pytest.mark.parametrize("mode", ["everything", "values,everything", '["everything"]', "[1", "[1]", '[["values"]]'])
async def test_a_stream_mode_that_does_not_exist_is_refused(http: httpx.AsyncClient, run: str, mode: str) -> None:
    assert_refused(await http.get(f"{run}/stream", params={"stream_mode": mode}), 422, "Invalid stream mode")


@pytest.mark.parametrize(
    ("method", "path", "reason"),
    [
        ("GET", "/join?cancel_on_disconnect=maybe", "cancel_on_disconnect"),
        ("GET", "/stream?cancel_on_disconnect=maybe", "cancel_on_disconnect"),
        ("POST", "/cancel?action=explode", "action"),
        ("POST", "/cancel?wait=maybe", "wait"),
        ("POST", "/stream?action=explode", "action"),
    ],
)
async def test_a_bad_query_on_a_run_is_refused(
    http: httpx.AsyncClient, run: str, method: str, path: str, reason: str
) -> None:
    """Officially an unknown action cancels the run."""
    assert_refused(await http.request(method, run + path), 422, reason)


@pytest.mark.parametrize("xray", ["0", "-1", "deep", ""])
async def test_a_depth_that_makes_no_sense_is_refused(http: httpx.AsyncClient, xray: str) -> None:
    assert_refused(await http.get(f"/assistants/steps/graph?xray={xray}"), 422, "Invalid xray value")


@pytest.mark.parametrize(("graph", "status"), [("broken", 422), ("nobody", 404)])
async def test_a_thread_of_a_graph_that_cannot_be_opened_can_still_be_deleted(
    http: httpx.AsyncClient, graph: str, status: int
) -> None:
    """Its state cannot be read, since only the graph knows how; the answer says so."""
    thread = (await http.post("/threads", json={"metadata": {"graph_id": graph}})).json()["thread_id"]

    for answer in (
        await http.get(f"/threads/{thread}/state"),
        await http.get(f"/threads/{thread}/history"),
        await http.post(f"/threads/{thread}/state", json={"values": {}}),
    ):
        assert_refused(answer, status, f"Graph '{graph}'")
    assert (await http.delete(f"/threads/{thread}")).status_code == 204
