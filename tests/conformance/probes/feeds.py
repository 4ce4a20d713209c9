"""The stream of a thread, over its runs."""

from conformance.listed import METADATA, THREAD_STREAMS, only_official, status
from conformance.probe import Await, get, post, probe
from conformance.probes.shapes import THREAD, graph, steps, wait

_FEED = get("/threads/{thread}/stream")
_LEFT_AFTER_STATE = get("/threads/{thread}/stream?stream_modes=state_update").leaving_after("state_update")

PROBES = (
    probe(
        "a thread's stream shows a run",
        THREAD,
        _FEED.leaving_after("values").aside_as("feed"),
        wait(steps()),
        Await("feed"),
    ),
    probe(
        "a thread's stream shows an error",
        THREAD,
        _FEED.leaving_after("error").aside_as("feed"),
        wait(steps("fail")),
        Await("feed"),
    ),
    probe(
        "a thread's stream shows a state update",
        THREAD,
        wait(steps()),
        _LEFT_AFTER_STATE.aside_as("feed"),
        post("/threads/{thread}/state", {"values": {"log": ["x"]}}),
        Await("feed").but(only_official(METADATA, "events.0.data.state.metadata.thread_id", "<id>")),
    ),
    probe(
        "a thread's stream in one mode",
        THREAD,
        get("/threads/{thread}/stream?stream_modes=lifecycle").leaving_after("metadata").aside_as("feed"),
        wait(graph("asks", input={"log": ["input"]})),
        Await("feed"),
    ),
    probe("a thread's stream in an odd mode", THREAD, get("/threads/{thread}/stream?stream_modes=odd")),
    probe(
        "a thread's stream with an odd last event",
        THREAD,
        wait(steps()),
        _FEED.with_headers({"Last-Event-ID": "-1"})
        .leaving_after("values")
        .but(*status(THREAD_STREAMS, 422, 200, '"event": "values"')),
    ),
    probe("a bad id's stream", get("/threads/bad/stream")),
)
