"""Stream modes: nine ways to watch a run, alone or together."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pytest
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.schema import StreamMode

from fundamentals.reading import collect, data_of, ids_of, log, names

HI: dict[str, Any] = {"messages": [{"role": "user", "content": "Hi"}]}


async def test_every_stream_begins_with_metadata_and_ends_with_end(client: LangGraphClient, thread_id: str) -> None:
    """The first event names the run, the last one says that no more will come. Ids count from 1 without gaps."""
    parts = await collect(client.runs.stream(thread_id, "steps", input=log()))

    run = (await client.runs.list(thread_id))[0]
    assert parts[0].event == "metadata"
    assert parts[0].data == {"run_id": run["run_id"], "attempt": 1}
    assert data_of(parts[-1:], "end") == [None]
    assert ids_of(parts) == list(range(1, len(parts)))


async def test_values_is_the_whole_state_after_each_step(client: LangGraphClient, thread_id: str) -> None:
    """The default mode: the input first, then every step."""
    parts = await collect(client.runs.stream(thread_id, "steps", input=log("in")))

    assert [data["log"][-1] for data in data_of(parts, "values")] == ["in", "one", "two", "three"]
    assert set(names(parts)) == {"metadata", "values", "end"}


async def test_updates_is_what_each_node_returned(client: LangGraphClient, thread_id: str) -> None:
    parts = await collect(client.runs.stream(thread_id, "steps", input=log("in"), stream_mode="updates"))

    assert data_of(parts, "updates") == [{name: {"log": [name]}} for name in ("one", "two", "three")]
    assert set(names(parts)) == {"metadata", "updates", "end"}


async def test_custom_is_whatever_a_node_writes(client: LangGraphClient, thread_id: str) -> None:
    parts = await collect(client.runs.stream(thread_id, "counter", input={"count": 3}, stream_mode="custom"))

    assert data_of(parts, "custom") == [{"number": 0}, {"number": 1}, {"number": 2}]


async def test_messages_tuple_is_each_token_with_its_origin(client: LangGraphClient, thread_id: str) -> None:
    """The event is called `messages`; its data is a chunk and the metadata of the model call it came from."""
    parts = await collect(client.runs.stream(thread_id, "chat", input=HI, stream_mode="messages-tuple"))

    messages = data_of(parts, "messages")
    tokens = [chunk for chunk, metadata in messages if metadata["langgraph_node"] == "greet"]
    assert "".join(token["content"] for token in tokens) == "Hello"
    assert {token["type"] for token in tokens} == {"AIMessageChunk"}
    assert len({token["id"] for token in tokens}) == 1
    assert messages[0][1].items() >= {"graph_id": "chat", "thread_id": thread_id, "langgraph_step": 1}.items()
    state: Any = await client.threads.get_state(thread_id)
    assert tokens[0]["id"] in [message["id"] for message in state["values"]["messages"]]


async def test_messages_is_each_message_as_it_grows(client: LangGraphClient, thread_id: str) -> None:
    """Announced once, then sent again and again with all that came so far; whole messages come as `complete`."""
    parts = await collect(client.runs.stream(thread_id, "chat", input=HI, stream_mode="messages"))

    grown = [data[0]["content"] for data in data_of(parts, "messages/partial")]
    assert [content for content, _ in groupby(grown)] == ["H", "He", "Hel", "Hell", "Hello"]
    assert {data[0]["type"] for data in data_of(parts, "messages/partial")} == {"ai"}
    complete = [data[0] for data in data_of(parts, "messages/complete")]
    assert [message["content"] for message in complete] == ["Bye"]
    announced = [key for data in data_of(parts, "messages/metadata") for key in data]
    assert announced == [data_of(parts, "messages/partial")[0][0]["id"], "the-signature"]


async def test_tasks_is_the_start_and_the_end_of_each_node(client: LangGraphClient, thread_id: str) -> None:
    parts = await collect(client.runs.stream(thread_id, "steps", input=log(), stream_mode="tasks"))

    tasks = data_of(parts, "tasks")
    assert [task["name"] for task in tasks] == ["one", "one", "two", "two", "three", "three"]
    started, ended = tasks[:2]
    assert started["id"] == ended["id"]
    assert started["input"] == {"log": []}
    assert (ended["result"], ended["error"], ended["interrupts"]) == ({"log": ["one"]}, None, [])


async def test_checkpoints_is_each_state_as_it_is_saved(client: LangGraphClient, thread_id: str) -> None:
    """The input's first, then one after each step. Its config names it, without the keys that are the server's own."""
    parts = await collect(client.runs.stream(thread_id, "steps", input=log(), stream_mode="checkpoints"))

    checkpoints = data_of(parts, "checkpoints")
    assert [checkpoint["next"] for checkpoint in checkpoints] == [["__start__"], ["one"], ["two"], ["three"], []]
    configurable = checkpoints[-1]["config"]["configurable"]
    state: Any = await client.threads.get_state(thread_id)
    assert configurable["checkpoint_id"] == state["checkpoint"]["checkpoint_id"]
    assert not [key for key in configurable if key.startswith(("__", "langgraph_auth"))]


async def test_debug_is_tasks_and_checkpoints_with_steps_and_times(client: LangGraphClient, thread_id: str) -> None:
    parts = await collect(client.runs.stream(thread_id, "steps", input=log(), stream_mode="debug"))

    debug = data_of(parts, "debug")
    assert [item["type"] for item in debug] == ["checkpoint", "checkpoint", *["task", "task_result", "checkpoint"] * 3]
    assert all(item["timestamp"] and "step" in item for item in debug)
    last = debug[-1]["payload"]
    assert last["checkpoint"]["checkpoint_id"] == last["config"]["configurable"]["checkpoint_id"]
    assert last["parent_checkpoint"]["checkpoint_id"] == debug[-4]["payload"]["checkpoint"]["checkpoint_id"]
    assert not [key for key in last["config"]["configurable"] if key.startswith(("__", "langgraph_auth"))]


async def test_events_is_the_inside_of_every_model_and_node(client: LangGraphClient, thread_id: str) -> None:
    """LangChain's `astream_events`; the root event's run_id is the platform's."""
    parts = await collect(client.runs.stream(thread_id, "chat", input=HI, stream_mode="events"))

    events = data_of(parts, "events")
    assert set(names(parts)) == {"metadata", "events", "end"}
    assert {"on_chain_start", "on_chat_model_stream", "on_chain_end"} <= {event["event"] for event in events}
    assert events[0]["run_id"] == parts[0].data["run_id"]
    of_root = [event["event"] for event in events if event["run_id"] == parts[0].data["run_id"]]
    assert of_root == ["on_chain_start", "on_chain_end"], "what the root streams are the other modes"
    tokens = [event["data"]["chunk"]["content"] for event in events if event["event"] == "on_chat_model_stream"]
    assert "".join(tokens) == "Hello"


async def test_several_modes_come_interleaved(client: LangGraphClient, thread_id: str) -> None:
    """A step's updates come before the values they lead to."""
    parts = await collect(
        client.runs.stream(thread_id, "steps", input=log(), stream_mode=["values", "updates", "tasks"])
    )

    assert names(parts) == ["metadata", "values", *["tasks", "updates", "tasks", "values"] * 3, "end"]


EVERY_MODE: list[StreamMode] = [
    "values",
    "updates",
    "custom",
    "messages-tuple",
    "tasks",
    "checkpoints",
    "debug",
    "events",
]


async def test_all_modes_at_once(client: LangGraphClient, thread_id: str) -> None:
    """`events` can be combined with the others, too."""
    parts = await collect(client.runs.stream(thread_id, "chat", input=HI, stream_mode=EVERY_MODE))

    shown = {*EVERY_MODE, "messages", "metadata", "end"} - {"messages-tuple", "custom"}
    assert set(names(parts)) == shown
    assert ids_of(parts) == list(range(1, len(parts)))


@pytest.mark.parametrize("mode", ["values", "updates", "tasks", "checkpoints", "debug"])
async def test_events_of_a_subgraph_carry_its_name(client: LangGraphClient, thread_id: str, mode: StreamMode) -> None:
    """With `stream_subgraphs` a subgraph's events are named `mode|child:<task id>`; without, it is silent."""
    quiet = await collect(client.runs.stream(thread_id, "family", input=log(), stream_mode=mode))
    assert {name.partition("|")[2] for name in names(quiet)} == {""}

    loud = await collect(client.runs.stream(thread_id, "family", input=log(), stream_mode=mode, stream_subgraphs=True))
    inner = {name for name in names(loud) if "|" in name}
    assert len(inner) == 1
    assert inner.pop().startswith(f"{mode}|child:")
    assert mode in names(loud)


async def test_an_empty_list_of_modes_means_values(client: LangGraphClient, thread_id: str) -> None:
    parts = await collect(client.runs.stream(thread_id, "steps", input=log(), stream_mode=[]))

    assert names(parts) == ["metadata", *["values"] * 4, "end"]


async def test_the_sdks_second_stream_format_is_served(client: LangGraphClient, thread_id: str) -> None:
    """`version="v2"` of the Python SDK: typed parts with a namespace instead of names with `|`."""
    parts = [
        part
        async for part in client.runs.stream(
            thread_id, "family", input=log(), stream_mode="updates", stream_subgraphs=True, version="v2"
        )
    ]

    updates: list[Any] = [part for part in parts if part["type"] == "updates"]
    assert updates[0]["ns"]
    assert updates[0]["data"] == {"prepare": {"log": ["prepared"]}}
