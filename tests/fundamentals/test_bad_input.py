"""Bad input: whatever a client sends, the answer is a 4xx that says in one sentence what is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from conftest import MAX_BODY_BYTES

STEPS = {"assistant_id": "steps", "input": {"log": []}}

POSTS = [
    "/threads",
    "/threads/search",
    "/threads/count",
    "/threads/{t}/state",
    "/threads/{t}/state/checkpoint",
    "/threads/{t}/history",
    "/threads/{t}/runs",
    "/threads/{t}/runs/stream",
    "/threads/{t}/runs/wait",
    "/runs",
    "/runs/stream",
    "/runs/wait",
    "/runs/batch",
    "/runs/cancel",
    "/assistants/search",
    "/assistants/count",
]
EVERY_POST = pytest.mark.parametrize("path", POSTS)
RUN_POSTS = ["/threads/{t}/runs", "/threads/{t}/runs/stream", "/threads/{t}/runs/wait", "/runs", "/runs/wait"]
NOT_JSON = [b"", b'{"a":', b"\xff\xfe", b'{"input":NaN}']
NOT_AN_OBJECT = ["5", '"text"', "null", "[1]", "true"]


def assert_refused(answer: httpx.Response, status: int, reason: str = "") -> None:
    """The status, and the one shape that errors have: a sentence under `detail`, nothing else."""
    assert answer.status_code == status, answer.text
    assert list(answer.json()) == ["detail"]
    assert isinstance(answer.json()["detail"], str)
    assert reason in answer.json()["detail"]


@EVERY_POST
async def test_what_is_not_json_is_refused(http: httpx.AsyncClient, thread_id: str, path: str) -> None:
    """An empty body is not JSON either, even where every field is optional."""
    for body in NOT_JSON:
        assert_refused(await http.post(path.format(t=thread_id), content=body), 422, "Invalid JSON in request body")


@EVERY_POST
async def test_json_of_the_wrong_kind_is_refused(http: httpx.AsyncClient, thread_id: str, path: str) -> None:
    for body in NOT_AN_OBJECT:
        assert_refused(await http.post(path.format(t=thread_id), content=body), 422)


@EVERY_POST
async def test_json_that_is_nested_too_deep_is_refused(http: httpx.AsyncClient, thread_id: str, path: str) -> None:
    """It would exhaust the stack of whoever walks it."""
    for levels in (129, 50_000):
        body = '{"metadata":' + "[" * levels + "]" * levels + "}"
        assert_refused(await http.post(path.format(t=thread_id), content=body), 422)


@pytest.mark.parametrize("path", ["/threads", "/threads/{t}/runs/stream"])
async def test_a_body_that_is_too_large_is_refused(http: httpx.AsyncClient, thread_id: str, path: str) -> None:
    """By its header before it is read."""
    answer = await http.post(path.format(t=thread_id), json={"x": "a" * MAX_BODY_BYTES})

    assert_refused(answer, 413, f"larger than {MAX_BODY_BYTES} bytes")


@pytest.mark.parametrize("path", ["/threads", "/threads/{t}/runs/stream"])
async def test_a_body_that_grows_too_large_is_refused(http: httpx.AsyncClient, thread_id: str, path: str) -> None:
    """Without a length in its header, while it comes in."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY_BYTES // 1000 + 1):
            yield b" " * 1000

    assert_refused(await http.post(path.format(t=thread_id), content=pieces()), 413, "larger than")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("webhook", ""),
        ("feedback_keys", "score"),
        ("strict_resume", True),
        ("command", 5),
        ("command", {"goto": 5}),
        ("command", {"goto": [{"node": "two"}, "three"]}),
        ("command", {"update": "text"}),
        ("command", {"update": [["log"]]}),
        ("metadata", []),
        ("config", []),
        ("config", {"tags": "text"}),
        ("config", {"recursion_limit": "many"}),
        ("config", {"recursion_limit": 10**30}),
        ("config", {"recursion_limit": True}),
        ("config", {"configurable": [1]}),
        ("context", "text"),
        ("stream_mode", "everything"),
        ("stream_mode", ["values", "everything"]),
        ("stream_mode", [1]),
        ("stream_subgraphs", "maybe"),
        ("stream_subgraphs", "true"),
        ("stream_resumable", 1),
        ("interrupt_before", "two"),
        ("interrupt_after", [1]),
        ("on_disconnect", "explode"),
        ("after_seconds", -1),
        ("after_seconds", 1e300),
        ("after_seconds", "soon"),
        ("after_seconds", "5"),
        ("after_seconds", True),
        ("durability", "never"),
        ("assistant_id", None),
        ("assistant_id", 5),
    ],
)
async def test_a_bad_field_of_a_run_is_named(http: httpx.AsyncClient, thread_id: str, field: str, value: Any) -> None:
    """Also one that the platform knows and this server does not support yet: nothing is accepted and then ignored."""
    for path in RUN_POSTS:
        assert_refused(await http.post(path.format(t=thread_id), json={**STEPS, field: value}), 422, field)
    assert_refused(await http.post("/runs/batch", json=[STEPS, {**STEPS, field: value}]), 422, field)

    assert (await http.get(f"/threads/{thread_id}/runs")).json() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("checkpoint", 5),
        ("checkpoint", {"checkpoint_id": "yesterday"}),
        ("checkpoint", {"checkpoint_ns": 5}),
        ("checkpoint_id", "yesterday"),
        ("config", {"configurable": {"checkpoint_id": "yesterday"}}),
        ("multitask_strategy", "fight"),
        ("if_not_exists", "maybe"),
    ],
)
async def test_a_bad_field_of_a_run_on_a_thread_is_named(
    http: httpx.AsyncClient, thread_id: str, field: str, value: Any
) -> None:
    answer = await http.post(f"/threads/{thread_id}/runs", json={**STEPS, field: value})

    assert_refused(answer, 422, "checkpoint_id" if field == "config" else field)


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("/threads", {"ttl": {"ttl": 0}}, "ttl"),
        ("/threads", {"supersteps": [{}]}, "supersteps"),
        ("/threads", {"thread_id": "mine"}, "thread_id"),
        ("/threads", {"metadata": "text"}, "metadata"),
        ("/threads", {"if_exists": "maybe"}, "if_exists"),
        ("/threads/search", {"extract": {"last": "values.log[last]"}}, "extract"),
        ("/threads/search", {"limit": 0}, "limit"),
        ("/threads/search", {"limit": 1001}, "limit"),
        ("/threads/search", {"limit": 1.5}, "limit"),
        ("/threads/search", {"limit": "10"}, "limit"),
        ("/threads/search", {"limit": True}, "limit"),
        ("/threads/search", {"offset": -1}, "offset"),
        ("/threads/search", {"offset": 10**30}, "offset"),
        ("/threads/search", {"sort_by": "colour"}, "sort_by"),
        ("/threads/search", {"select": ["colour"]}, "select"),
        ("/threads/search", {"ids": ["mine"]}, "ids"),
        ("/threads/search", {"status": "asleep"}, "status"),
        ("/threads/count", {"values": []}, "values"),
        ("/threads/{t}/state", {"values": "text"}, "values"),
        ("/threads/{t}/state", {"values": {}, "as_node": 5}, "as_node"),
        ("/threads/{t}/state", {"values": {}, "checkpoint": {"checkpoint_id": 5}}, "checkpoint_id"),
        ("/threads/{t}/state/checkpoint", {}, "checkpoint"),
        ("/threads/{t}/state/checkpoint", {"checkpoint": {"checkpoint_ns": 5}}, "checkpoint_ns"),
        ("/threads/{t}/state/checkpoint", {"checkpoint": {"checkpoint_id": {"a": 1}}}, "checkpoint_id"),
        ("/threads/{t}/history", {"limit": 0}, "limit"),
        ("/threads/{t}/history", {"limit": 1001}, "limit"),
        ("/threads/{t}/history", {"before": 5}, "before"),
        ("/threads/{t}/history", {"metadata": 5}, "metadata"),
        ("/threads/{t}/history", {"metadata": {"a..b": 1}}, "metadata"),
        ("/threads/{t}/history", {"metadata": {"step": 2**63}}, "metadata"),
        ("/threads/{t}/history", {"metadata": {f"key-{number}": 1 for number in range(1001)}}, "metadata"),
        ("/assistants/search", {"name": "%" * 25_001}, "name"),
        ("/runs/batch", [], ""),
        ("/runs/cancel", {}, "status"),
        ("/runs/cancel", {"status": "asleep"}, "status"),
        ("/runs/cancel", {"run_ids": []}, "thread_id"),
        ("/assistants/search", {"sort_by": "colour"}, "sort_by"),
    ],
)
async def test_a_bad_field_is_named(http: httpx.AsyncClient, thread_id: str, path: str, body: Any, reason: str) -> None:
    await http.post(f"/threads/{thread_id}/runs/wait", json=STEPS)

    assert_refused(await http.post(path.format(t=thread_id), json=body), 422, reason)


@pytest.mark.parametrize("filtered", [{"": 1}, {"it's": 1}, {'"]': 1}, {"a.b": {"c": [None]}}, {"a": None}])
async def test_any_metadata_can_be_asked_for(http: httpx.AsyncClient, thread_id: str, filtered: Any) -> None:
    """Keys are data, never part of a query: nothing has them, so nothing is found."""
    await http.post(f"/threads/{thread_id}/runs/wait", json=STEPS)

    for path in (f"/threads/{thread_id}/history", "/threads/search"):
        answer = await http.post(path, json={"metadata": filtered})
        assert answer.status_code < 500, answer.text


async def test_values_that_a_reducer_cannot_take_are_refused(http: httpx.AsyncClient, thread_id: str) -> None:
    """The graph's own code raises, on the caller's account."""
    await http.post(f"/threads/{thread_id}/runs/wait", json=STEPS)

    assert_refused(await http.post(f"/threads/{thread_id}/state", json={"values": {"log": 5}}), 400)


async def test_what_cannot_be_changed_on_a_thread_is_named(http: httpx.AsyncClient, thread_id: str) -> None:
    assert_refused(await http.patch(f"/threads/{thread_id}", json={"ttl": "5"}), 422, "ttl")
    assert_refused(await http.patch(f"/threads/{thread_id}", content=b""), 422, "Invalid JSON in request body")


async def test_unknown_fields_are_ignored(http: httpx.AsyncClient) -> None:
    """Newer clients may know more than this server, as on the official one."""
    assert (await http.post("/threads", json={"colour": "blue"})).status_code == 200
    assert (await http.post("/runs/wait", json={**STEPS, "colour": "blue"})).status_code == 200
