"""Odd runs: the API takes them, so each comes to an end of its own, and its thread is as good as before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from hostile.operations import STEPS
from hostile.site import open_site

NUL = "a\0b"
NOWHERE = "01a1f885-0830-772e-8d96-040c354ac1f6"
RESULT = ["one", "two", "three"]

RUNS: Mapping[str, Mapping[str, Any]] = {
    "NUL in metadata": {"metadata": {NUL: NUL}},
    "NUL in the context": {"context": {NUL: NUL}},
    "NUL in the input": {"input": {"log": [NUL], NUL: 1}},
    "an input that is no object": {"input": 5},
    "an input that is a list": {"input": [1]},
    "an unknown key in the input": {"input": {"colour": 1}},
    "an integer of a hundred bits": {"input": {"log": [2**100]}},
    "no input": {"input": None},
    "goto an unknown node": {"command": {"goto": "nowhere"}},
    "goto a node with a NUL": {"command": {"goto": [{"node": NUL, "input": 1}]}},
    "goto nothing": {"command": {"goto": ""}},
    "goto the start": {"command": {"goto": "__start__"}},
    "an empty command": {"command": {}},
    "an update of an unknown key": {"command": {"update": [["colour", 1]]}},
    "an update of LangGraph's own keys": {"command": {"update": [["__error__", 1], ["__resume__", 2]]}},
    "an update of LangGraph's tasks": {"command": {"update": [["__pregel_tasks", 1]]}},
    "an answer to no question": {"command": {"resume": "yes"}},
    "an answer to an unknown question": {"command": {"resume": {"nobody": 1}}},
    "no steps allowed": {"config": {"recursion_limit": 0}},
    "fewer than no steps allowed": {"config": {"recursion_limit": -(2**31)}},
    "as many steps as can be said": {"config": {"recursion_limit": 2**31 - 1}},
    "an interrupt before an unknown node": {"interrupt_before": ["nowhere", NUL]},
    "a thread in the config": {"config": {"configurable": {"thread_id": "../../etc/passwd"}}},
    "a namespace in the config": {"config": {"configurable": {"checkpoint_ns": "no|where"}}},
    "a namespace that is a number": {"config": {"configurable": {"checkpoint_ns": 5}}},
    "a checkpoint map that is a number": {"config": {"configurable": {"checkpoint_map": 5}}},
    "a run in the config": {"config": {"run_id": "nobody", "configurable": {"run_id": 5, "graph_id": 5}}},
    "callbacks": {"config": {"callbacks": [5]}},
    "a false attempt": {"config": {"metadata": {"run_attempt": 99, "run_id": "nobody", "step": -5, "parents": 5}}},
    "LangGraph's internals": {"config": {"configurable": {"__pregel_read": 5, "__pregel_checkpointer": 5}}},
    "LangGraph's task": {"config": {"configurable": {"__pregel_task_id": 5, "__pregel_resuming": True}}},
    "a checkpoint that nobody made": {"checkpoint_id": NOWHERE},
    "a namespace that nobody made": {"checkpoint": {"checkpoint_ns": f"{NUL}|no:where"}},
    "a checkpoint map of nothing": {"checkpoint": {"checkpoint_map": {"": "x", NUL: 5}}},
    "a context that the graph cannot use": {"context": {"gate": 5}},
    "the same mode twice": {"stream_mode": ["values", "values"]},
    "no mode": {"stream_mode": []},
}


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A gateway of one's own."""
    with (
        open_site(tmp_path_factory.mktemp("odd")) as site,
        httpx.Client(base_url=site.gateway.url, timeout=30) as connected,
    ):
        yield connected


@pytest.fixture
def thread(http: httpx.Client) -> str:
    """The path of a thread on which a run has succeeded."""
    path = f"/threads/{http.post('/threads', json={}).json()['thread_id']}"
    http.post(f"{path}/runs/wait", json=STEPS)
    return path


@pytest.mark.parametrize("asked", RUNS.values(), ids=list(RUNS))
def test_an_odd_run_ends_and_its_thread_goes_on(http: httpx.Client, thread: str, asked: Mapping[str, Any]) -> None:
    assert http.post(f"{thread}/runs/wait", json={**STEPS, **asked}).status_code == 200

    for path in ("", "/state", "/history?limit=100", "/runs"):
        assert http.get(thread + path).status_code == 200
    assert {run["status"] for run in http.get(f"{thread}/runs").json()} <= {"success", "error"}
    assert http.post(f"{thread}/runs/wait", json=STEPS).json()["log"][-3:] == RESULT
    assert http.post(f"{thread}/state", json={"values": {"log": ["x"]}}).status_code == 200


@pytest.mark.parametrize("asked", RUNS.values(), ids=list(RUNS))
def test_an_odd_run_without_a_thread_ends_too(http: httpx.Client, asked: Mapping[str, Any]) -> None:
    asked = {name: value for name, value in asked.items() if not name.startswith("checkpoint")}
    answer = http.post("/runs/wait", json={**STEPS, **asked})

    assert answer.status_code == 200
    assert set(answer.json()) <= {"log", "__error__"}


def test_an_object_with_a_key_twice_means_the_last_one(http: httpx.Client) -> None:
    twice = b'{"assistant_id": "nobody", "assistant_id": "steps", "input": {"log": []}}'

    assert http.post("/runs/wait", content=twice).json() == {"log": RESULT}


@pytest.mark.parametrize("levels", [126, 127])
def test_what_is_nested_just_deep_enough_is_kept(http: httpx.Client, levels: int) -> None:
    """128 levels with the objects around it."""
    deep = "[" * (levels - 1) + "]" * (levels - 1)
    thread = http.post("/threads", content=f'{{"metadata": {{"deep": {deep}}}}}').json()

    assert str(thread["metadata"]["deep"]) == deep
