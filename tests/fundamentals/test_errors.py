"""Errors of graphs: a run that fails says so in its stream, its result, its status, and on its thread."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from langgraph_sdk.client import LangGraphClient

from fundamentals.reading import collect, log, log_of, names

KABOOM = {"error": "ValueError", "message": "kaboom"}
HIDDEN = {"error": "SecretError", "message": "An internal error occurred"}

SHOWN = pytest.mark.parametrize(("raised", "shown"), [("ValueError", KABOOM), ("SecretError", HIDDEN)])
"""Python's own exceptions show their text; an application's may hold secrets, so only its class is named."""


@SHOWN
async def test_wait_raises_in_the_client(
    client: LangGraphClient, thread_id: str, raised: str, shown: dict[str, str]
) -> None:
    with pytest.raises(Exception, match=f"^{shown['error']}: {shown['message']}$"):
        await client.runs.wait(thread_id, "steps", input=log(), context={"fail": raised})


@SHOWN
async def test_a_failed_result_is_an_ordinary_answer(
    http: httpx.AsyncClient, thread_id: str, raised: str, shown: dict[str, str]
) -> None:
    """The request went well, the run did not: status 200, and the error under `__error__`. Join says the same."""
    body = {"assistant_id": "steps", "input": {"log": []}, "context": {"fail": raised}}
    waited = await http.post(f"/threads/{thread_id}/runs/wait", json=body)
    joined = await http.get(waited.headers["location"])

    for answer in (waited, joined):
        assert (answer.status_code, answer.json()) == (200, {"__error__": shown})


@SHOWN
async def test_the_stream_carries_an_error_event(
    client: LangGraphClient, thread_id: str, raised: str, shown: dict[str, str]
) -> None:
    """After what the run did so far; the event is part of the log, so a late reader gets it too."""
    live = await collect(client.runs.stream(thread_id, "steps", input=log(), context={"fail": raised}))
    run = (await client.runs.list(thread_id))[0]
    again = await collect(client.runs.join_stream(thread_id, run["run_id"], last_event_id="-1"))

    assert names(live) == ["metadata", "values", "values", "values", "error", "end"]
    assert live[-2].data == shown
    assert again == live


async def test_an_error_is_shown_whatever_modes_a_reader_asks_for(client: LangGraphClient, thread_id: str) -> None:
    run = await client.runs.create(thread_id, "steps", input=log(), context={"fail": "ValueError"})
    await client.runs.join(thread_id, run["run_id"])

    parts = await collect(client.runs.join_stream(thread_id, run["run_id"], stream_mode="updates", last_event_id="-1"))

    assert names(parts) == ["error", "end"]


@SHOWN
async def test_the_run_and_the_thread_remember_the_error(
    client: LangGraphClient, thread_id: str, raised: str, shown: dict[str, str]
) -> None:
    """What the steps before the failure did is kept."""
    run = await client.runs.create(thread_id, "steps", input=log(), context={"fail": raised})
    await client.runs.join(thread_id, run["run_id"])

    assert (await client.runs.get(thread_id, run["run_id"]))["status"] == "error"
    thread: Any = await client.threads.get(thread_id)
    assert (thread["status"], thread["error"]) == ("error", shown)
    assert log_of(thread["values"]) == ["one", "two"]


async def test_the_state_names_the_task_that_failed(client: LangGraphClient, thread_id: str) -> None:
    run = await client.runs.create(thread_id, "steps", input=log(), context={"fail": "ValueError"})
    await client.runs.join(thread_id, run["run_id"])

    state: Any = await client.threads.get_state(thread_id)

    assert [(task["name"], task["error"]) for task in state["tasks"]] == [("three", "ValueError('kaboom')")]


async def test_a_secret_does_not_leak_through_any_answer(http: httpx.AsyncClient, thread_id: str) -> None:
    """Run, thread, result and every event: the text of the exception is in the gateway's log only."""
    body = {"assistant_id": "steps", "input": {"log": []}, "context": {"fail": "SecretError"}}
    created = await http.post(f"/threads/{thread_id}/runs/stream", json={**body, "stream_mode": ["values", "updates"]})
    run = created.headers["content-location"]

    answers = [created, await http.get(run), await http.get(f"{run}/join"), await http.get(f"/threads/{thread_id}")]

    assert not [answer.url for answer in answers if "hunter2" in answer.text]


async def test_the_next_good_run_clears_the_error(client: LangGraphClient, thread_id: str) -> None:
    """Without input it repeats the failed step; nothing that succeeded is done twice."""
    run = await client.runs.create(thread_id, "steps", input=log(), context={"fail": "ValueError"})
    await client.runs.join(thread_id, run["run_id"])

    values = await client.runs.wait(thread_id, "steps")

    assert log_of(values) == ["one", "two", "three"]
    thread: Any = await client.threads.get(thread_id)
    assert (thread["status"], thread["error"]) == ("idle", None)


async def test_a_run_with_nothing_to_do_is_an_error(client: LangGraphClient, thread_id: str) -> None:
    """No input, and no state to go on from."""
    with pytest.raises(Exception, match=r"^EmptyInputError: "):
        await client.runs.wait(thread_id, "steps")


async def test_too_many_steps_are_an_error(client: LangGraphClient, thread_id: str) -> None:
    with pytest.raises(Exception, match=r"^GraphRecursionError: Recursion limit of 2 reached"):
        await client.runs.wait(thread_id, "steps", input=log(), config={"recursion_limit": 2})


async def test_a_failed_answer_leaves_the_question_open(client: LangGraphClient, thread_id: str) -> None:
    """So that the person is asked again and nothing is lost."""
    await client.runs.wait(thread_id, "asks_many", input=log())
    asked: Any = await client.threads.get(thread_id)

    run = await client.runs.create(thread_id, "asks_many", command={"resume": "for whom?"})
    await client.runs.join(thread_id, run["run_id"])

    thread: Any = await client.threads.get(thread_id)
    assert (thread["status"], thread["interrupts"]) == ("error", asked["interrupts"])


async def test_stateless_runs_fail_in_the_same_words(http: httpx.AsyncClient) -> None:
    body = {"assistant_id": "steps", "input": {"log": []}, "context": {"fail": "ValueError"}}

    assert (await http.post("/runs/wait", json=body)).json() == {"__error__": KABOOM}
    stream = await http.post("/runs/stream", json=body)
    assert 'event: error\r\ndata: {"error":"ValueError","message":"kaboom"}' in stream.text


async def test_a_graph_that_cannot_be_loaded_is_refused_by_name(http: httpx.AsyncClient, thread_id: str) -> None:
    """A broken graph does not stop the gateway: its runs get a clear 4xx, the others work."""
    for path in (f"/threads/{thread_id}/runs", f"/threads/{thread_id}/runs/stream", "/runs/wait"):
        answer = await http.post(path, json={"assistant_id": "broken", "input": {}})
        assert answer.status_code == 422
        assert answer.json()["detail"].startswith("Graph 'broken' could not be loaded")
        assert "broken on purpose" in answer.json()["detail"]

    assert (await http.get(f"/threads/{thread_id}/runs")).json() == []
    assert (await http.post("/runs/wait", json={"assistant_id": "steps", "input": {"log": []}})).status_code == 200
