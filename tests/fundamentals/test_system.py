"""The server itself: is it well, what is it, what does it serve."""

from __future__ import annotations

import httpx
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from fundamentals.gate import Gate
from fundamentals.reading import collect, log, log_of, names
from gateway import Gateway, wait_until
from shared import SHARED


@pytest.mark.parametrize("path", ["/", "/ok", "/ok?check_db=1"])
async def test_a_living_server_says_ok(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)

    assert (answer.status_code, answer.json()) == (200, {"ok": True, "services": {}})


async def test_a_server_that_takes_runs_is_ready(http: httpx.AsyncClient) -> None:
    """What a load balancer asks: no while it starts and while it shuts down."""
    answer = await http.get("/ready")

    assert (answer.status_code, answer.json()) == (200, {"ready": True, **({"redis": True} if SHARED else {})})


async def test_info_says_what_this_is(http: httpx.AsyncClient) -> None:
    """Clients and consoles look here for what they may use."""
    info = (await http.get("/info")).json()

    assert info["version"]
    assert info["flags"]["assistants"] is True
    assert info["host"]["kind"] == "self-hosted"


async def test_metrics_count_runs(http: httpx.AsyncClient, client: LangGraphClient, thread_id: str, gate: Gate) -> None:
    """For Prometheus in its text format, for people as JSON."""
    for _ in range(2):
        await client.runs.create(thread_id, "steps", input=log(), context=gate.context)
    await gate.reached()

    async def counted() -> bool:
        queue = (await http.get("/metrics?format=json")).json()["queue"]
        return bool(queue == {"n_pending": 1, "n_running": 1})

    await wait_until(counted)
    text = await http.get("/metrics")
    assert text.headers["content-type"].startswith("text/plain")
    assert 'runline_runs{status="running"} 1.0' in text.text
    assert 'runline_runs{status="pending"} 1.0' in text.text


async def test_metrics_tell_how_runs_ended_and_how_long_they_took(http: httpx.AsyncClient) -> None:
    """docs/operations.md lists them all."""
    await http.post("/runs/wait", json={"assistant_id": "steps", "input": {"log": []}})

    async def ended() -> bool:
        return 'runline_runs_ended_total{status="success"} 0.0' not in (await http.get("/metrics")).text

    await wait_until(ended)
    text = (await http.get("/metrics")).text
    for name in ("run_queue", "run_first_event", "run_duration"):
        assert f"# TYPE runline_{name}_seconds histogram" in text


async def test_the_api_describes_itself(http: httpx.AsyncClient) -> None:
    """`/docs` for people, `/openapi.json` for programs."""
    assert "text/html" in (await http.get("/docs")).headers["content-type"]
    paths = (await http.get("/openapi.json")).json()["paths"]

    assert {"/threads", "/threads/{thread_id}/runs/stream", "/runs/batch", "/assistants/search"} <= set(paths)


async def test_an_unknown_address_is_not_found(http: httpx.AsyncClient) -> None:
    answer = await http.get("/nothing/here")

    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


async def test_a_wrong_method_is_named_with_the_right_one(http: httpx.AsyncClient) -> None:
    answer = await http.put("/threads/search")

    assert (answer.status_code, answer.json()) == (405, {"detail": "Method Not Allowed"})
    assert answer.headers["allow"] == "POST"


async def test_the_whole_api_is_served_under_api_too(gateway: Gateway, thread_id: str) -> None:
    """For clients of the older prefix. A thread is the same thread by either address."""
    async with get_client(url=f"{gateway.url}/api") as client:
        parts = await collect(client.runs.stream(thread_id, "steps", input=log()))
        run = (await client.runs.list(thread_id))[0]
        again = await collect(client.runs.join_stream(thread_id, run["run_id"], last_event_id="-1"))

        assert names(parts) == ["metadata", *["values"] * 4, "end"]
        assert again == parts
        assert log_of((await client.threads.get_state(thread_id))["values"]) == ["one", "two", "three"]
        assert len(await client.assistants.search(metadata={"created_by": "system"})) == 10


async def test_addresses_in_headers_have_no_prefix(http: httpx.AsyncClient, thread_id: str) -> None:
    """The SDKs append them to their base URL, which has the prefix already."""
    answer = await http.post(
        f"/api/threads/{thread_id}/runs/wait", json={"assistant_id": "steps", "input": {"log": []}}
    )

    run = answer.headers["content-location"]
    assert run.startswith(f"/threads/{thread_id}/runs/")
    assert answer.headers["location"] == f"{run}/join"
    assert (await http.get(f"/api{run}")).status_code == 200


@pytest.mark.parametrize(
    ("path", "reconnect"),
    [
        ("/threads/{t}/runs", None),
        ("/threads/{t}/runs/stream", "stream?last_event_id=0"),
        ("/threads/{t}/runs/wait", "join"),
    ],
)
async def test_every_run_is_created_with_its_address(
    http: httpx.AsyncClient, client: LangGraphClient, thread_id: str, path: str, reconnect: str | None
) -> None:
    """`Content-Location` names the run, `Location` is where a dropped answer can be picked up."""
    answer = await http.post(path.format(t=thread_id), json={"assistant_id": "steps", "input": {"log": []}})

    run = (await client.runs.list(thread_id))[0]
    address = f"/threads/{thread_id}/runs/{run['run_id']}"
    assert answer.headers["content-location"] == address
    assert answer.headers.get("location") == (f"{address}/{reconnect}" if reconnect else None)


async def test_streams_are_not_cached_or_held_back_on_their_way(http: httpx.AsyncClient) -> None:
    answer = await http.post("/runs/stream", json={"assistant_id": "steps", "input": {"log": []}})

    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no"


async def test_browsers_may_read_the_headers_they_need(http: httpx.AsyncClient) -> None:
    """Officially `Location` is hidden from browser apps, so they cannot reconnect."""
    answer = await http.get("/ok", headers={"Origin": "https://app.example"})

    exposed = answer.headers["access-control-expose-headers"].lower()
    assert answer.headers["access-control-allow-origin"] == "*"
    for name in ("location", "content-location", "x-pagination-total", "x-pagination-next"):
        assert name in exposed
