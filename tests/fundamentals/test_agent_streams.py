"""Agent streams: a session on a thread that hears of all that happens on it, while it happens.

`client.threads.stream(...)` speaks the agent streaming protocol. A session starts runs, answers what they ask, and has
what they say in projections: values, messages, tool calls, subgraphs. A projection is fed by going through it; what is
nested in it, like the text of a message, is awaited afterwards, or in a task of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Literal

import pytest
from langgraph_sdk import get_client, get_sync_client
from langgraph_sdk.client import LangGraphClient

from fundamentals.gate import Gate
from fundamentals.reading import log
from gateway import Gateway, wait_until

Transport = Literal["sse", "websocket"]

HELLO = {"messages": [{"role": "user", "content": "hi"}]}

both = pytest.mark.parametrize("transport", ["sse", "websocket"])


async def heard(session: Any) -> None:
    """Wait until the session has heard of the active run: it hears nothing of one that ends before it listens."""

    async def anything() -> bool:
        return session._lifecycle_cursor is not None

    await wait_until(anything)


async def asked(session: Any) -> list[Any]:
    """Wait until the thread asks something: the output does not come before it is answered."""

    async def interrupted() -> Any:
        return session.interrupted and session.interrupts

    return list(await wait_until(interrupted))


@both
async def test_a_session_starts_a_run_and_waits_for_its_output(client: LangGraphClient, transport: Transport) -> None:
    async with client.threads.stream(assistant_id="steps", transport=transport) as session:
        await session.run.start(input=log("zero"))
        assert await session.output == log("zero", "one", "two", "three")
        assert (await client.threads.get(session.thread_id))["status"] == "idle"


@both
async def test_values_are_shown_as_they_come(client: LangGraphClient, transport: Transport) -> None:
    async with client.threads.stream(assistant_id="steps", transport=transport) as session:
        await session.run.start(input=log("zero"))
        values = [values async for values in session.values]
        # the first one is the state that the session found
        assert values[-1] == log("zero", "one", "two", "three")


@both
async def test_messages_are_shown_as_they_are_said(client: LangGraphClient, transport: Transport) -> None:
    """Also one that no model has streamed."""
    async with client.threads.stream(assistant_id="chat", transport=transport) as session:
        await session.run.start(input=HELLO)
        messages = [message async for message in session.messages]
        assert [await message.text for message in messages] == ["Hello", "Bye"]


@both
async def test_a_conversation_goes_on_in_new_sessions(client: LangGraphClient, transport: Transport) -> None:
    """A session on a thread that was there before hears of its own run, and not of those before it."""
    async with client.threads.stream(assistant_id="steps", transport=transport) as session:
        await session.run.start(input=log("zero"))
        await session.output
    for turn in (2, 3):
        again = client.threads.stream(session.thread_id, assistant_id="steps", transport=transport)
        async with again as session:
            await session.run.start(input=log("more"))
            output: Any = await session.output
            assert len(output["log"]) == 4 * turn


@both
async def test_a_question_is_heard_and_answered(client: LangGraphClient, transport: Transport) -> None:
    async with client.threads.stream(assistant_id="asks", transport=transport) as session:
        await session.run.start(input=log())
        (question,) = await asked(session)
        assert question["value"] == {"question": "Shall we?"}
        await session.run.respond("yes")
        assert await session.output == log("prepared", "answer: yes", "acted")


@both
async def test_a_session_that_comes_later_hears_what_is_still_asked(
    client: LangGraphClient, transport: Transport
) -> None:
    async with client.threads.stream(assistant_id="family", transport=transport) as session:
        await session.run.start(input=log())
        await asked(session)
    later = client.threads.stream(session.thread_id, assistant_id="family", transport=transport)
    async with later as session:
        (question,) = await asked(session)
        assert question["namespace"][0].startswith("child:")
        await session.run.respond("yes")
        output: Any = await session.output
        assert output["log"][-1] == "acted"


@both
async def test_a_session_joins_a_run_that_somebody_else_started(
    client: LangGraphClient, gate: Gate, transport: Transport
) -> None:
    thread_id = (await client.threads.create())["thread_id"]
    await client.runs.create(thread_id, "steps", input=log("zero"), context=gate.context)
    await gate.reached()
    async with client.threads.stream(thread_id, assistant_id="steps", transport=transport) as session:
        output = asyncio.ensure_future(_output(session))
        await heard(session)
        gate.open()
        assert await output == log("zero", "one", "two", "three")


async def _output(session: Any) -> Any:
    return await session.output


@both
async def test_the_error_of_a_run_is_raised_by_its_output(client: LangGraphClient, transport: Transport) -> None:
    async with client.threads.stream(assistant_id="steps", transport=transport) as session:
        await session.run.start(input=log(), config={"configurable": {"fail": "ValueError"}})
        with pytest.raises(RuntimeError, match="Run errored"):
            await session.output


@both
async def test_custom_events_are_heard_by_subscribing(client: LangGraphClient, transport: Transport) -> None:
    async with client.threads.stream(assistant_id="counter", transport=transport) as session:
        await session.run.start(input={"count": 3})
        events: AsyncIterator[Any] = session.subscribe(["custom"])
        numbers = [event["params"]["data"]["payload"]["number"] async for event in events]
        assert numbers == [0, 1, 2]


@both
async def test_subgraphs_are_discovered_as_they_start(client: LangGraphClient, transport: Transport) -> None:
    """A question ends all projections at once, whatever is still on its way; here it is answered before."""
    async with client.threads.stream(assistant_id="family", transport=transport) as session:
        await session.run.start(input=log())
        await asked(session)
        await session.run.respond("yes")
        found = [subgraph async for subgraph in session.subgraphs]
        assert [subgraph.graph_name for subgraph in found] == ["child"]


@both
async def test_several_projections_are_gone_through_at_once(client: LangGraphClient, transport: Transport) -> None:
    async with client.threads.stream(assistant_id="chat", transport=transport) as session:
        await session.run.start(input=HELLO)
        seen = [name async for name, _ in session.interleave_projections(["values", "messages", "updates", "tasks"])]
        assert {name: seen.count(name) for name in set(seen)} == {"values": 3, "messages": 2, "updates": 2, "tasks": 4}


@both
def test_programs_without_an_event_loop_have_sessions_too(gateway: Gateway, transport: Transport) -> None:
    with get_sync_client(url=gateway.url) as client:
        with client.threads.stream(assistant_id="steps", transport=transport) as session:
            session.run.start(input=log("zero"))
            assert session.output == log("zero", "one", "two", "three")
        with client.threads.stream(assistant_id="chat", transport=transport) as session:
            session.run.start(input=HELLO)
            assert [str(message.text) for message in session.messages] == ["Hello", "Bye"]


async def test_a_session_survives_a_gateway_that_was_killed(start_gateway: Any, gate: Gate) -> None:
    """It reconnects, and the run goes on from its last step."""
    gateway = start_gateway()
    async with (
        get_client(url=gateway.url) as client,
        client.threads.stream(assistant_id="steps") as session,
    ):
        await session.run.start(input=log("zero"), config={"configurable": gate.context})
        await gate.reached()
        output = asyncio.ensure_future(_output(session))
        await heard(session)
        gateway.kill()
        gateway.start()
        gate.open()
        final: Any = await output
        assert final["log"][-1] == "three"
