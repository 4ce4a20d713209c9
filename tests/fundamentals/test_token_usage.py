"""What runs cost, read over HTTP: of a thread, of a run, of a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from fundamentals.gate import Gate
from gateway import Gateway

PRICES = '{"small": {"input": 1, "output": 10}, "eastern": {"input": 1, "output": 1, "currency": "CNY"}}'
SUBAGENT, MIDDLEWARE = "subagent:search", "middleware:title"


def spending(*calls: dict[str, Any]) -> dict[str, Any]:
    """An input upon which these calls are made."""
    return {"messages": [{"role": "user", "content": "go"}], "calls": list(calls)}


def calling(given: int, made: int, model: str = "small", tag: str = "lead_agent", cached: int = 0) -> dict[str, Any]:
    return {"model": model, "tag": tag, "input": given, "output": made, "cached": cached}


async def usage_of(http: httpx.AsyncClient, thread_id: str, query: str = "") -> dict[str, Any]:
    """The thread's token usage, whose parts must add up."""
    usage: dict[str, Any] = (await http.get(f"/threads/{thread_id}/token-usage{query}")).json()
    total = usage["total_tokens"]
    assert total == usage["total_input_tokens"] + usage["total_output_tokens"]
    assert total == sum(model["tokens"] for model in usage["by_model"].values())
    assert total == sum(usage["by_caller"].values())
    assert total == sum(run["total_tokens"] for run in usage["by_run"].values())
    return usage


async def test_a_thread_tells_what_its_runs_used(
    client: LangGraphClient, http: httpx.AsyncClient, thread_id: str
) -> None:
    """By model, by caller and by run. Names of agents' parts come from tags: `subagent:<name>`, `middleware:<name>`."""
    calls = (calling(100, 10, "large", cached=60), calling(20, 2, tag=SUBAGENT), calling(5, 1, tag=MIDDLEWARE))
    await client.runs.wait(thread_id, "spends", input=spending(*calls))
    await client.runs.wait(thread_id, "spends", input=spending(calling(1, 1)))

    usage = await usage_of(http, thread_id)

    assert usage["thread_id"] == thread_id
    assert (usage["total_tokens"], usage["total_input_tokens"], usage["total_output_tokens"]) == (140, 126, 14)
    assert (usage["total_runs"], usage["total_calls"], usage["cache_read_tokens"]) == (2, 4, 60)
    assert {model: (each["tokens"], each["runs"]) for model, each in usage["by_model"].items()} == {
        "large": (110, 1),
        "small": (30, 2),
    }
    assert usage["by_caller"] == {"lead_agent": 112, "subagent": 22, "middleware": 6}
    assert next(iter(usage["by_run"].values()))["calls"] == 3
    # nobody knows what these models cost, and so it is not nothing
    assert (usage["total_cost"], usage["unpriced_calls"], usage["context_usage"]) == (None, 4, None)


async def test_a_run_tells_each_of_its_calls(client: LangGraphClient, http: httpx.AsyncClient, thread_id: str) -> None:
    await client.runs.wait(thread_id, "spends", input=spending(calling(20, 2, tag=SUBAGENT), calling(1, 1)))
    (run,) = await client.runs.list(thread_id)

    usage = (await http.get(f"/api/threads/{thread_id}/runs/{run['run_id']}/token-usage")).json()

    assert (usage["thread_id"], usage["run_id"], usage["total_runs"]) == (thread_id, run["run_id"], 1)
    assert [(call["caller"], call["caller_name"], call["total_tokens"]) for call in usage["calls"]] == [
        ("subagent", "search", 22),
        ("lead_agent", None, 2),
    ]
    assert usage["total_tokens"] == sum(call["total_tokens"] for call in usage["calls"]) == 24
    assert {call["node"] for call in usage["calls"]} == {"call"}


async def test_runs_that_are_cancelled_and_rolled_back_were_paid_all_the_same(
    client: LangGraphClient, http: httpx.AsyncClient, thread_id: str, gate: Gate
) -> None:
    """The ledger keeps what their calls cost; of a run that was rolled back nothing else is left."""
    ids = []
    for visits, action in enumerate(("interrupt", "rollback"), 1):
        run = await client.runs.create(
            thread_id, "spends", input=spending(calling(10 * visits, visits)), context=gate.context
        )
        await gate.reached(visits)
        await client.runs.cancel(thread_id, run["run_id"], wait=True, action=action)  # type: ignore[arg-type]
        ids.append(run["run_id"])

    usage = await usage_of(http, thread_id)

    assert (usage["total_tokens"], usage["total_runs"]) == (33, 2)
    assert {run: part["rolled_back"] for run, part in usage["by_run"].items()} == {ids[0]: False, ids[1]: True}
    gone = (await http.get(f"/threads/{thread_id}/runs/{ids[1]}/token-usage")).json()
    assert (gone["total_tokens"], gone["calls"][0]["rolled_back"]) == (22, True)


async def test_active_runs_are_left_out_unless_asked_for(
    client: LangGraphClient, http: httpx.AsyncClient, thread_id: str, gate: Gate
) -> None:
    run = await client.runs.create(thread_id, "spends", input=spending(calling(4, 4)), context=gate.context)
    await gate.reached()

    usage = await usage_of(http, thread_id)
    assert (usage["total_tokens"], usage["total_runs"]) == (0, 0)
    assert (await usage_of(http, thread_id, "?include_active=true"))["total_runs"] == 1

    gate.open()
    await client.runs.join(thread_id, run["run_id"])
    assert (await usage_of(http, thread_id))["total_tokens"] == 8


async def test_runs_carry_their_usage(client: LangGraphClient, thread_id: str) -> None:
    """So that lists need no second call. A run that has called no model shows zeroes."""
    await client.runs.wait(thread_id, "spends", input=spending(calling(20, 2), calling(1, 1)))
    created: Any = await client.runs.create(thread_id, "spends", input=spending())
    await client.runs.join(thread_id, created["run_id"])

    listed: Any = await client.runs.list(thread_id)
    second, first = [run["usage"] for run in listed]
    assert (first["input_tokens"], first["output_tokens"], first["total_tokens"], first["calls"]) == (21, 3, 24, 2)
    got: Any = await client.runs.get(thread_id, created["run_id"])
    assert second == created["usage"] == got["usage"]
    assert set(second.values()) == {0, None}


async def test_a_creation_that_is_sent_again_shows_what_the_run_used(
    client: LangGraphClient, http: httpx.AsyncClient, thread_id: str
) -> None:
    key, body = {"Idempotency-Key": thread_id}, {"assistant_id": "spends", "input": spending(calling(2, 2))}
    first = (await http.post(f"/threads/{thread_id}/runs", json=body, headers=key)).json()
    await client.runs.join(thread_id, first["run_id"])

    again = (await http.post(f"/threads/{thread_id}/runs", json=body, headers=key)).json()

    assert (again["run_id"], again["usage"]["total_tokens"]) == (first["run_id"], 4)


async def test_costs_by_the_operators_prices(start_gateway: Callable[..., Gateway]) -> None:
    """A price is per million tokens. Costs in several currencies are told one by one, never added up."""
    gateway = start_gateway(RUNLINE_INSIGHT__PRICES=PRICES)
    async with get_client(url=gateway.url) as client, httpx.AsyncClient(base_url=gateway.url, timeout=30) as http:
        thread_id = (await client.threads.create())["thread_id"]
        await client.runs.wait(thread_id, "spends", input=spending(calling(1000, 100)))
        usage = await usage_of(http, thread_id)
        assert (usage["total_cost"], usage["currency"], usage["costs"]) == (0.002, "USD", {"USD": 0.002})

        await client.runs.wait(thread_id, "spends", input=spending(calling(500, 500, "eastern")))
        usage = await usage_of(http, thread_id)
        assert (usage["total_cost"], usage["currency"]) == (None, None)
        assert usage["costs"] == {"CNY": 0.001, "USD": 0.002}
        assert {model: each["cost"] for model, each in usage["by_model"].items()} == {"small": 0.002, "eastern": 0.001}


async def test_how_full_the_context_is_where_the_models_window_is_known(
    client: LangGraphClient, http: httpx.AsyncClient, thread_id: str
) -> None:
    """By the newest call of the lead agent: what it was given and what it answered is what comes next time."""
    calls = (calling(12_000, 800, "gpt-4o"), calling(5, 5, tag=SUBAGENT))
    await client.runs.wait(thread_id, "spends", input=spending(*calls))

    usage = await usage_of(http, thread_id)

    assert usage["context_usage"] == {"token_count": 12_800, "max_context_tokens": 128_000, "percentage": 10.0}


async def test_the_usage_of_a_time(start_gateway: Callable[..., Gateway]) -> None:
    """All runs of the caller, by day or hour of a time zone, and by group; also of threads that are gone."""
    gateway = start_gateway()
    async with get_client(url=gateway.url) as client, httpx.AsyncClient(base_url=gateway.url, timeout=30) as http:
        thread_id = (await client.threads.create())["thread_id"]
        await client.runs.wait(thread_id, "spends", input=spending(calling(20, 2), calling(7, 1, "large")))
        await client.runs.wait(None, "spends", input=spending(calling(1, 1)))
        await client.threads.delete(thread_id)

        usage = (await http.get("/usage?group_by=model&tz=Asia/Tokyo")).json()
        # the sums of the buckets are those of all, however midnight falls
        now = datetime.now(UTC)
        hours = (
            await http.get("/usage", params={"bucket": "hour", "from": (now - timedelta(hours=3)).isoformat()})
        ).json()

    assert {name: usage["totals"][name] for name in ("total_tokens", "input_tokens", "output_tokens", "runs")} == {
        "total_tokens": 32,
        "input_tokens": 28,
        "output_tokens": 4,
        "runs": 2,
    }
    assert {name: group["total_tokens"] for name, group in usage["groups"].items()} == {"small": 24, "large": 8}
    assert sum(bucket["total_tokens"] for bucket in usage["buckets"]) == 32
    assert len(usage["buckets"]) in (30, 31)
    assert all(bucket["start"].endswith("T00:00:00+09:00") for bucket in usage["buckets"])
    assert sum(bucket["total_tokens"] for bucket in hours["buckets"]) == 32
    assert hours["groups"] == {}


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("bucket=week", "bucket: Input should be 'day' or 'hour'"),
        ("tz=Mars/Phobos", "Invalid timezone: 'Mars/Phobos'. Use IANA timezone format (e.g. 'America/New_York')."),
        ("from=yesterday", "from: must be a time in ISO 8601"),
        ("from=2026-01-02&to=2026-01-01", "from: must be before to"),
        ("from=2020-01-01&to=2026-01-01", "from, to: must not be more than 1000 buckets apart"),
    ],
)
async def test_a_time_that_makes_no_sense_is_refused(http: httpx.AsyncClient, query: str, detail: str) -> None:
    answer = await http.get(f"/usage?{query}")

    assert (answer.status_code, answer.json()) == (422, {"detail": detail})
