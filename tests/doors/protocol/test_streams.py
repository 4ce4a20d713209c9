"""The stream of a thread's events: what it replays, what it follows, and how its events are told apart."""

from __future__ import annotations

import socket
from collections.abc import Callable
from itertools import pairwise

import httpx
import pytest

from doors.protocol.talk import ALL, Talk, Window, note, phases
from fundamentals.gate import Gate
from gateway import Gateway
from runline.kit.ids import new_id

STEPS = [{"log": ["zero", "one", "two", "three"][:length]} for length in (1, 2, 3, 4)]


async def test_a_stream_that_is_opened_after_the_run_tells_it_from_its_beginning(talk: Talk) -> None:
    run_id, events = await talk.run()
    assert phases(events) == ["running", "completed"]
    assert [event["params"]["data"] for event in events if event["method"] == "values"] == STEPS
    assert events[0]["event_id"] == f"synth:{run_id}:lc||running"
    assert events[-1]["event_id"] == f"synth:{run_id}:lc||completed"
    assert events[0]["params"]["data"] == {"event": "running", "graph_name": "steps"}


async def test_a_stream_of_a_thread_that_does_not_exist_waits_for_its_first_run(talk: Talk) -> None:
    async with talk.watch() as window:
        await talk.start()
        assert phases(await window.ends()) == ["running", "completed"]


async def test_a_stream_stays_open_over_runs_and_every_event_comes_once(talk: Talk) -> None:
    async with talk.watch() as window:
        for _ in range(3):
            await talk.start()
        events = await window.ends(3)
    assert phases(events) == 3 * ["running", "completed"]
    assert len(set(window.event_ids)) == len(events)
    assert all(one["seq"] < other["seq"] for one, other in pairwise(events))
    assert window.ids == [str(event["seq"]) for event in events]


async def test_ids_and_seqs_are_the_same_on_every_connection_and_after_a_restart(
    start_gateway: Callable[..., Gateway],
) -> None:
    gateway = start_gateway()
    async with httpx.AsyncClient(base_url=gateway.url, timeout=30) as http:
        talk = Talk(http)
        async with talk.watch() as window:
            await talk.start()
            live = list(await window.ends())
        async with talk.watch() as window:
            assert await window.ends() == live
    gateway.kill()
    gateway.start()
    async with (
        httpx.AsyncClient(base_url=gateway.url, timeout=30) as http,
        Talk(http, talk.thread_id).watch() as window,
    ):
        assert await window.ends() == live


async def test_since_tells_what_is_behind_it_and_zero_tells_everything(talk: Talk) -> None:
    _, first = await talk.run()
    _, second = await talk.run()
    everything = first + second
    async with talk.watch(since=0) as window:
        assert await window.ends(2) == everything
    for place in (len(first) - 2, len(first) - 1, len(first), len(everything) - 2):
        async with talk.watch(since=everything[place]["seq"]) as window:
            assert await window.until(lambda events: events[-1:] == everything[-1:]) == everything[place + 1 :]


async def test_without_since_only_the_last_run_is_replayed(talk: Talk) -> None:
    await talk.run()
    _, last = await talk.run()
    async with talk.watch() as window:
        assert await window.ends() == last


async def test_a_run_that_is_not_over_is_replayed_in_full_and_followed(talk: Talk, gate: Gate) -> None:
    await talk.start(gate=gate)
    await gate.reached()
    async with talk.watch() as early, talk.watch() as late:
        await late.shows("values", 2)
        gate.open()
        assert await early.ends() == await late.ends()
        assert early.phases == ["running", "completed"]


async def test_channels_choose_by_kind(talk: Talk) -> None:
    await talk.run("asks")
    for channel, methods in {"input": {"input.requested"}, "values": {"values"}, "tasks": {"tasks"}}.items():
        async with talk.watch(channel, "lifecycle") as window:
            await window.ends()
            assert {event["method"] for event in window.events} == methods | {"lifecycle"}


async def test_namespaces_and_depth_choose_by_place(talk: Talk) -> None:
    _, events = await talk.run("family")
    places = {tuple(event["params"]["namespace"]) for event in events}
    (child,) = places - {()}
    async with talk.watch(*ALL, namespaces=[[]], depth=0) as window:
        await window.ends()
        assert {tuple(event["params"]["namespace"]) for event in window.events} == {()}
    for prefix in (["child"], list(child)):
        async with talk.watch("lifecycle", "values", namespaces=[prefix]) as window:
            await window.shows("lifecycle", 2)
            assert [data["event"] for data in window.data("lifecycle")] == ["started", "interrupted"]
            assert {tuple(event["params"]["namespace"]) for event in window.events} == {child}


async def test_custom_events_are_told_with_their_payload(talk: Talk) -> None:
    _, events = await talk.run("counter", input={"count": 3})
    payloads = [event["params"]["data"]["payload"] for event in events if event["method"] == "custom"]
    assert payloads == [{"number": number} for number in range(3)]


async def test_silence_is_broken_by_heartbeats(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway(RUNLINE_SERVER__HEARTBEAT_SECONDS="0.1")
    async with httpx.AsyncClient(base_url=gateway.url, timeout=30) as http, Talk(http).watch() as window:
        await window.until(lambda _: len(window.comments) > 2)
        assert set(window.comments) == {": heartbeat"}


async def test_the_answer_says_that_it_is_a_stream(talk: Talk) -> None:
    path = f"/threads/{talk.thread_id}/stream/events"
    async with talk.http.stream("POST", path, json={"channels": ["values"]}) as answer:
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert (answer.headers["cache-control"], answer.headers["x-accel-buffering"]) == ("no-store", "no")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "channels"),
        ({"channels": []}, "channels"),
        ({"channels": "values"}, "channels"),
        ({"channels": ["everything"]}, "everything"),
        ({"channels": ["custom:"]}, "custom:"),
        ({"channels": ["values"], "since": True}, "since"),
        ({"channels": ["values"], "since": -1}, "since"),
        ({"channels": ["values"], "since": "1"}, "since"),
        ({"channels": ["values"], "depth": True}, "depth"),
        ({"channels": ["values"], "namespaces": ["a"]}, "namespaces"),
        ({"channels": ["values"], "namespaces": [[1]]}, "namespaces"),
        ([], "object"),
    ],
)
async def test_what_is_no_subscription_is_refused(talk: Talk, body: object, place: str) -> None:
    answer = await talk.http.post(f"/threads/{talk.thread_id}/stream/events", json=body)
    assert answer.status_code == 400
    assert place in answer.json()["detail"]


async def test_what_can_be_no_thread_is_refused(talk: Talk) -> None:
    answer = await talk.http.post("/threads/mine/stream/events", json={"channels": ["values"]})
    assert (answer.status_code, answer.json()["detail"]) == (422, "Invalid thread ID: must be a UUID")


async def test_joining_at_any_moment_loses_nothing_and_doubles_nothing(talk: Talk) -> None:
    """The border between what is replayed and what comes live."""
    await talk.start("counter", input={"count": 40, "pause": 0.005})
    joined = []
    for _ in range(20):
        async with talk.watch("custom", "lifecycle") as window:
            await window.until(len)
            joined.append(window)
            if "completed" in window.phases:
                break
    async with talk.watch("custom", "lifecycle") as window:
        told = list(await window.ends())
    assert len(window.data("custom")) == 40
    for each in joined:
        assert each.events == told[: len(each.events)]


async def test_threads_do_not_hear_of_each_other(talk: Talk) -> None:
    other = Talk(talk.http, new_id())
    async with other.watch() as window:
        await talk.run()
        await other.start()
        assert len(await window.ends()) == len({event["event_id"] for event in window.events})
        assert window.phases == ["running", "completed"]


async def test_a_reader_that_takes_nothing_for_a_while_is_told_all_the_same(
    start_gateway: Callable[..., Gateway],
) -> None:
    """It falls behind the others, who hear everything at once, and comes back to them."""
    gateway = start_gateway()
    wanted = {"channels": ["values", "lifecycle"]}
    small = httpx.AsyncHTTPTransport(socket_options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**18)])
    async with (
        httpx.AsyncClient(base_url=gateway.url, timeout=30) as http,
        httpx.AsyncClient(base_url=gateway.url, transport=small, timeout=30) as slowly,
    ):
        talk, slow = Talk(http), Window()
        async with (
            talk.watch("values", "lifecycle") as quick,
            slowly.stream("POST", f"/threads/{talk.thread_id}/stream/events", json=wanted, timeout=None) as answer,
        ):
            lines = answer.aiter_lines()
            for runs, size in ((1, 1), (2, 1_800_000), (3, 1)):
                await talk.start(input={"log": [size * "x"]})
                await quick.ends(runs)
                while runs != 2 and slow.phases.count("completed") < runs:
                    note(slow, await anext(lines))
        assert slow.events == quick.events
