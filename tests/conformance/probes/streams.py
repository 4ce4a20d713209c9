"""Event streams: which events, in which order, for each mode."""

from conformance.listed import METADATA, NO_STREAM, only_here, status
from conformance.probe import Await, get, post, probe
from conformance.probes.shapes import (
    BUSY,
    READ_RUN,
    THREAD,
    UNKNOWN,
    create,
    graph,
    steps,
    stream,
    wait,
)

_CHAT = {"messages": [{"role": "user", "content": "Hi", "id": "the-question"}]}
_STREAM = "/threads/{thread}/runs/{run}/stream"
_FROM_START = get(_STREAM).with_headers({"Last-Event-ID": "-1"})
_RESUMABLE = create(steps(stream_resumable=True, stream_mode=["values", "updates"]))
_HEADERS = ("cache-control", "x-accel-buffering")


PROBES = (
    probe("values are the default", THREAD, stream(steps()).comparing_headers(*_HEADERS)),
    probe("mode values", THREAD, stream(steps(stream_mode="values"))),
    probe("mode updates", THREAD, stream(steps(stream_mode="updates"))),
    probe("mode custom", THREAD, stream(steps("tell", stream_mode="custom"))),
    probe("mode tasks", THREAD, stream(steps(stream_mode="tasks"))),
    probe("mode checkpoints", THREAD, stream(steps(stream_mode="checkpoints"))),
    probe("mode debug", THREAD, stream(steps(stream_mode="debug"))),
    probe(
        "mode events",
        THREAD,
        stream(steps(stream_mode="events")).but(only_here(METADATA, "events.*.data.metadata.checkpoint_ns", "")),
    ),
    probe("mode messages", THREAD, stream(graph("chat", input=_CHAT, stream_mode="messages"))),
    probe("mode messages-tuple", THREAD, stream(graph("chat", input=_CHAT, stream_mode="messages-tuple"))),
    probe("both message modes", THREAD, stream(graph("chat", input=_CHAT, stream_mode=["messages", "messages-tuple"]))),
    probe("messages as values", THREAD, stream(graph("chat", input=_CHAT))),
    probe("messages as updates", THREAD, stream(graph("chat", input=_CHAT, stream_mode="updates"))),
    probe(
        "messages that the history has are not streamed again",
        THREAD,
        wait(graph("chat", input=_CHAT)),
        stream(graph("chat", input={"messages": [{"role": "user", "content": "And?"}]}, stream_mode="messages-tuple")),
    ),
    probe("several modes", THREAD, stream(steps("tell", stream_mode=["values", "updates", "custom"]))),
    probe("tasks, checkpoints and updates", THREAD, stream(steps(stream_mode=["tasks", "checkpoints", "updates"]))),
    probe("no modes are values", THREAD, stream(steps(stream_mode=[]))),
    probe("an unknown mode", THREAD, stream(steps(stream_mode="colours"))),
    probe("values of subgraphs", THREAD, stream(graph("family", input={"log": ["input"]}, stream_subgraphs=True))),
    probe(
        "updates of subgraphs",
        THREAD,
        stream(graph("family", input={"log": ["input"]}, stream_mode="updates", stream_subgraphs=True)),
    ),
    probe(
        "updates without subgraphs", THREAD, stream(graph("family", input={"log": ["input"]}, stream_mode="updates"))
    ),
    probe("an interrupt in values", THREAD, stream(graph("asks", input={"log": ["input"]}))),
    probe("an interrupt in updates", THREAD, stream(graph("asks", input={"log": ["input"]}, stream_mode="updates"))),
    probe("an interrupt in tasks", THREAD, stream(graph("asks", input={"log": ["input"]}, stream_mode="tasks"))),
    probe("an interrupt in custom", THREAD, stream(graph("asks", input={"log": ["input"]}, stream_mode="custom"))),
    probe(
        "a stop before a node", THREAD, stream(steps(interrupt_before=["second"], stream_mode=["values", "updates"]))
    ),
    probe("an error", THREAD, stream(steps("fail"))),
    probe("an error in updates", THREAD, stream(steps("fail", stream_mode="updates"))),
    probe("an application's own error", THREAD, stream(steps("hide"))),
    probe("no input", THREAD, stream(graph("steps"))),
    probe("a recursion limit", THREAD, stream(steps(config={"recursion_limit": 2}))),
    probe("a resumable stream", THREAD, stream(steps(stream_resumable=True))),
    probe(
        "a resumable run's events are replayed after its end",
        THREAD,
        _RESUMABLE,
        READ_RUN.until_is("body.status", "success").comparing("body.status"),
        _FROM_START,
    ),
    probe(
        "a resumable run's events are replayed in one mode",
        THREAD,
        _RESUMABLE,
        READ_RUN.until_is("body.status", "success").comparing("body.status"),
        get(f"{_STREAM}?stream_mode=updates").with_headers({"Last-Event-ID": "-1"}),
    ),
    probe(
        "a finished run that is not resumable",
        THREAD,
        create(steps()),
        READ_RUN.until_is("body.status", "success").comparing("body.status"),
        get(_STREAM),
    ),
    probe(
        "joining a running stream shows what comes",
        THREAD,
        create(steps("slow", stream_mode=["values", "updates"])),
        BUSY,
        get(_STREAM).aside_as("stream"),
        post("/threads/{thread}/runs/{run}/cancel?wait=1").comparing("status"),
        Await("stream"),
    ),
    probe(
        "joining a stream of an unknown run",
        THREAD,
        get(f"/threads/{{thread}}/runs/{UNKNOWN}/stream").but(*status(NO_STREAM, 200, 404, "Run .* not found")),
    ),
    probe("joining a stream of a bad id", THREAD, get("/threads/{thread}/runs/bad/stream")),
    probe("streaming on an unknown thread", post(f"/threads/{UNKNOWN}/runs/stream", steps())),
    probe("streaming an unknown graph", THREAD, stream(graph("nobody"))),
    probe(
        "leaving a stream leaves the run",
        THREAD,
        stream(steps("slow")).leaving_after("values").keeping(run="events.0.data.run_id"),
        BUSY,
        READ_RUN,
        post("/threads/{thread}/runs/{run}/cancel?wait=1").comparing("status"),
    ),
    probe(
        "leaving a stream cancels the run if so asked",
        THREAD,
        stream(steps("slow", on_disconnect="cancel")).leaving_after("values").keeping(run="events.0.data.run_id"),
        READ_RUN.until_is("body.status", "interrupted"),
        get("/threads/{thread}").until_is("body.status", "interrupted"),
    ),
)
