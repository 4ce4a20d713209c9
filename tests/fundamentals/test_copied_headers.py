"""`http.configurable_headers` of langgraph.json: request headers that a run sees in `configurable`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from gateway import Gateway, serving
from graphs_under_test.projects import write_project

SENT = {"X-Tenant": "acme", "X-Secret-Word": "s", "Other": "o", "X-Api-Key": "k", "X-Run-Id": "mine"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that copies headers."""
    folder = tmp_path_factory.mktemp("headers")
    rule = {"includes": ["x-*", "X-API-Key"], "excludes": ["x-secret-*"]}
    with serving(folder / "data", graphs=write_project(folder, http={"configurable_headers": rule})) as own:
        yield own


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[LangGraphClient]:
    async with get_client(url=gateway.url, headers=SENT) as connected:
        yield connected


async def seen(client: LangGraphClient, thread_id: str | None = None, **asked: Any) -> Any:
    """What a node is called with."""
    values: Any = await client.runs.wait(thread_id, "mirror", input={}, **asked)
    return values["seen"]


async def test_a_run_sees_the_chosen_headers_by_lower_case_name(client: LangGraphClient) -> None:
    """Credentials are never among them, not even when they are named."""
    configurable = (await seen(client))["configurable"]

    assert {name: value for name, value in configurable.items() if name in {key.lower() for key in SENT}} == {
        "x-tenant": "acme",
        "x-run-id": "mine",
    }


async def test_a_header_wins_over_what_the_body_says(client: LangGraphClient) -> None:
    looked = await seen(client, config={"configurable": {"x-tenant": "other", "tone": "dry"}})

    assert (looked["configurable"]["x-tenant"], looked["configurable"]["tone"]) == ("acme", "dry")


async def test_headers_go_together_with_a_context_and_stay_out_of_it(client: LangGraphClient) -> None:
    looked = await seen(client, context={"tone": "dry"})

    assert looked["context"] == {"tone": "dry"}
    assert looked["configurable"]["x-tenant"] == "acme"


async def test_the_headers_are_those_of_the_request_that_created_the_run(
    gateway: Gateway, client: LangGraphClient
) -> None:
    """A run on a thread, too; and neither the run nor its thread shows them to readers."""
    thread_id = (await client.threads.create())["thread_id"]
    assert (await seen(client, thread_id))["configurable"]["x-tenant"] == "acme"
    async with get_client(url=gateway.url, headers={"X-Tenant": "other"}) as another:
        assert (await seen(another, thread_id))["configurable"]["x-tenant"] == "other"

    shown: Any = await client.runs.list(thread_id)
    assert len(shown) == 2
    assert [run for run in shown if "x-tenant" in run["kwargs"]["config"]["configurable"]] == []
    assert "x-tenant" not in (await client.threads.get(thread_id))["config"]["configurable"]  # type: ignore[typeddict-item]


async def test_runs_of_a_batch_see_them_too(client: LangGraphClient) -> None:
    batch: Any = [{"assistant_id": "mirror", "input": {}, "on_completion": "keep"}]
    made: Any = await client.runs.create_batch(batch)
    (run,) = made
    values: Any = await client.runs.join(run["thread_id"], run["run_id"])

    assert values["seen"]["configurable"]["x-tenant"] == "acme"
