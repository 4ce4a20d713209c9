"""Runs: one execution of a graph on a thread."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import NotFoundError, UnprocessableEntityError
from langgraph_sdk.schema import Run, RunStatus

from fundamentals.gate import Gate
from fundamentals.reading import log, log_of, past_of, status_of, until_status


async def test_a_run_is_created_at_once_and_goes_on_by_itself(
    client: LangGraphClient, thread_id: str, gate: Gate
) -> None:
    """`create` answers before the graph has done anything; the thread is busy from that moment."""
    run = await client.runs.create(thread_id, "steps", input=log("hi"), context=gate.context)
    assert (run["status"], run["thread_id"]) == ("pending", thread_id)
    assert (await client.threads.get(thread_id))["status"] == "busy"

    await gate.reached()
    assert await status_of(client, thread_id, run["run_id"]) == "running"

    gate.open()
    await until_status(client, thread_id, run["run_id"], "success")
    assert (await client.threads.get(thread_id))["status"] == "idle"


async def test_wait_answers_with_the_last_values(client: LangGraphClient, thread_id: str) -> None:
    """The simplest call of all: input in, final state out."""
    assert await client.runs.wait(thread_id, "steps", input=log("hi")) == {"log": ["hi", "one", "two", "three"]}


async def test_the_next_run_goes_on_from_the_threads_state(client: LangGraphClient, thread_id: str) -> None:
    """Reducers decide how new input joins the old state; here the log grows."""
    await client.runs.wait(thread_id, "steps", input=log("a"))
    values = await client.runs.wait(thread_id, "steps", input=log("b"))

    assert log_of(values) == ["a", "one", "two", "three", "b", "one", "two", "three"]
    assert (await client.threads.get(thread_id))["values"] == values


async def test_a_graph_can_be_named_or_given_by_its_assistants_id(client: LangGraphClient, thread_id: str) -> None:
    (assistant,) = await client.assistants.search(graph_id="steps", metadata={"created_by": "system"})

    by_name = await client.runs.create(thread_id, "steps", input=log())
    by_id = await client.runs.create(thread_id, assistant["assistant_id"], input=log())

    assert by_name["assistant_id"] == by_id["assistant_id"] == assistant["assistant_id"]
    await client.runs.join(thread_id, by_id["run_id"])


async def test_runs_are_listed_newest_first_and_at_most_limit(client: LangGraphClient, thread_id: str) -> None:
    made = [(await client.runs.create(thread_id, "steps", input=log()))["run_id"] for _ in range(4)]
    await client.runs.join(thread_id, made[-1])

    async def listed(**page: Any) -> list[str]:
        return [run["run_id"] for run in await client.runs.list(thread_id, **page)]

    assert await listed() == made[::-1]
    assert await listed(limit=2) == [made[3], made[2]]
    assert await listed(limit=2, offset=1) == [made[2], made[1]]


async def test_runs_are_listed_by_status(client: LangGraphClient, thread_id: str, gate: Gate) -> None:
    done = await client.runs.create(thread_id, "steps", input=log())
    await client.runs.join(thread_id, done["run_id"])
    running = await client.runs.create(thread_id, "steps", input=log(), context=gate.context)
    waiting = await client.runs.create(thread_id, "steps", input=log())
    await gate.reached()

    expected: list[tuple[RunStatus, Run]] = [("success", done), ("running", running), ("pending", waiting)]
    for status, run in expected:
        listed: Any = await client.runs.list(thread_id, status=status, select=["run_id", "status"])
        assert listed == [{"run_id": run["run_id"], "status": status}]


@pytest.mark.parametrize("query", ['select=["run_id","status"]', "select=run_id,status", "select=run_id&select=status"])
async def test_a_list_of_runs_has_the_columns_that_are_selected_in_any_spelling(
    client: LangGraphClient, http: httpx.AsyncClient, thread_id: str, query: str
) -> None:
    """The JS SDK spells lists in queries as JSON, the Python SDK by repeating the name."""
    run = await client.runs.create(thread_id, "steps", input=log())
    await client.runs.join(thread_id, run["run_id"])
    listed = (await http.get(f"/threads/{thread_id}/runs?{query}")).json()
    assert listed == [{"run_id": run["run_id"], "status": "success"}]


async def test_a_run_shows_what_it_was_asked(client: LangGraphClient, thread_id: str) -> None:
    """`kwargs` is the creation body in its normal form: stream modes are a list, the identity is filled in."""
    run: Any = await client.runs.create(
        thread_id,
        "steps",
        input=log("x"),
        stream_mode="updates",
        config={"tags": ["t"]},
        interrupt_before=["two"],
    )
    await client.runs.join(thread_id, run["run_id"])

    kwargs = run["kwargs"]
    assert (kwargs["input"], kwargs["stream_mode"], kwargs["interrupt_before"]) == (
        {"log": ["x"]},
        ["updates"],
        ["two"],
    )
    assert kwargs["config"]["tags"] == ["t"]
    assert kwargs["config"]["configurable"]["run_id"] == run["run_id"]


async def test_a_run_that_exists_nowhere_is_404_everywhere(http: httpx.AsyncClient, thread_id: str) -> None:
    """Also on join and stream, where the official server answers 200 with an error inside."""
    run = f"/threads/{thread_id}/runs/{uuid4()}"
    answers = [await http.get(run + end) for end in ("", "/join", "/stream")]
    answers += [await http.post(run + end) for end in ("/cancel", "/cancel?wait=1", "/stream?action=interrupt")]
    answers += [await http.delete(run)]

    assert [answer.status_code for answer in answers] == [404] * 7


async def test_a_run_is_found_only_on_its_own_thread(client: LangGraphClient, thread_id: str) -> None:
    run = await client.runs.create(thread_id, "steps", input=log())
    other = await client.threads.create()

    with pytest.raises(NotFoundError):
        await client.runs.get(other["thread_id"], run["run_id"])
    await client.runs.join(thread_id, run["run_id"])


async def test_a_missing_thread_is_refused_or_made(client: LangGraphClient) -> None:
    """`if_not_exists="create"` saves a call: the thread is made with the run, and takes its metadata."""
    thread_id = str(uuid4())
    with pytest.raises(NotFoundError, match="Thread or assistant not found"):
        await client.runs.create(thread_id, "steps", input=log())

    run = await client.runs.create(
        thread_id, "steps", input=log(), if_not_exists="create", metadata={"made": "by the run"}
    )
    await client.runs.join(thread_id, run["run_id"])

    metadata: Any = (await client.threads.get(thread_id))["metadata"]
    assert (metadata["made"], metadata["graph_id"]) == ("by the run", "steps")


async def test_an_unknown_assistant_is_refused(client: LangGraphClient, thread_id: str) -> None:
    """A name nobody has is a mistake of the caller's, and the answer says what there is; an unknown id is 404."""
    first_graphs = r"(?s)Invalid assistant: 'nobody'.*registered graphs: steps, counter, "
    with pytest.raises(UnprocessableEntityError, match=first_graphs):
        await client.runs.create(thread_id, "nobody", input={})
    with pytest.raises(NotFoundError, match="Thread or assistant not found"):
        await client.runs.create(thread_id, str(uuid4()), input={})


async def test_a_run_carries_the_metadata_of_its_thread(client: LangGraphClient) -> None:
    """Merged in the order assistant, thread, run: the most specific wins. Checkpoints carry it too."""
    thread = await client.threads.create(metadata={"of": "thread", "kept": 1})
    run: Any = await client.runs.create(thread["thread_id"], "steps", input=log(), metadata={"of": "run"})
    await client.runs.join(thread["thread_id"], run["run_id"])

    expected = {"created_by": "system", "of": "run", "kept": 1, "graph_id": "steps"}
    assert run["metadata"].items() >= expected.items()
    state: Any = await client.threads.get_state(thread["thread_id"])
    assert state["metadata"].items() >= {**expected, "run_id": run["run_id"]}.items()
    metadata: Any = (await client.threads.get(thread["thread_id"]))["metadata"]
    assert metadata.items() >= {"of": "thread", "kept": 1}.items()


async def test_a_delayed_run_waits_its_time(client: LangGraphClient, thread_id: str) -> None:
    """`after_seconds`, and starts by itself then."""
    run: Any = await client.runs.create(thread_id, "steps", input=log("late"), after_seconds=1)

    assert log_of(await client.runs.join(thread_id, run["run_id"])) == ["late", "one", "two", "three"]

    first: Any = (await client.threads.get_history(thread_id, limit=1000))[-1]
    assert first["created_at"] >= run["created_at"]
    assert first["created_at"][:19] > run["created_at"][:19]


async def test_a_run_that_is_delayed_is_pending_and_its_thread_busy(client: LangGraphClient, thread_id: str) -> None:
    run = await client.runs.create(thread_id, "steps", input=log("late"), after_seconds=3600)

    assert await status_of(client, thread_id, run["run_id"]) == "pending"
    assert (await client.threads.get(thread_id))["status"] == "busy"

    await client.runs.cancel(thread_id, run["run_id"])


@pytest.mark.parametrize(("durability", "checkpoints"), [("sync", 5), ("async", 5), ("exit", 1)])
async def test_durability_says_how_often_state_is_saved(
    client: LangGraphClient, thread_id: str, durability: Any, checkpoints: int
) -> None:
    """After every step, or only at the end: faster, but a crash starts the run from its beginning."""
    await client.runs.wait(thread_id, "steps", input=log(), durability=durability)

    assert len(await client.threads.get_history(thread_id, limit=100)) == checkpoints


async def test_the_older_spelling_of_durability_is_understood(client: LangGraphClient, thread_id: str) -> None:
    body = {"assistant_id": "steps", "input": {"log": []}, "checkpoint_during": False}
    await client.http.post(f"/threads/{thread_id}/runs/wait", json=body)

    assert len(await client.threads.get_history(thread_id, limit=100)) == 1


async def test_deleting_a_finished_run_takes_its_checkpoints_back(client: LangGraphClient, thread_id: str) -> None:
    """The state goes back to before it, as if it had never been."""
    await client.runs.wait(thread_id, "steps", input=log("kept"))
    before = await past_of(client, thread_id)
    run = await client.runs.create(thread_id, "steps", input=log("gone"))
    await client.runs.join(thread_id, run["run_id"])

    await client.runs.delete(thread_id, run["run_id"])

    assert await past_of(client, thread_id) == before
    with pytest.raises(NotFoundError):
        await client.runs.get(thread_id, run["run_id"])


async def test_deleting_a_running_run_stops_it_first(client: LangGraphClient, thread_id: str, gate: Gate) -> None:
    """Officially the thread stays busy for ever; here it is idle, and nothing of the run is left."""
    before = await past_of(client, thread_id)
    run = await client.runs.create(thread_id, "steps", input=log("gone"), context=gate.context)
    await gate.reached()

    await client.runs.delete(thread_id, run["run_id"])

    assert await past_of(client, thread_id) == before
    assert await client.runs.list(thread_id) == []
