"""ProtocolStream: what real graphs tell in the words of the agent streaming protocol."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.stream import CustomTransformer, StreamTransformer, TasksTransformer, UpdatesTransformer
from langgraph.stream.stream_channel import StreamChannel
from langgraph.types import Command, interrupt

from graphs.test_stream import State, chain, speak
from graphs_under_test.people import asks_many, family
from kit.leaks import nothing_leaks
from runline.graphs.invocation import Invocation
from runline.graphs.protocol_stream import ProtocolStream
from runline.graphs.registry import AnyGraph
from runline.kit.json import dumps, loads

Told = list[tuple[str, dict[str, Any]]]


async def told(graph: AnyGraph, given: Any = None, stream: ProtocolStream | None = None) -> Told:
    """Run a graph on a thread to its end; returns the events as they are stored."""
    stream = stream or ProtocolStream()
    invocation = Invocation({"log": ["in"]} if given is None else given, {"configurable": {"thread_id": "t"}}, None, {})
    async with nothing_leaks():
        return [(name, loads(dumps(params))) async for step in stream.run(graph, invocation) for name, params in step]


def names(events: Told, *kinds: str) -> list[str]:
    return [name for name, _ in events if not kinds or name.partition("|")[0] in kinds]


def data(events: Told, kind: str) -> list[Any]:
    return [params["data"] for name, params in events if name == kind]


def saved(graph: AnyGraph) -> AnyGraph:
    return graph.copy(update={"checkpointer": InMemorySaver()})


async def test_a_step_is_told_with_its_update_its_checkpoint_and_its_values_in_this_order() -> None:
    events = await told(chain(speak, checkpointer=InMemorySaver()))
    assert names(events, "updates", "checkpoints", "values", "custom") == [
        "checkpoints", "checkpoints", "values", "custom", "updates", "checkpoints", "values",
    ]  # fmt: skip
    assert data(events, "values") == [{"log": ["in"]}, {"log": ["in", "spoken"]}]
    assert data(events, "updates") == [{"node": "a", "values": {"log": ["spoken"]}}]
    assert data(events, "custom") == [{"payload": {"said": "hi"}}]
    first, second, third = data(events, "checkpoints")
    assert [(each["step"], each["source"]) for each in (first, second, third)] == [
        (-1, "input"),
        (0, "loop"),
        (1, "loop"),
    ]
    assert (second["parent_id"], third["parent_id"]) == (first["id"], second["id"])
    assert "parent_id" not in first


async def test_tasks_are_told_with_their_results() -> None:
    start, result = data(await told(chain(speak)), "tasks")
    assert (start["name"], result["result"]) == ("a", {"log": ["spoken"]})


async def test_every_event_says_when_and_where() -> None:
    for name, params in await told(saved(family)):
        kind, *namespace = name.split("|")
        assert params["namespace"] == namespace
        assert params["timestamp"] > 1_700_000_000_000
        assert kind != "lifecycle" or namespace


async def test_a_subgraph_has_its_life_told_and_its_events_in_its_namespace() -> None:
    events = await told(saved(family))
    (place,) = {name.partition("|")[2] for name in names(events) if "|" in name}
    assert place.startswith("child:")
    life = data(events, f"lifecycle|{place}")
    assert [each["event"] for each in life] == ["started", "interrupted"]
    assert life[0]["graph_name"] == "child"
    assert names(events, "input.requested") == [f"input.requested|{place}"]


async def test_a_question_is_told_once_under_both_names_and_not_in_the_values() -> None:
    stream = ProtocolStream()
    events = await told(saved(asks_many), stream=stream)
    asked = data(events, "input.requested")
    assert sorted(each["payload"] for each in asked) == ["left, first", "right"]
    assert all(each["value"] == each["payload"] and each["interrupt_id"] for each in asked)
    assert not [values for values in data(events, "values") if "__interrupt__" in values]
    assert len(stream.result["__interrupt__"]) == 2
    assert stream.state is None


async def test_the_state_of_a_graph_that_came_to_its_end_need_not_be_read() -> None:
    stream = ProtocolStream()
    await told(chain(speak, checkpointer=InMemorySaver()), stream=stream)
    assert stream.state
    assert loads(dumps(stream.state.values)) == loads(dumps(stream.result)) == {"log": ["in", "spoken"]}


async def test_a_models_answer_is_told_in_blocks_and_one_that_no_model_streamed_too() -> None:
    model = GenericFakeChatModel(messages=iter([AIMessage("a b")]))

    async def answer(state: MessagesState) -> dict[str, Any]:
        return {"messages": [await model.ainvoke(state["messages"])]}

    async def sign(_: MessagesState) -> dict[str, Any]:
        return {"messages": [AIMessage("Bye", id="signature"), ToolMessage("no", tool_call_id="1")]}

    events = await told(chain(answer, sign, schema=MessagesState), {"messages": ["hi"]})
    blocks = data(events, "messages")
    assert [block["event"] for block in blocks] == [
        "message-start", "content-block-start", *3 * ["content-block-delta"], "content-block-finish", "message-finish",
        "message-start", "content-block-start", "content-block-delta", "content-block-finish", "message-finish",
    ]  # fmt: skip
    assert [block["content"]["text"] for block in blocks if block["event"] == "content-block-finish"] == ["a b", "Bye"]
    assert {params["node"] for name, params in events if name == "messages"} == {"a", "b"}
    assert blocks[7]["id"] == "signature"


async def test_tools_are_told_from_their_start_to_their_result() -> None:
    @tool
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    call = AIMessage("", tool_calls=[{"name": "add", "args": {"a": 1, "b": 2}, "id": "call"}])
    graph = StateGraph(MessagesState).add_node("tools", ToolNode([add])).add_edge(START, "tools").compile()
    begun, ended = data(await told(graph, {"messages": [call]}), "tools")
    assert (begun["event"], begun["tool_name"], begun["input"]) == ("tool-started", "add", {"a": 1, "b": 2})
    assert (ended["event"], ended["tool_call_id"], ended["output"]["content"]) == ("tool-finished", "call", "3")


async def test_a_graph_may_have_langgraphs_own_transformers() -> None:
    """Projections of one name cannot stand side by side in langgraph."""
    graph = chain(speak, transformers=[UpdatesTransformer, CustomTransformer, TasksTransformer])
    assert len(data(await told(graph), "updates")) == 1


async def test_an_error_passes_through_after_all_that_was_told_before_it() -> None:
    def fail(_: State) -> State:
        raise ValueError("no")

    events: Told = []
    stream = ProtocolStream().run(
        chain(speak, fail, checkpointer=InMemorySaver()),
        Invocation({"log": []}, {"configurable": {"thread_id": "t"}}, None, {}),
    )

    async def read() -> None:
        async for step in stream:
            events.extend(step)

    with pytest.raises(ValueError, match="no"):
        await read()
    assert names(events)[-1].startswith("tasks")
    assert names(events).count("values") == 2


async def test_an_answer_goes_on_and_its_first_values_are_told() -> None:
    def ask(_: State) -> State:
        return {"log": [interrupt("?")]}

    graph = chain(ask, checkpointer=InMemorySaver())
    await told(graph)
    events = await told(graph, Command(resume="yes"))
    assert data(events, "values")[-1] == {"log": ["in", "yes"]}
    assert names(events, "input.requested") == []


class Marks(StreamTransformer):
    """A graph's own transformer, with a channel that has a name."""

    required_stream_modes = ("updates",)

    def __init__(self, scope: tuple[str, ...] = ()) -> None:
        super().__init__(scope)
        self.marks: StreamChannel[Any] = StreamChannel("marks")

    def init(self) -> dict[str, Any]:
        return {"marks": self.marks}

    def process(self, event: Any) -> bool:
        if event["method"] == "updates":
            self.marks.push({"updated": list(event["params"]["data"])})
        return True


async def test_channels_of_a_graphs_own_are_told_by_their_names() -> None:
    events = await told(chain(speak, transformers=[Marks]))
    assert data(events, "custom:marks") == [{"name": "marks", "payload": {"updated": ["a"]}}]


async def test_what_several_models_say_at_once_can_be_told_apart() -> None:
    def saying(text: str) -> Any:
        async def say(_: MessagesState) -> dict[str, Any]:
            return {"messages": [await GenericFakeChatModel(messages=iter([AIMessage(text)])).ainvoke("")]}

        return say

    builder = StateGraph(MessagesState)
    for name in ("left", "right"):
        builder.add_node(name, saying(f"{name} says so")).add_edge(START, name)
    blocks = data(await told(builder.compile(), {"messages": []}), "messages")
    said: dict[tuple[str, str], str] = {}
    for block in blocks:
        key = (block["run_id"], block["message_id"])
        said[key] = said.get(key, "") + block.get("delta", {}).get("text", "")
    assert sorted(said.values()) == ["left says so", "right says so"]
