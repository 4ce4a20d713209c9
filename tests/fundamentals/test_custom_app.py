"""`http.app` of langgraph.json: a Starlette or FastAPI app of the project's own, served by the same process.

Its middleware sees every request, its routes come first, and its lifespan is around the gateway's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from langgraph_sdk.client import LangGraphClient

from fundamentals.gate import Gate
from fundamentals.reading import collect, log, names
from gateway import Gateway, serving, wait_until
from graphs_under_test.projects import write_project
from graphs_under_test.webapp import DATA_DIR, LIFE_FILE

ORIGIN = "https://app.example"
HTTP = {"app": "graphs_under_test.webapp:app", "cors": {"allow_origins": [ORIGIN], "expose_headers": ["X-Stamp"]}}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with a custom app."""
    folder = tmp_path_factory.mktemp("custom")
    with serving(folder / "data", graphs=write_project(folder, http=HTTP)) as own:
        yield own


async def test_custom_routes_are_served_beside_the_api(http: httpx.AsyncClient, client: LangGraphClient) -> None:
    """And find what the custom lifespan has opened."""
    assert (await http.get("/hello")).json() == {"hello": "world"}
    assert await client.runs.wait(None, "steps", input=log()) == {"log": ["one", "two", "three"]}


async def test_a_custom_route_comes_before_the_gateways_own(http: httpx.AsyncClient) -> None:
    assert (await http.get("/info")).json() == {"custom": True}
    assert "langgraph_py_version" in (await http.get("/api/info")).json()


async def test_another_method_of_the_same_path_is_the_gateways(
    http: httpx.AsyncClient, client: LangGraphClient
) -> None:
    assert (await http.get("/threads/search")).json() == {"page": True}
    assert await client.threads.search(metadata={"nobody": "has this"}) == []


@pytest.mark.parametrize("path", ["/hello", "/ok", "/teapot", "/nothing/here", "/api/ok"])
async def test_custom_middleware_sees_every_request(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).headers["x-stamp"] == path
    assert (await http.get(path, headers={"X-Unwanted": "1"})).json() == {"detail": "Unwanted"}


async def test_exception_handlers_answer_for_what_is_not_the_apis(http: httpx.AsyncClient) -> None:
    """The API keeps its one shape of errors."""
    unknown = uuid4()

    assert (await http.get("/teapot")).json() == {"own words": "418: tea"}
    assert (await http.get("/nothing/here")).json() == {"own words": "404: Not Found"}
    assert (await http.get(f"/threads/{unknown}")).json() == {"detail": f"Thread with ID {unknown} not found"}


async def test_streams_pass_custom_middleware_event_by_event(client: LangGraphClient, gate: Gate) -> None:
    """The first events arrive while the run still waits at the gate."""
    stream = client.runs.stream(None, "steps", input=log(), context=gate.context)
    first = await anext(stream)
    gate.open()

    assert names([first, *await collect(stream)]) == ["metadata", *["values"] * 4, "end"]


async def test_who_leaves_is_noticed_through_custom_middleware(
    http: httpx.AsyncClient, client: LangGraphClient, gate: Gate
) -> None:
    thread_id = (await client.threads.create())["thread_id"]
    body = {"assistant_id": "steps", "input": log(), "context": gate.context, "on_disconnect": "cancel"}
    async with http.stream("POST", f"/threads/{thread_id}/runs/stream", json=body) as answer:
        # kept: httpx closes the stream as soon as nobody holds its iterator any more
        told = answer.aiter_bytes()
        await anext(told)
        await gate.reached()

    async def interrupted() -> bool:
        return (await client.runs.list(thread_id))[0]["status"] == "interrupted"

    await wait_until(interrupted)


@pytest.mark.parametrize("path", ["/hello", "/ok"])
async def test_cors_is_the_same_for_both(http: httpx.AsyncClient, path: str) -> None:
    """What the SDKs need stays readable, whatever else is exposed."""
    headers = (await http.get(path, headers={"Origin": ORIGIN})).headers

    assert headers["access-control-allow-origin"] == ORIGIN
    exposed = {name.strip().lower() for name in headers["access-control-expose-headers"].split(",")}
    assert exposed == {"content-location", "location", "x-pagination-total", "x-pagination-next", "x-stamp"}


async def test_browsers_may_use_every_method_unless_cors_says_which(http: httpx.AsyncClient) -> None:
    """Officially a `cors` without `allow_methods` leaves only GET."""
    asking = {"Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "x-api-key"}
    known = await http.options("/threads", headers={"Origin": ORIGIN, **asking})
    stranger = await http.options("/threads", headers={"Origin": "https://other.example", **asking})

    assert (known.status_code, known.headers["x-stamp"]) == (200, "/threads")
    assert stranger.status_code == 400


async def test_one_document_describes_both(http: httpx.AsyncClient) -> None:
    """With a schema of the custom app under a name that cannot be one of the gateway's."""
    document = (await http.get("/openapi.json")).json()

    assert {"/hello", "/threads", "/runs/batch"} <= set(document["paths"])
    assert set(document["paths"]["/threads/search"]) == {"get", "post"}
    answer = document["paths"]["/hello"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/Custom.Greeting"}
    assert "Custom.Greeting" in document["components"]["schemas"]
    assert "text/html" in (await http.get("/docs")).headers["content-type"]


@pytest.mark.in_files("sees by a file of SQLite whether the database is open")
def test_the_custom_lifespan_begins_before_the_gateway_and_ends_after_it(tmp_path: Path) -> None:
    life = tmp_path / "life"
    settings = {LIFE_FILE: str(life), DATA_DIR: str(tmp_path / "data")}
    with serving(tmp_path / "data", settings, write_project(tmp_path, http=HTTP)) as own:
        assert (own.data_dir / "runline.db-wal").exists()
        assert life.read_text() == "began, database closed\n"

    assert life.read_text() == "began, database closed\nended, database closed\n"
