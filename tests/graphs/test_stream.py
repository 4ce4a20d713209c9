"""GraphStream: what small real graphs emit, as the wire sees it."""

from __future__ import annotations

import operator
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.config import get_stream_writer
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict

from kit.leaks import nothing_leaks
from runline.graphs.invocation import Invocation
from runline.graphs.registry import AnyGraph
from runline.graphs.stream import Emission, GraphStream
from runline.kit.ids import new_id
from runline.kit.json import Once


@pytest.fixture(autouse=True)
async def leak_free() -> AsyncIterator[None]:
    async with nothing_leaks():
        yield


class State(TypedDict, total=False):
    log: Annotated[list[str], operator.add]


def speak(_: State) -> State:
    get_stream_writer()({"said": "hi"})
    return {"log": ["spoken"]}


def chain(*nodes: Any, schema: Any = State, **options: Any) -> AnyGraph:
    """Nodes one after the other, named a, b, c."""
    builder = StateGraph(schema)
    for name, node in zip("abc", nodes, strict=False):
        builder.add_node(name, node)
    for first, second in zip([START, *"abc"], "abc"[: len(nodes)], strict=False):
        builder.add_edge(first, second)
    return builder.compile(**options)


TWO_STEPS = chain(speak, lambda _: {"log": ["done"]})


async def emitted(
    graph: AnyGraph, *modes: str, given: Any = None, subgraphs: bool = False, stream: GraphStream | None = None
) -> list[Emission]:
    """Run the graph to its end."""
    run_id = new_id()
    configurable = {"run_id": run_id, "thread_id": "t", "langgraph_auth_user": "secret", "mine": 1, "__hidden": 2}
    config: Any = {"configurable": configurable, "run_id": UUID(run_id)}
    invocation = Invocation({"log": ["in"]} if given is None else given, config, None, {})
    stream = stream or GraphStream(modes, subgraphs=subgraphs)
    return [(name, plain(data)) async for step in stream.run(graph, invocation) for name, data in step]


def plain(value: Any) -> Any:
    return value.value if isinstance(value, Once) else value


def names(emissions: list[Emission]) -> list[str]:
    return [name for name, _ in emissions]


async def test_values_are_the_state_after_the_input_and_after_each_step() -> None:
    logs = [["in"], ["in", "spoken"], ["in", "spoken", "done"]]
    assert await emitted(TWO_STEPS, "values") == [("values", {"log": log}) for log in logs]


async def test_without_a_mode_values_are_emitted() -> None:
    assert names(await emitted(TWO_STEPS)) == ["values"] * 3


@pytest.mark.parametrize("modes", [("values",), ("updates",), ("events",), ("messages", "custom")])
async def test_the_last_values_are_kept_for_the_result_whatever_is_shown(modes: tuple[str, ...]) -> None:
    stream = GraphStream(modes, subgraphs=False)
    shown = await emitted(TWO_STEPS, stream=stream)
    assert plain(stream.result) == {"log": ["in", "spoken", "done"]}
    assert ("values" in names(shown)) == ("values" in modes)


async def test_several_modes_come_interleaved_with_updates_before_the_values_of_their_step() -> None:
    shown = await emitted(TWO_STEPS, "values", "updates", "custom")
    assert names(shown) == ["values", "custom", "updates", "values", "updates", "values"]
    assert shown[1] == ("custom", {"said": "hi"})
    assert shown[2] == ("updates", {"a": {"log": ["spoken"]}})


async def test_tasks_tell_of_their_start_and_their_end() -> None:
    shown = await emitted(TWO_STEPS, "tasks")
    assert names(shown) == ["tasks"] * 4
    assert [(data["name"], "result" in data) for _, data in shown] == [
        ("a", False),
        ("a", True),
        ("b", False),
        ("b", True),
    ]


def talking(*texts: str) -> AnyGraph:
    model = GenericFakeChatModel(messages=iter(AIMessage(text) for text in texts))

    async def call(state: MessagesState) -> dict[str, Any]:
        return {"messages": [await model.ainvoke(state["messages"])]}

    return chain(*[call] * len(texts), schema=MessagesState)


HELLO = {"messages": [HumanMessage("hello", id="h")]}


async def test_messages_are_announced_once_and_grow_until_they_are_whole() -> None:
    shown = await emitted(talking("one two three"), "messages", given=HELLO)
    message_id = next(iter(shown[0][1]))
    assert shown[0][0] == "messages/metadata"
    assert shown[0][1][message_id]["metadata"]["langgraph_node"] == "a"
    partial = [data[0] for name, data in shown[1:] if name == "messages/partial"]
    assert names(shown[1:]) == ["messages/partial"] * len(partial)
    texts = [message.content for message in partial]
    assert [text for index, text in enumerate(texts) if text not in texts[:index]] == [
        "one",
        "one ",
        "one two",
        "one two ",
        "one two three",
    ]
    assert {(message.type, message.id) for message in partial} == {("ai", message_id)}


async def test_messages_of_two_calls_do_not_flow_into_each_other() -> None:
    shown = await emitted(talking("one", "two"), "messages", given=HELLO)
    announced = [next(iter(data)) for name, data in shown if name == "messages/metadata"]
    assert len(set(announced)) == len(announced) == 2
    last = {data[0].id: data[0].content for name, data in shown if name == "messages/partial"}
    assert last == dict(zip(announced, ["one", "two"], strict=True))


async def test_a_message_that_was_not_streamed_comes_complete() -> None:
    whole = chain(lambda _: {"messages": [AIMessage("whole", id="w")]}, schema=MessagesState)
    shown = await emitted(whole, "messages", given=HELLO)
    assert names(shown) == ["messages/metadata", "messages/complete"]
    assert shown[1][1] == [AIMessage("whole", id="w")]


@pytest.mark.parametrize("modes", [("messages-tuple",), ("messages", "messages-tuple")])
async def test_message_tuples_are_chunks_with_their_metadata_and_win_over_messages(modes: tuple[str, ...]) -> None:
    shown = await emitted(talking("one two"), *modes, given=HELLO)
    assert set(names(shown)) == {"messages"}
    assert "".join(chunk.content for _, (chunk, _) in shown) == "one two"
    assert {chunk.type for _, (chunk, _) in shown} == {"AIMessageChunk"}
    assert all(metadata["langgraph_node"] == "a" for _, (_, metadata) in shown)


def nested(**options: Any) -> AnyGraph:
    return chain(chain(speak), lambda _: {"log": ["out"]}, **options)


async def test_events_of_subgraphs_are_named_after_their_place_if_they_are_wanted() -> None:
    shown = await emitted(nested(), "values", "updates", "custom", subgraphs=True)
    places = {name.partition("|")[2].partition(":")[0] for name in names(shown)}
    assert places == {"", "a"}
    inner = next(name for name in names(shown) if name.startswith("updates|a:"))
    assert (inner, {"a": {"log": ["spoken"]}}) in shown
    assert names(await emitted(nested(), "updates")) == ["updates", "updates"]


async def test_the_values_of_a_subgraph_are_not_the_result() -> None:
    stream = GraphStream(("custom",), subgraphs=True)
    await emitted(nested(), stream=stream)
    assert plain(stream.result) == {"log": ["in", "in", "spoken", "out"]}


def configs(data: Any) -> list[dict[str, Any]]:
    return [data[key]["configurable"] for key in ("config", "parent_config") if data[key]]


async def test_debug_checkpoints_name_their_place_and_tell_no_secrets() -> None:
    shown = [data for _, data in await emitted(chain(speak, checkpointer=InMemorySaver()), "debug")]
    assert [data["type"] for data in shown] == ["checkpoint", "checkpoint", "task", "task_result", "checkpoint"]
    payloads = [data["payload"] for data in shown if data["type"] == "checkpoint"]
    for payload in payloads:
        for configurable in configs(payload):
            assert not {"langgraph_auth_user", "__hidden"} & configurable.keys()
            assert not [key for key in configurable if key.startswith("__")]
    assert configs(payloads[0])[0].keys() >= {"thread_id", "run_id", "mine", "checkpoint_id"}
    ids = [payload["checkpoint"]["checkpoint_id"] for payload in payloads]
    assert [payload["parent_checkpoint"] for payload in payloads[:1]] == [None]
    assert [payload["parent_checkpoint"]["checkpoint_id"] for payload in payloads[1:]] == ids[:-1]
    assert all(payload["checkpoint"].keys() == {"checkpoint_id", "thread_id", "checkpoint_ns"} for payload in payloads)


async def test_checkpoints_are_told_without_secrets_or_further_names() -> None:
    shown = await emitted(chain(speak, checkpointer=InMemorySaver()), "checkpoints")
    assert names(shown) == ["checkpoints"] * 3
    for _, data in shown:
        assert "checkpoint" not in data
        assert all("langgraph_auth_user" not in configurable for configurable in configs(data))


def ask(_: State) -> State:
    return {"log": [interrupt("sure?")]}


async def test_an_interrupt_is_in_the_last_values_and_updates() -> None:
    shown = await emitted(chain(ask, checkpointer=InMemorySaver()), "values", "updates")
    (update,) = [data for name, data in shown if name == "updates"]
    assert update["__interrupt__"][0].value == "sure?"
    assert shown[-1][1]["__interrupt__"][0].value == "sure?"


async def test_an_interrupt_says_nothing_in_messages() -> None:
    stream = GraphStream(("messages",), subgraphs=False)
    assert await emitted(chain(ask, checkpointer=InMemorySaver()), stream=stream) == []
    assert stream.result["__interrupt__"][0].value == "sure?"


@pytest.mark.parametrize("modes", [("values",), ("events", "values")])
async def test_the_exception_of_a_graph_passes_through_after_what_came_before_it(modes: tuple[str, ...]) -> None:
    def fail(_: State) -> State:
        raise ValueError("no")

    seen: list[str] = []

    async def run() -> None:
        invocation = Invocation({"log": ["in"]}, {"run_id": UUID(new_id())}, None, {})
        async for step in GraphStream(modes, subgraphs=False).run(chain(speak, fail), invocation):
            seen.extend(names(step))

    with pytest.raises(ValueError, match=r"^no"):
        await run()
    assert seen.count("values") == 2


@pytest.mark.parametrize("graph", [TWO_STEPS, nested()], ids=["plain", "nested"])
@pytest.mark.parametrize("subgraphs", [True, False])
async def test_events_may_be_combined_with_other_modes_and_change_nothing_of_them(
    graph: AnyGraph, subgraphs: bool
) -> None:
    modes = ("values", "updates", "custom")
    shown = await emitted(graph, "events", *modes, subgraphs=subgraphs)
    events = [data for name, data in shown if name == "events"]
    assert {event["event"] for event in events} >= {"on_chain_start", "on_chain_stream", "on_chain_end"}
    others = [name.partition(":")[0] for name, _ in shown if name != "events"]
    plain = await emitted(graph, *modes, subgraphs=subgraphs)
    assert others == [name.partition(":")[0] for name in names(plain)]
