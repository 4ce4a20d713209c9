"""invocation: what a run is called with, as tables, and what small real graphs see of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, Send, interrupt
from pydantic import BaseModel
from typing_extensions import TypedDict

from runline.errors import BadRequest
from runline.graphs.invocation import INJECTED_KEYS, build_config, build_invocation, merge_config, thread_config
from runline.graphs.registry import AnyGraph
from runline.kit.ids import new_id
from runline.model.assistant import Assistant
from runline.model.lifecycle import RunStatus
from runline.model.run import Run, RunSpec

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class State(TypedDict, total=False):
    seen: Any


def assistant(**fields: Any) -> Assistant:
    return Assistant("assistant", "graph", "", "graph", None, 1, NOW, NOW, **fields)


def a_run(**spec: Any) -> Run:
    wanted = RunSpec(assistant_id="assistant", **spec)
    return Run(
        new_id(), new_id(), "graph", "alice", RunStatus.RUNNING, wanted, wanted.metadata, NOW, NOW, NOW, attempt=2
    )


def graph_of(node: Any, schema: Any = None, **options: Any) -> AnyGraph:
    builder = StateGraph(State, context_schema=schema)
    builder.add_node("node", node)
    builder.add_edge(START, "node")
    return builder.compile(**options)


PLAIN = graph_of(lambda _: {})

# assistant's configurable, assistant's context, sent configurable, sent context -> configurable, context
Keys = dict[str, Any]
MERGES: list[tuple[Keys, Keys, Keys, Keys, Keys, Keys]] = [
    ({}, {}, {}, {}, {}, {}),
    ({}, {}, {"a": 1}, {}, {"a": 1}, {"a": 1}),
    ({}, {}, {}, {"a": 1}, {"a": 1}, {"a": 1}),
    ({"a": 1}, {}, {}, {}, {"a": 1}, {"a": 1}),
    ({}, {"a": 1}, {}, {}, {"a": 1}, {"a": 1}),
    ({"a": 1, "b": 1}, {}, {"b": 2, "c": 2}, {}, {"a": 1, "b": 2, "c": 2}, {"a": 1, "b": 2, "c": 2}),
    ({"a": 1, "b": 1}, {}, {}, {"b": 2}, {"a": 1, "b": 2}, {"a": 1, "b": 2}),
    ({}, {"a": 1, "b": 1}, {"b": None}, {}, {"a": 1, "b": None}, {"a": 1, "b": None}),
    ({"a": {"x": 1}}, {}, {"a": {"y": 2}}, {}, {"a": {"y": 2}}, {"a": {"y": 2}}),
    ({}, {}, {"thread_id": "forged", "a": 1}, {}, {"a": 1}, {"a": 1}),
    ({}, {}, {}, {"user_id": "forged", "a": 1}, {"a": 1}, {"a": 1}),
    ({}, {"a": 1}, {"b": 1}, {}, {"a": 1, "b": 1}, {"a": 1, "b": 1}),
    ({"a": 1}, {}, {}, {"b": 1}, {"a": 1, "b": 1}, {"a": 1, "b": 1}),
    ({"run_id": "forged"}, {"__secret": 1}, {"__pregel_x": 1}, {}, {}, {}),
    ({}, {}, {"checkpoint_id": "c", "a": 1}, {}, {"checkpoint_id": "c", "a": 1}, {"a": 1}),
]


@pytest.mark.parametrize(("default", "default_context", "sent", "context", "configurable", "mirrored"), MERGES)
def test_configurable_and_context_are_merged_and_mirror_each_other(
    default: Keys, default_context: Keys, sent: Keys, context: Keys, configurable: Keys, mirrored: Keys
) -> None:
    given = assistant(config={"configurable": default}, context=default_context)
    config, merged_context = merge_config(given, {"configurable": sent}, context)
    UUID(config["configurable"].pop("langgraph_request_id"))
    assert (config["configurable"], merged_context) == (configurable, mirrored)


@pytest.mark.parametrize("key", sorted(INJECTED_KEYS))
def test_no_key_that_the_server_sets_can_be_forged(key: str) -> None:
    for config, context in ({"configurable": {key: "forged"}}, {}), ({}, {key: "forged"}):
        merged, mirrored = merge_config(assistant(), config, context)
        assert merged["configurable"].get(key) != "forged"
        assert mirrored == {}


@pytest.mark.parametrize("key", [*sorted(INJECTED_KEYS), "checkpoint_id", "checkpoint_ns", "checkpoint_map", "__x"])
def test_no_header_stands_for_what_the_server_sets_or_the_run_forks_from(key: str) -> None:
    configurable = build_config(a_run(headers={"x-a": "1", key: "forged"}))["configurable"]
    assert configurable["x-a"] == "1"
    assert "forged" not in configurable.values()


def test_a_header_wins_over_a_key_of_the_same_name() -> None:
    run = a_run(config={"configurable": {"x-a": "sent", "b": 1}}, headers={"x-a": "header"})
    configurable = build_config(run)["configurable"]
    assert (configurable["x-a"], configurable["b"]) == ("header", 1)


def test_a_body_with_both_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"^Cannot specify both configurable and context\. Prefer setting context"):
        merge_config(assistant(), {"configurable": {"a": 1}}, {"b": 1})


@pytest.mark.parametrize(
    ("default", "sent", "merged"),
    [
        ({"tags": ["a"]}, {"tags": ["r"]}, {"tags": ["r"]}),
        ({"tags": ["a"], "recursion_limit": 5}, {}, {"tags": ["a"], "recursion_limit": 5}),
        ({"recursion_limit": 5}, {"recursion_limit": 7}, {"recursion_limit": 7}),
    ],
)
def test_other_keys_of_a_run_replace_the_assistants(default: Keys, sent: Keys, merged: Keys) -> None:
    config, _ = merge_config(assistant(config=default), sent, {})
    assert {key: value for key, value in config.items() if key != "configurable"} == merged


def test_a_config_names_the_run_whatever_the_caller_sent() -> None:
    run = a_run(config={"configurable": {"a": 1, "thread_id": "forged"}, "tags": ["t"], "recursion_limit": 7, "x": 1})
    config = build_config(run)
    assert config["run_id"] == UUID(run.run_id)
    assert (config["tags"], config["recursion_limit"], "x" in config) == (["t"], 7, False)
    assert config["configurable"] == {
        "a": 1,
        "checkpoint_ns": "",
        "run_id": run.run_id,
        "thread_id": run.thread_id,
        "graph_id": "graph",
        "assistant_id": "assistant",
        "user_id": "alice",
        "langgraph_auth_user": None,
        "langgraph_auth_user_id": "alice",
        "langgraph_auth_permissions": [],
    }


def test_the_runs_metadata_and_its_attempt_are_in_the_config() -> None:
    run = replace(a_run(config={"metadata": {"a": "config", "b": "config"}}), metadata={"b": "run"})
    metadata = build_config(run)["metadata"]
    assert (metadata["a"], metadata["b"], metadata["run_attempt"]) == ("config", "run", 2)


@pytest.mark.parametrize(
    ("sent", "checkpoint", "position"),
    [
        ({}, None, {"checkpoint_ns": ""}),
        ({"checkpoint_id": "sent"}, None, {"checkpoint_ns": "", "checkpoint_id": "sent"}),
        ({"checkpoint_id": "sent"}, {"checkpoint_id": "own"}, {"checkpoint_ns": "", "checkpoint_id": "own"}),
        ({}, {"checkpoint_ns": None, "thread_id": "x"}, {"checkpoint_ns": ""}),
        ({}, {"checkpoint_ns": "child:1"}, {"checkpoint_ns": "child:1"}),
    ],
)
def test_a_run_forks_from_the_checkpoint_it_names(sent: Keys, checkpoint: Keys | None, position: Keys) -> None:
    run = a_run(config={"configurable": sent}, checkpoint=checkpoint)
    configurable = build_config(run)["configurable"]
    assert {key: value for key, value in configurable.items() if key.startswith("checkpoint")} == position
    assert configurable["thread_id"] == run.thread_id


def test_a_later_attempt_goes_on_from_the_newest_checkpoint_without_new_input() -> None:
    run = a_run(input={"seen": 1}, command={"resume": 1}, checkpoint={"checkpoint_id": "c"})
    invocation = build_invocation(run, PLAIN, build_config(run), resume=True)
    assert invocation.input is None
    configurable = invocation.config["configurable"]
    assert ("checkpoint_id" in configurable, configurable["checkpoint_ns"]) == (False, "")


INPUT = {"seen": 1}
COMMANDS: list[tuple[Any, Any]] = [
    (None, INPUT),
    ({}, INPUT),
    ({"resume": None}, INPUT),
    ({"unknown": 1}, INPUT),
    ({"resume": 0}, Command(resume=0)),
    ({"resume": ""}, Command(resume="")),
    ({"resume": {"id": None}}, Command(resume={"id": None})),
    ({"goto": "a"}, Command(goto="a")),
    ({"goto": ["a", "b"]}, Command(goto=["a", "b"])),
    ({"goto": {"node": "a", "input": {"x": 1}}}, Command(goto=Send("a", {"x": 1}))),
    ({"goto": {"node": "a"}}, Command(goto=Send("a", None))),
    ({"goto": [{"node": "a", "input": 1}, {"node": "b", "input": 2}]}, Command(goto=[Send("a", 1), Send("b", 2)])),
    ({"update": {"x": 1}}, Command(update={"x": 1})),
    ({"update": [["x", 1], ["x", 2]]}, Command(update=[("x", 1), ("x", 2)])),
    ({"resume": 1, "update": {"x": 1}, "goto": None}, Command(resume=1, update={"x": 1})),
]


@pytest.mark.parametrize(("command", "given"), COMMANDS)
def test_a_command_that_says_something_takes_the_place_of_the_input(command: Any, given: Any) -> None:
    run = a_run(input=INPUT, command=command)
    assert build_invocation(run, PLAIN, build_config(run), resume=False).input == given


def test_a_thread_config_names_a_position_and_nothing_else() -> None:
    given = {"checkpoint_id": "c", "thread_id": "other", "run_id": "x"}
    assert thread_config("t", given) == {"configurable": {"checkpoint_ns": "", "checkpoint_id": "c", "thread_id": "t"}}
    assert thread_config("t") == {"configurable": {"checkpoint_ns": "", "thread_id": "t"}}


def test_durability_is_chosen_only_where_there_is_a_checkpointer() -> None:
    asked = {"interrupt_before": ["node"], "interrupt_after": "*", "durability": "exit"}
    for run, options in (a_run(**asked), asked), (a_run(**asked, temporary=True), {**asked, "durability": None}):
        given = build_invocation(run, PLAIN, build_config(run), resume=False).options
        assert given == {key: value for key, value in options.items() if value is not None}


@dataclass
class DataContext:
    a: int = 0
    b: str = "default"


class ModelContext(BaseModel):
    a: int = 0
    b: str = "default"


class DictContext(TypedDict, total=False):
    a: int


@pytest.mark.parametrize(
    ("schema", "seen"),
    [
        (DataContext, DataContext(a=1)),
        (ModelContext, ModelContext(a=1)),
        (DictContext, {"a": 1}),
        (None, {"a": 1, "other": 2}),
        (dict, {"a": 1, "other": 2}),
    ],
)
async def test_a_graph_sees_of_the_context_what_its_schema_knows(schema: Any, seen: Any) -> None:
    def node(_: State, runtime: Runtime[Any]) -> State:
        return {"seen": runtime.context}

    assert await invoke(graph_of(node, schema), a_run(context={"a": 1, "other": 2}, input={})) == {"seen": seen}


async def test_a_node_sees_the_callers_config_and_the_servers_ids() -> None:
    def node(_: State, config: RunnableConfig) -> State:
        return {"seen": (config["configurable"]["a"], config["configurable"]["run_id"], config["metadata"]["m"])}

    run = a_run(config={"configurable": {"a": 1}}, metadata={"m": 2}, input={})
    assert await invoke(graph_of(node), run) == {"seen": (1, run.run_id, 2)}


@pytest.mark.parametrize(("answer", "seen"), [("yes", "yes"), (0, 0), ({"a": None}, {"a": None})])
async def test_a_resume_value_arrives_at_the_question(answer: Any, seen: Any) -> None:
    graph = graph_of(lambda _: {"seen": interrupt("?")}, checkpointer=InMemorySaver())
    asking = a_run(input={})
    await invoke(graph, asking)
    answering = replace(a_run(command={"resume": answer}), thread_id=asking.thread_id)
    assert await invoke(graph, answering) == {"seen": seen}


async def invoke(graph: AnyGraph, run: Run) -> Any:
    given = build_invocation(run, graph, build_config(run), resume=False)
    options = given.options if graph.checkpointer else {}
    return await graph.ainvoke(given.input, given.config, context=given.context, **options)
