"""Reading a run's stream as a client with a bad connection does: cut, and come back with Last-Event-ID."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx

from chaos.history import Part, Reading

_NOWHERE = (404, 409)  # rolled back; or ended before it told anything


class Gone(Exception):
    """There is no such run (any more), or no event of it."""


async def parts_after(http: httpx.AsyncClient, path: str, after: int) -> AsyncIterator[Part | None]:
    """The events after this one as they come; None once the stream says that it ends. Raises Gone."""
    headers = {"Last-Event-ID": str(after) if after else "-1"}
    async with http.stream("GET", f"{path}/stream", headers=headers) as answer:
        if answer.status_code in _NOWHERE:
            raise Gone(f"{answer.status_code} {(await answer.aread()).decode()}")
        answer.raise_for_status()
        fields: dict[str, str] = {}
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            if name:
                fields[name] = value
            elif fields.get("event") == "end":
                yield None
                return
            elif "event" in fields:
                if "id" not in fields:
                    # of the connection itself: the run was undone while it was read
                    raise Gone(fields.get("data", ""))
                yield Part(int(fields["id"]), fields["event"], fields.get("data", ""))
            if not name:
                fields = {}


async def read_some(http: httpx.AsyncClient, path: str, reading: Reading, most: int) -> None:
    """One connection of a reader, cut after `most` events unless the stream ends before."""
    reading.connections += 1
    last = reading.parts[-1].seq if reading.parts else 0
    try:
        async for part in parts_after(http, path, last):
            if part is None:
                reading.ended = True
                return
            reading.parts.append(part)
            most -= 1
            if not most:
                return
    except Gone as exc:
        reading.gone = str(exc)
