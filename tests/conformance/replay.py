"""Sending a probe's calls to one server, and collecting its answers."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.exceptions import WebSocketException

from conformance.answers import Document, FormError, document_of
from conformance.compare import ABSENT, masked, part
from conformance.hooks import Hooks
from conformance.probe import Await, Call, Nothing, Probe, Step, Talk
from conformance.talks import talked

_PAUSE_SECONDS = 0.1
_UNTIL_SECONDS = 30.0
_ASIDE_SECONDS = 45.0
_STREAM_SECONDS = 20.0
"""For streams that do not end by themselves."""
_NAME = re.compile(r"\{(\w+)\}")


class NotKnownError(Exception):
    """An earlier answer did not have what this call needs."""


@dataclass
class Side:
    """A server, its client, and the receiver of its webhooks."""

    name: str
    client: httpx.AsyncClient
    hooks: Hooks


@dataclass
class Replay:
    """One probe on one side: what was kept, and which answers are still to come."""

    side: Side
    kept: dict[str, str]
    aside: dict[str, asyncio.Task[Document]] = field(default_factory=dict)

    async def step(self, step: Step) -> Document:
        """The answer to one step. What cannot be asked, or is not answered, is a document with a `failure`."""
        try:
            return await self._take(step)
        except (NotKnownError, FormError, TimeoutError, httpx.TransportError, WebSocketException) as failure:
            return {"failure": f"{type(failure).__name__}: {failure}"}

    async def _take(self, step: Step) -> Document:
        if isinstance(step, Call):
            return await self._call(step)
        if isinstance(step, Await):
            return await asyncio.wait_for(self.aside[step.aside], _ASIDE_SECONDS)
        if isinstance(step, Talk):
            return await talked(str(self.side.client.base_url), self._filled(step.path), self._told(step), step.until)
        return await self.side.hooks.first(self.kept["hook"])

    def _told(self, step: Talk) -> list[str]:
        return [told if isinstance(told, str) else json.dumps(self._filled(told)) for told in step.commands]

    async def _call(self, call: Call) -> Document:
        if call.aside:
            begun = asyncio.Event()
            self.aside[call.aside] = asyncio.create_task(self._answer(call, begun), name=call.aside)
            waiting = asyncio.create_task(begun.wait())
            await asyncio.wait({waiting, self.aside[call.aside]}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            return {}
        document = await self._until(call) if call.until else await self._answer(call)
        self.kept |= {name: value for name, place in call.keeps.items() if (value := part(document, place)) != ABSENT}
        return document

    async def _until(self, call: Call) -> Document:
        assert call.until
        place, wanted = call.until
        deadline = time.monotonic() + _UNTIL_SECONDS
        while masked(part(document := await self._answer(call), place)) != wanted:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{place} did not become {wanted!r}")
            await asyncio.sleep(_PAUSE_SECONDS)
        return document

    async def _answer(self, call: Call, begun: asyncio.Event | None = None) -> Document:
        async with self._sent(call) as response:
            if begun:
                begun.set()
            async with asyncio.timeout(_STREAM_SECONDS if call.leave_after else None):
                return await document_of(response, call.headers_compared, call.leave_after)

    @asynccontextmanager
    async def _sent(self, call: Call) -> AsyncIterator[httpx.Response]:
        content = None if isinstance(call.body, Nothing) else _encoded(self._filled(call.body))
        headers = {name: self._filled(value) for name, value in call.headers.items()}
        path = self._filled(call.path)
        async with self.side.client.stream(call.method, path, content=content, headers=headers) as response:
            yield response

    def _filled(self, value: Any) -> Any:
        if isinstance(value, str):
            return _NAME.sub(lambda found: self._known(found[1]), value)
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        if isinstance(value, dict):
            return {self._filled(key): self._filled(item) for key, item in value.items()}
        return value

    def _known(self, name: str) -> str:
        if name not in self.kept:
            raise NotKnownError(f"no earlier answer gave '{name}'")
        return self.kept[name]


def _encoded(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


async def replay(probe: Probe, side: Side, known: Mapping[str, str]) -> list[Document]:
    """The answers to all steps of a probe, in their order."""
    own = Replay(side, dict(known))
    try:
        return [await own.step(step) for step in probe.steps]
    finally:
        for task in own.aside.values():
            task.cancel()
        await asyncio.gather(*own.aside.values(), return_exceptions=True)
