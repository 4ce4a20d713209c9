"""A run whose process was killed while a model spoke begins anew, and clients let go of the half answer."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx

from doors.protocol.talk import Talk
from gateway import Gateway, serving

TALKING = Path(__file__).parents[2] / "graphs_under_test" / "talking.json"
WORDS = " ".join(f"word{number}" for number in range(400))


SPEAKING, AT_ONCE = {"SAMPLE_TOKEN_DELAY": "0.03"}, {"SAMPLE_TOKEN_DELAY": "0"}
"""It speaks for long enough to be killed meanwhile, also where it takes a while to be."""


async def cut_off(gateway: Gateway) -> list[dict[str, Any]]:
    """All that a run of `echo` tells, in the middle of whose answer the gateway was killed."""
    async with httpx.AsyncClient(base_url=gateway.url, timeout=30) as http:
        talk = Talk(http)
        await talk.start("echo", input={"messages": [{"type": "human", "content": WORDS}]})
        async with talk.watch() as window:
            await window.shows("messages", times=10)
            await asyncio.to_thread(gateway.kill)
        gateway.settings = {**gateway.settings, **AT_ONCE}
        await asyncio.to_thread(gateway.start)
        async with talk.watch() as window:
            await window.ends()
        async with talk.watch(since=0) as again:
            assert [*await again.ends()] == window.events
        return window.events


async def test_half_an_answer_is_taken_back(tmp_path: Path) -> None:
    with serving(tmp_path / "data", SPEAKING, TALKING) as gateway:
        events = await cut_off(gateway)
    starts = [place for place, event in enumerate(events) if event["params"]["data"].get("event") == "message-start"]
    half, whole = (events[place]["params"]["data"]["id"] for place in starts)
    between = [event["params"]["data"]["messages"] for event in events[slice(*starts)] if event["method"] == "values"]
    taken_back, as_it_was, *_ = [[(message["type"], message["id"]) for message in messages] for messages in between]
    assert taken_back == [*as_it_was, ("remove", half)]
    states = [event["params"]["data"]["messages"] for event in events if event["method"] == "values"]
    assert [message["id"] for message in states[-1]][-1] == whole
    seqs = [event["seq"] for event in events]
    assert seqs == sorted(set(seqs))
