"""Runs of either protocol, watched through the other."""

from __future__ import annotations

import json
from typing import Any

from langgraph_sdk.client import LangGraphClient

from doors.protocol.talk import Talk, phases

MODES: Any = ["values", "updates", "custom", "tasks", "checkpoints", "messages-tuple"]


async def classic(client: LangGraphClient, talk: Talk, graph: str, **options: Any) -> list[Any]:
    given = {"if_not_exists": "create", "stream_mode": MODES, "stream_resumable": True, **options}
    return [part async for part in client.runs.stream(talk.thread_id, graph, **given)]


def texts(events: list[Any]) -> list[str]:
    """The texts of finished blocks of messages."""
    told = [event["params"]["data"] for event in events if event["method"] == "messages"]
    return [data["content"]["text"] for data in told if data["event"] == "content-block-finish"]


async def test_a_classic_run_is_watched_as_far_as_its_modes_tell(client: LangGraphClient, talk: Talk) -> None:
    parts = await classic(client, talk, "steps", input={"log": ["zero"]})
    async with talk.watch() as window:
        events = await window.ends()
    assert phases(events) == ["running", "completed"]
    assert window.data("values") == [part.data for part in parts if part.event == "values"]
    assert [data["node"] for data in window.data("updates")] == ["one", "two", "three"]
    assert [data["step"] for data in window.data("checkpoints")] == [-1, 0, 1, 2, 3]
    assert len(window.data("tasks")) == 6
    assert len(set(window.event_ids)) == len(window.events)


async def test_messages_of_a_classic_run_become_blocks(client: LangGraphClient, talk: Talk) -> None:
    hello = {"messages": [{"role": "user", "content": "hi"}]}
    await classic(client, talk, "chat", input=hello)
    async with talk.watch() as window:
        events = await window.ends()
    assert texts(events) == ["Hello", "Bye"]
    kinds = [data["event"] for data in window.data("messages")]
    assert (kinds.count("message-start"), kinds.count("message-finish")) == (2, 2)
    assert kinds.count("content-block-delta") == len("Hello") + 1


async def test_messages_that_grow_become_blocks_too(client: LangGraphClient, talk: Talk) -> None:
    hello = {"messages": [{"role": "user", "content": "hi"}]}
    await classic(client, talk, "chat", input=hello, stream_mode=["messages", "values"])
    async with talk.watch() as window:
        assert texts(await window.ends()) == ["Hello", "Bye"]
    deltas = [data["delta"]["text"] for data in window.data("messages") if data["event"] == "content-block-delta"]
    assert "".join(deltas) == "HelloBye"


async def test_a_question_of_a_classic_run_is_told_and_answered(client: LangGraphClient, talk: Talk) -> None:
    await classic(client, talk, "asks", input={})
    async with talk.watch() as window:
        assert phases(await window.ends()) == ["running", "interrupted"]
        (question,) = window.data("input.requested")
        assert question["payload"] == question["value"] == {"question": "Shall we?"}
        assert not [values for values in window.data("values") if "__interrupt__" in values]
        await talk.do("input.respond", namespace=[], interrupt_id=question["interrupt_id"], response="yes")
        assert phases(await window.ends(2))[-1] == "completed"


async def test_a_classic_run_without_stored_events_is_watched_live(client: LangGraphClient, talk: Talk) -> None:
    async with talk.watch() as window:
        run = await client.runs.create(talk.thread_id, "steps", input={}, if_not_exists="create")
        events = await window.ends()
    assert events[-1]["event_id"] == f"synth:{run['run_id']}:lc||completed"
    assert window.data("values")[-1] == {"log": ["one", "two", "three"]}


async def test_a_run_of_the_protocol_is_joined_by_a_classic_client(client: LangGraphClient, talk: Talk) -> None:
    run_id, _ = await talk.run("steps")
    parts = [part async for part in client.runs.join_stream(talk.thread_id, run_id, last_event_id="-1")]
    names = [part.event for part in parts]
    assert names[0] == "metadata"
    assert [part.data for part in parts if part.event == "values"][-1] == {"log": ["zero", "one", "two", "three"]}
    assert next(part.data for part in parts if part.event == "updates") == {"one": {"log": ["one"]}}
    assert set(names) == {"metadata", "values", "updates", "tasks", "end"}
    joined: Any = await client.runs.join(talk.thread_id, run_id)
    assert joined == {"log": ["zero", "one", "two", "three"]}


async def test_classic_clients_get_messages_in_chunks(client: LangGraphClient, talk: Talk) -> None:
    run_id, _ = await talk.run("chat", input={"messages": [{"role": "user", "content": "hi"}]})
    stream = client.runs.join_stream(talk.thread_id, run_id, last_event_id="-1", stream_mode="messages-tuple")
    chunks = [part.data async for part in stream if part.event == "messages"]
    assert {chunk["type"] for chunk, _ in chunks} == {"AIMessageChunk"}
    said: dict[str, str] = {}
    for chunk, _ in chunks:
        said[chunk["id"]] = said.get(chunk["id"], "") + chunk["content"]
    assert list(said.values()) == ["Hello", "Bye"]
    assert {metadata["langgraph_node"] for _, metadata in chunks} == {"greet", "sign"}


async def test_classic_clients_see_what_is_asked_in_the_values(client: LangGraphClient, talk: Talk) -> None:
    run_id, _ = await talk.run("family")
    stream = client.runs.join_stream(talk.thread_id, run_id, last_event_id="-1")
    values = [part.data async for part in stream if part.event == "values"]
    assert [each["value"] for each in values[-1]["__interrupt__"]] == [{"question": "Shall we?"}]
    joined: Any = await client.runs.join(talk.thread_id, run_id)
    assert joined["__interrupt__"][0]["id"] == values[-1]["__interrupt__"][0]["id"]


async def test_the_stream_of_a_thread_tells_runs_of_both_protocols_in_one_way(
    client: LangGraphClient, talk: Talk
) -> None:
    await talk.run("steps")
    await classic(client, talk, "steps", input={"log": ["again"]}, stream_mode="values")
    seen: list[Any] = []
    async for part in await client.threads.join_stream(talk.thread_id, last_event_id="-", stream_mode="run_modes"):
        seen += [part.data] if part.event == "values" else []
        if part.event == "metadata" and json.dumps(part.data).count("run_done") and len(seen) > 4:
            break
    assert [len(values["log"]) for values in seen] == [1, 2, 3, 4, 5, 6, 7, 8]


async def test_both_shapes_of_content_stand_side_by_side(client: LangGraphClient, talk: Talk) -> None:
    hello = {"messages": [{"role": "user", "content": "hi"}]}
    await talk.run("chat", input=hello)
    await classic(client, talk, "chat", input=hello)
    state: Any = await client.threads.get_state(talk.thread_id)
    messages = state["values"]["messages"]
    said = [message["content"] for message in messages if message["type"] == "ai" and message["id"] != "the-signature"]
    assert [type(content) for content in said] == [list, str]
