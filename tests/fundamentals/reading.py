"""What tests read off a gateway: streams, logs, the past of a thread."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.schema import StreamPart

from gateway import wait_until


async def collect(stream: AsyncIterator[StreamPart]) -> list[StreamPart]:
    """All parts of a stream that ends."""
    return [part async for part in stream]


def names(parts: Iterable[StreamPart]) -> list[str]:
    """The events' names, in order."""
    return [part.event for part in parts]


def data_of(parts: Iterable[StreamPart], name: str) -> list[Any]:
    """The data of the events of one name, in order."""
    return [part.data for part in parts if part.event == name]


def ids_of(parts: Iterable[StreamPart]) -> list[int]:
    """The ids of all events but `end`, which has none of its own."""
    return [int(part.id or 0) for part in parts if part.event != "end"]


def log(*words: str) -> dict[str, Any]:
    """An input whose `log` begins with these words."""
    return {"log": list(words)}


def log_of(values: Any) -> list[str]:
    """The `log` of a state; empty if there is none."""
    return list((values or {}).get("log", []))


async def status_of(client: LangGraphClient, thread_id: str, run_id: str) -> str:
    """A run's status now."""
    return (await client.runs.get(thread_id, run_id))["status"]


async def until_status(client: LangGraphClient, thread_id: str, run_id: str, wanted: str) -> None:
    """Wait until a run has this status."""

    async def has_it() -> bool:
        return await status_of(client, thread_id, run_id) == wanted

    await wait_until(has_it)


@dataclass(frozen=True)
class Past:
    """Everything a rollback has to leave as it was."""

    history: list[Any]
    state: Any
    values: Any
    interrupts: Any
    status: str


async def past_of(client: LangGraphClient, thread_id: str) -> Past:
    """The past of a thread as clients see it: each checkpoint, the present state, the thread itself."""
    thread = await client.threads.get(thread_id)
    return Past(
        history=list(await client.threads.get_history(thread_id, limit=1000)),
        state=await client.threads.get_state(thread_id, subgraphs=True),
        values=thread["values"],
        interrupts=thread["interrupts"],
        status=thread["status"],
    )
