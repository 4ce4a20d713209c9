"""A walk through a runs server with the Python SDK: python chat.py [base URL]."""

import asyncio
import sys
from typing import Any

from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import NotFoundError

# Long enough that a run is still talking when we cancel it, even at a few milliseconds a word.
LONG = " ".join(f"word{number}" for number in range(400))


def check(what: str, held: object) -> None:
    """Print one expectation; end the program if it did not hold."""
    print(f"   {'ok' if held else 'FAILED'}: {what}")
    if not held:
        sys.exit(1)


def say(text: str) -> dict[str, Any]:
    """An input with one human message."""
    return {"messages": [{"role": "user", "content": text}]}


def texts(values: Any) -> list[str]:
    """The text of every message in a state."""
    return [message["content"] for message in values["messages"]]


async def stream_tokens(client: LangGraphClient, thread_id: str, text: str) -> str:
    """Run `echo` and print its tokens as they arrive."""
    answer = ""
    print(f"   you: {text}\n   echo: ", end="")
    async for part in client.runs.stream(thread_id, "echo", input=say(text), stream_mode="messages-tuple"):
        if part.event == "messages":
            token = part.data[0]["content"]
            print(token, end="", flush=True)
            answer += token
    print()
    return answer


async def approve(client: LangGraphClient) -> None:
    """Run `approval` to its interrupt, then resume it with an edit."""
    thread_id = (await client.threads.create())["thread_id"]
    await client.runs.wait(thread_id, "approval", input=say("The party starts at eight."))
    state = await client.threads.get_state(thread_id)
    asked = state["tasks"][0]["interrupts"][0]["value"]
    print(f"   {asked['question']} {asked['action']['args']['text']!r}")
    check("the thread waits for a decision", (await client.threads.get(thread_id))["status"] == "interrupted")
    edit = {"type": "edit", "text": "The party starts at nine."}
    values = await client.runs.wait(thread_id, "approval", command={"resume": edit})
    print(f"   {texts(values)[-1]!r}")
    check("the edited text was sent", texts(values)[-1] == "Email sent:\n\nThe party starts at nine.")


async def fork(client: LangGraphClient, thread_id: str) -> None:
    """Go back to the end of turn 1 and take another turn from there."""
    history = await client.threads.get_history(thread_id, limit=100)
    first = next(state for state in history if not state["next"] and len(texts(state["values"])) == 2)
    checkpoint_id = first["checkpoint"]["checkpoint_id"]
    print(f"   {len(history)} checkpoints; back to {checkpoint_id}")
    values = await client.runs.wait(thread_id, "echo", input=say("other way"), checkpoint_id=checkpoint_id)
    check("turn 1 stayed", texts(values)[:2] == ["first turn", "You said: first turn"])
    check("the new turn follows it", texts(values)[2:] == ["other way", "You said: other way"])
    current = texts((await client.threads.get_state(thread_id))["values"])
    check("the old second turn is gone from the state", current == texts(values))


async def start_long(client: LangGraphClient, thread_id: str) -> str:
    """Start a long run in the background and return once it has streamed its first token."""
    run = await client.runs.create(thread_id, "echo", input=say(LONG), stream_mode="messages-tuple")
    async for part in client.runs.join_stream(thread_id, run["run_id"], stream_mode="messages-tuple"):
        if part.event == "messages":
            return run["run_id"]
    raise RuntimeError("the run ended before it streamed a token")


async def cancel(client: LangGraphClient, thread_id: str) -> None:
    """Stop a run half way; what it wrote so far stays."""
    run_id = await start_long(client, thread_id)
    await client.runs.cancel(thread_id, run_id, wait=True)
    status = (await client.runs.get(thread_id, run_id))["status"]
    check("the cancelled run is interrupted", status == "interrupted")


async def snapshot(client: LangGraphClient, thread_id: str) -> tuple[Any, Any, list[Any]]:
    """State values, current checkpoint id, and every checkpoint id of the history."""
    state = await client.threads.get_state(thread_id)
    history = await client.threads.get_history(thread_id, limit=1000)
    ids = [past["checkpoint"]["checkpoint_id"] for past in history]
    return state["values"], state["checkpoint"]["checkpoint_id"], ids


async def rollback(client: LangGraphClient, thread_id: str) -> None:
    """Cancel a run so that it never happened."""
    values, checkpoint_id, ids = await snapshot(client, thread_id)
    run_id = await start_long(client, thread_id)
    await client.runs.cancel(thread_id, run_id, wait=True, action="rollback")
    values_after, checkpoint_id_after, ids_after = await snapshot(client, thread_id)
    check("the state is what it was", (values_after, checkpoint_id_after) == (values, checkpoint_id))
    check(f"the history is what it was ({len(ids)} checkpoints)", ids_after == ids)
    try:
        await client.runs.get(thread_id, run_id)
    except NotFoundError:
        check("the run is gone", True)
    else:
        check("the run is gone", False)


async def list_runs(client: LangGraphClient, thread_id: str) -> None:
    """Show what ran on the thread."""
    runs = await client.runs.list(thread_id)
    for run in runs:
        print(f"   {run['created_at']}  {run['run_id']}  {run['status']}")
    statuses = sorted(run["status"] for run in runs)
    check("three runs succeeded, one was interrupted", statuses == ["interrupted", *["success"] * 3])


async def main(url: str) -> None:
    """Take the walk."""
    async with get_client(url=url) as client:
        thread_id = (await client.threads.create())["thread_id"]
        print(f"1. stream tokens on thread {thread_id}")
        for text in ("first turn", "second turn"):
            check("all tokens arrived", await stream_tokens(client, thread_id, text) == f"You said: {text}")
        print("2. ask a person before sending")
        await approve(client)
        print("3. fork from an earlier checkpoint")
        await fork(client, thread_id)
        print("4. cancel a run half way")
        await cancel(client, thread_id)
        print("5. roll a run back")
        await rollback(client, thread_id)
        print("6. list the thread's runs")
        await list_runs(client, thread_id)
    print("All checks held.")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8123"))
