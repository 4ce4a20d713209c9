"""Exercises for `client.runs`."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph_sdk.errors import NotFoundError

from clients.python.sdk import Sdk
from clients.python.threads import made as made_thread
from clients.receiver import receiving
from fundamentals.reading import data_of, log, log_of, names

DONE = ["zero", "one", "two", "three"]
FOR_LONG: dict[str, Any] = {"input": {"count": 2, "pause": 60}}


def made(sdk: Sdk, thread_id: str, **asked: Any) -> str:
    """A run of three steps."""
    run = sdk.call("runs.create", thread_id, "steps", **{"input": log("zero"), **asked})
    return str(run["run_id"])


def long(sdk: Sdk) -> tuple[str, str]:
    """A thread and its run, which is to be cancelled."""
    thread_id = made_thread(sdk)
    return thread_id, str(sdk.call("runs.create", thread_id, "counter", **FOR_LONG)["run_id"])


def ended(sdk: Sdk, **asked: Any) -> tuple[str, str]:
    """A thread and its run, which has ended."""
    thread_id = made_thread(sdk)
    run_id = made(sdk, thread_id, **asked)
    sdk.call("runs.join", thread_id, run_id)
    return thread_id, run_id


def create(sdk: Sdk) -> None:
    told: list[Any] = []
    thread_id = made_thread(sdk)
    run_id = made(sdk, thread_id, metadata={"a": 1}, multitask_strategy="reject", on_run_created=told.append)
    assert told == [{"run_id": run_id, "thread_id": thread_id}]
    assert log_of(sdk.call("runs.join", thread_id, run_id)) == DONE


def create_without_thread(sdk: Sdk) -> None:
    run = sdk.call("runs.create", None, "steps", input=log("zero"), on_completion="keep")
    assert log_of(sdk.call("runs.join", run["thread_id"], run["run_id"])) == DONE


def create_with_webhook(sdk: Sdk) -> None:
    thread_id = made_thread(sdk)
    with receiving() as receiver:
        run_id = made(sdk, thread_id, webhook=receiver.url)
        told = receiver.next()
    assert (told["run_id"], told["status"], log_of(told["values"])) == (run_id, "success", DONE)


def create_batch(sdk: Sdk) -> None:
    runs = sdk.call("runs.create_batch", [{"assistant_id": "steps", "input": log(word)} for word in "ab"])
    assert len({run["run_id"] for run in runs}) == 2


def stream(sdk: Sdk) -> None:
    parts = sdk.call("runs.stream", made_thread(sdk), "steps", input=log("zero"), stream_mode=["updates", "values"])
    assert names(parts)[:2] == ["metadata", "values"]
    assert data_of(parts, "updates") == [{word: log(word)} for word in DONE[1:]]
    assert log_of(data_of(parts, "values")[-1]) == DONE


def stream_without_thread(sdk: Sdk) -> None:
    parts = sdk.call("runs.stream", None, "chat", input={"messages": []}, stream_mode="messages-tuple", version="v2")
    assert "".join(part["data"][0]["content"] for part in parts if part["type"] == "messages") == "HelloBye"


def wait(sdk: Sdk) -> None:
    assert log_of(sdk.call("runs.wait", made_thread(sdk), "steps", input=log("zero"))) == DONE


def wait_for_an_answer(sdk: Sdk) -> None:
    thread_id = made_thread(sdk)
    asked = sdk.call("runs.wait", thread_id, "asks", input=log())
    assert [question["value"] for question in asked["__interrupt__"]] == [{"question": "Shall we?"}]
    answered = sdk.call("runs.wait", thread_id, "asks", command={"resume": "yes"})
    assert log_of(answered) == ["prepared", "answer: yes", "acted"]


def wait_for_an_error(sdk: Sdk) -> None:
    with pytest.raises(Exception, match="ValueError: kaboom"):
        sdk.call("runs.wait", None, "steps", input=log(), context={"fail": "ValueError"})


def listed(sdk: Sdk) -> None:
    thread_id, run_id = ended(sdk)
    found = sdk.call("runs.list", thread_id, status="success", select=["run_id", "status"])
    assert found == [{"run_id": run_id, "status": "success"}]


def get(sdk: Sdk) -> None:
    thread_id, run_id = ended(sdk, metadata={"a": 1})
    run = sdk.call("runs.get", thread_id, run_id)
    assert (run["status"], run["metadata"]["a"]) == ("success", 1)


def cancel(sdk: Sdk) -> None:
    thread_id, run_id = long(sdk)
    sdk.call("runs.cancel", thread_id, run_id, wait=True)
    assert sdk.call("runs.get", thread_id, run_id)["status"] == "interrupted"


def cancel_and_roll_back(sdk: Sdk) -> None:
    thread_id, run_id = long(sdk)
    sdk.call("runs.cancel", thread_id, run_id, wait=True, action="rollback")
    with pytest.raises(NotFoundError):
        sdk.call("runs.get", thread_id, run_id)


def cancel_many(sdk: Sdk) -> None:
    thread_id, run_id = long(sdk)
    sdk.call("runs.cancel_many", thread_id=thread_id, run_ids=[run_id])
    sdk.call("runs.join", thread_id, run_id)
    assert sdk.call("runs.get", thread_id, run_id)["status"] == "interrupted"


def join(sdk: Sdk) -> None:
    thread_id = made_thread(sdk)
    assert log_of(sdk.call("runs.join", thread_id, made(sdk, thread_id))) == DONE


def join_stream(sdk: Sdk) -> None:
    thread_id, run_id = ended(sdk, stream_resumable=True, stream_mode=["values", "updates"])
    parts = sdk.call("runs.join_stream", thread_id, run_id, stream_mode=["values", "updates"], last_event_id="-1")
    assert data_of(parts, "updates") == [{word: log(word)} for word in DONE[1:]]
    assert log_of(data_of(parts, "values")[-1]) == DONE


def delete(sdk: Sdk) -> None:
    thread_id, run_id = ended(sdk)
    sdk.call("runs.delete", thread_id, run_id)
    assert sdk.call("runs.list", thread_id) == []


EXERCISES = {
    "create": create,
    "create(no thread)": create_without_thread,
    "create(webhook)": create_with_webhook,
    "create_batch": create_batch,
    "stream": stream,
    "stream(no thread)": stream_without_thread,
    "wait": wait,
    "wait(command)": wait_for_an_answer,
    "wait(raise_error)": wait_for_an_error,
    "list": listed,
    "get": get,
    "cancel": cancel,
    "cancel(rollback)": cancel_and_roll_back,
    "cancel_many": cancel_many,
    "join": join,
    "join_stream": join_stream,
    "delete": delete,
}
