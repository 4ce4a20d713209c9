"""StreamModes: events of the agent streaming protocol in the words of stream modes."""

from __future__ import annotations

import json
from typing import Any

from runline.doors.platform.protocol_runs import StreamModes
from runline.model.event import Event
from runline.model.lifecycle import RunStatus
from runline.model.run import Run, RunSpec, StreamProtocol
from storage.world import START

RUN = Run("r", "t", "g", "", RunStatus.RUNNING, RunSpec("a", protocol=StreamProtocol.V2), {}, START, START, START)


def event(name: str, data: Any, seq: int = 1) -> Event:
    params = {"namespace": name.split("|")[1:], "timestamp": 1, "data": data, "node": "model"}
    return Event(seq, name, json.dumps(params).encode())


def told(*events: Event, words: StreamModes | None = None) -> list[tuple[str, Any]]:
    return [(each.name, json.loads(each.data)) for each in (words or StreamModes()).of(RUN, events)]


def message(event_name: str, **data: Any) -> Event:
    return event("messages", {"event": event_name, "message_id": "m", **data})


def test_events_keep_their_seqs_and_what_has_no_word_is_left_out() -> None:
    kept = StreamModes().of(
        RUN, [event("tools", {}, 1), event("custom", {"payload": 5}, 2), event("lifecycle|a", {}, 3)]
    )
    assert [(each.seq, each.name, each.data) for each in kept] == [(2, "custom", b"5")]


def test_questions_are_told_with_the_values_behind_them() -> None:
    asked = event("input.requested|child:1", {"interrupt_id": "i", "payload": "?", "value": "?"})
    values = told(asked, event("values|child:1", {"a": 1}), event("values|other:1", {}), event("values", {"a": 0}))
    interrupts = [{"value": "?", "id": "i"}]
    assert values == [
        ("values|child:1", {"a": 1, "__interrupt__": interrupts}),
        ("values|other:1", {}),
        ("values", {"a": 0, "__interrupt__": interrupts}),
    ]


def test_messages_become_chunks() -> None:
    start = message("message-start", role="ai", id="m")
    tool = message("content-block-start", index=1, content={"type": "tool_call_chunk", "id": "1", "name": "add"})
    args = message("content-block-delta", index=1, delta={"type": "tool-call-delta", "args": "{}"})
    text = message("content-block-delta", index=0, delta={"type": "text-delta", "text": "Hi"})
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    chunks = told(start, text, tool, args, message("message-finish", usage=usage))
    assert {(name, data[0]["id"], data[1]["langgraph_node"]) for name, data in chunks} == {("messages", "m", "model")}
    said, named, given, last = (data[0] for _, data in chunks)
    assert said["content"] == "Hi"
    assert (named["tool_call_chunks"][0]["name"], given["tool_call_chunks"][0]["args"]) == ("add", "{}")
    assert (last["usage_metadata"], last["chunk_position"]) == (usage, "last")


def test_what_nodes_say_for_others_is_no_chunk() -> None:
    start = message("message-start", role="human", id="m")
    assert told(start, message("content-block-delta", index=0, delta={"type": "text-delta", "text": "Hi"})) == []


def test_questions_of_a_run_are_not_those_of_the_next() -> None:
    words = StreamModes()
    told(event("input.requested", {"interrupt_id": "i", "payload": "?", "value": "?"}), words=words)
    other = Run("s", "t", "g", "", RunStatus.RUNNING, RUN.spec, {}, START, START, START)
    (values,) = words.of(other, [event("values", {})])
    assert json.loads(values.data) == {}
