"""`http.mount_prefix` and `http.disable_<area>` of langgraph.json: where the API stands, and how much of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from fundamentals.reading import collect, log, names
from gateway import Gateway, serving
from graphs_under_test.projects import write_project

HTTP = {"app": "graphs_under_test.webapp:app", "mount_prefix": "/agents", "disable_assistants": True}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway below a path, with a custom app and without assistants. The app answers 418 where it knows nothing."""
    folder = tmp_path_factory.mktemp("prefix")
    with serving(folder / "data", graphs=write_project(folder, http=HTTP), prefix="/agents") as own:
        yield own


@pytest.fixture
async def http(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}", timeout=30) as connected:
        yield connected


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[LangGraphClient]:
    async with get_client(url=gateway.url) as connected:
        yield connected


async def test_a_client_names_the_prefix_in_its_url(client: LangGraphClient) -> None:
    thread_id = (await client.threads.create())["thread_id"]
    parts = await collect(client.runs.stream(thread_id, "steps", input=log(), stream_resumable=True))
    run = (await client.runs.list(thread_id))[0]
    again = await collect(client.runs.join_stream(thread_id, run["run_id"], last_event_id="-1"))

    assert names(parts) == ["metadata", *["values"] * 4, "end"]
    assert again == parts


async def test_addresses_in_headers_have_no_prefix(http: httpx.AsyncClient) -> None:
    """The SDKs append them to their base URL, which has it already."""
    answer = await http.post("/agents/runs/wait", json={"assistant_id": "steps", "input": log()})

    assert answer.headers["location"].startswith("/threads/")
    assert answer.headers["content-location"].startswith("/threads/")


@pytest.mark.parametrize("path", ["/agents/ok", "/agents/info", "/agents/hello", "/agents/docs", "/agents/api/ok"])
async def test_everything_is_below_the_prefix(http: httpx.AsyncClient, path: str) -> None:
    """The custom routes and the older /api, too."""
    answer = await http.get(path)

    assert (answer.status_code, answer.headers["x-stamp"]) == (200, path)


async def test_the_document_says_where_the_api_stands(http: httpx.AsyncClient) -> None:
    document = (await http.get("/agents/openapi.json")).json()

    assert document["servers"] == [{"url": "/agents"}]
    assert "/threads" in document["paths"]
    assert "/agents/openapi.json" in (await http.get("/agents/docs")).text


async def test_the_bare_prefix_leads_to_its_root(http: httpx.AsyncClient) -> None:
    answer = await http.get("/agents", follow_redirects=True)

    assert (answer.url.path, answer.json()) == ("/agents/", {"ok": True, "services": {}})


@pytest.mark.parametrize("path", ["/info", "/hello", "/threads", "/agentsx/ok", "/api/ok"])
async def test_beside_the_prefix_there_is_nothing(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)

    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


async def test_the_prefix_counts_once(http: httpx.AsyncClient) -> None:
    assert (await http.get("/agents/agents/ok")).status_code == 418


@pytest.mark.parametrize("path", ["/", "/ok", "/ready"])
async def test_whoever_looks_after_the_process_need_not_know_it(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 200


async def test_a_key_is_the_same_below_the_prefix_and_below_api(http: httpx.AsyncClient) -> None:
    """An Idempotency-Key belongs to the request, by whichever address it is sent."""
    body = {"assistant_id": "steps", "input": log(), "on_completion": "keep"}
    sent = [
        await http.post(f"{base}/runs", json=body, headers={"Idempotency-Key": "once"})
        for base in ("/agents", "/agents/api")
    ]

    assert [answer.status_code for answer in sent] == [200, 200]
    assert len({answer.json()["run_id"] for answer in sent}) == 1


async def test_a_disabled_area_is_not_there(http: httpx.AsyncClient) -> None:
    for path in ("/agents/assistants/search", "/agents/api/assistants/search"):
        assert (await http.post(path, json={})).status_code == 418
    assert not any(path.startswith("/assistants") for path in (await http.get("/agents/openapi.json")).json()["paths"])
