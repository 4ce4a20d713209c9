"""MessageBlocks: what classic runs say of messages, in content blocks."""

from __future__ import annotations

from typing import Any

from runline.doors.protocol.classic_messages import MessageBlocks


def chunk(content: Any = "", **more: Any) -> dict[str, Any]:
    return {"type": "AIMessageChunk", "id": "m", "content": content, **more}


def call(args: str = "", index: int = 0, **more: Any) -> dict[str, Any]:
    return chunk(tool_call_chunks=[{"args": args, "index": index, "id": None, "name": None, **more}])


def told(*chunks: dict[str, Any]) -> list[dict[str, Any]]:
    blocks = MessageBlocks()
    return [event for each in chunks for event in blocks.chunk(each)] + list(blocks.flush())


def finished(events: list[dict[str, Any]]) -> list[Any]:
    return [event["content"] for event in events if event["event"] == "content-block-finish"]


def test_a_text_is_one_block_from_its_start_to_its_finish() -> None:
    usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    events = told(chunk("a "), chunk("b"), chunk(usage_metadata=usage, chunk_position="last"))
    assert [event["event"] for event in events] == [
        "message-start",
        "content-block-start",
        "content-block-delta",
        "content-block-delta",
        "content-block-finish",
        "message-finish",
    ]
    assert (finished(events), events[-1]["usage"]) == ([{"type": "text", "text": "a b"}], usage)


def test_tool_calls_become_blocks_of_their_own_with_their_arguments_read() -> None:
    head = call(id="1", name="add")
    events = told(chunk("Let me"), head, call('{"a":'), call(" 1}"), call(index=1, id="2", name="stop"))
    assert finished(events) == [
        {"type": "text", "text": "Let me"},
        {"type": "tool_call", "id": "1", "name": "add", "args": {"a": 1}},
        {"type": "tool_call", "id": "2", "name": "stop", "args": {}},
    ]


def test_arguments_that_are_no_json_are_told_as_they_are() -> None:
    (block,) = finished(told(call('{"a', id="1", name="add")))
    assert (block["type"], block["args"]) == ("invalid_tool_call", '{"a')


def test_thoughts_and_texts_are_blocks_in_their_order() -> None:
    thought = [{"type": "reasoning", "reasoning": "Hm"}]
    events = told(chunk(thought), chunk([{"type": "text", "text": "Yes"}]))
    assert finished(events) == [{"type": "reasoning", "reasoning": "Hm"}, {"type": "text", "text": "Yes"}]


def test_a_message_that_was_told_in_chunks_is_not_told_again_when_it_comes_whole() -> None:
    events = told(chunk("a", chunk_position="last"), {"type": "ai", "id": "m", "content": "a"})
    assert [event["event"] for event in events].count("message-start") == 1


def test_a_whole_message_is_told_at_once_and_a_tools_result_is_not() -> None:
    assert finished(told({"type": "ai", "id": "n", "content": "Bye"})) == [{"type": "text", "text": "Bye"}]
    assert told({"type": "tool", "id": "t", "content": "5", "tool_call_id": "1"}) == []


def test_a_message_that_grows_is_told_by_what_it_grew() -> None:
    blocks = MessageBlocks()
    grown = [{"type": "ai", "id": "m", "content": "abc"[:length]} for length in (1, 3)]
    events = [event for each in grown for event in blocks.grown(each)] + list(blocks.flush())
    assert [event["delta"]["text"] for event in events if event["event"] == "content-block-delta"] == ["a", "bc"]
