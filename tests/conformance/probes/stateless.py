"""Runs without a thread of the caller's."""

from conformance.accepted import Accepted
from conformance.listed import ANY, METADATA, only_here
from conformance.probe import get, post, probe
from conformance.probes.shapes import UNKNOWN, graph, steps

_GRAPH = (
    only_here(METADATA, "body.*kwargs.config.metadata.graph_id", ANY),
    only_here(METADATA, "body.*metadata.graph_id", ANY),
)
_CREATE = post("/runs", steps()).but(*_GRAPH).keeping(run="body.run_id", thread="body.thread_id")
_THREAD = get("/threads/{thread}")

PROBES = (
    probe("a stateless run is created", _CREATE, _THREAD.until_is("status", 404)),
    probe("a stateless run is waited for", post("/runs/wait", steps())),
    probe("a stateless run is streamed", post("/runs/stream", steps(stream_mode=["values", "updates"]))),
    probe("a stateless run fails", post("/runs/wait", steps("fail"))),
    probe("a stateless run's error is streamed", post("/runs/stream", steps("fail"))),
    probe("a stateless run asks", post("/runs/wait", graph("asks", input={"log": ["input"]}))),
    probe(
        "a stateless run may be kept",
        post("/runs", steps(on_completion="keep")).keeping(run="body.run_id", thread="body.thread_id").but(*_GRAPH),
        _THREAD.until_is("body.status", "idle"),
        get("/threads/{thread}/state"),
        get("/threads/{thread}/runs/{run}").but(*_GRAPH),
    ),
    probe(
        "a batch is created",
        post("/runs/batch", [steps(), graph("asks", input={"log": ["input"]})]).but(
            *_GRAPH, Accepted(METADATA, "body.1.kwargs.config.configurable.langgraph_request_id", "<id>", "<id>")
        ),
    ),
    probe("a batch is not empty", post("/runs/batch", [])),
    probe("a batch is a list", post("/runs/batch", steps())),
    probe("a batch has sound runs", post("/runs/batch", [steps(), {"input": {}}])),
    probe("a stateless run of an unknown graph", post("/runs", graph("nobody"))),
    probe("a stateless run of an unknown assistant", post("/runs", graph(UNKNOWN))),
    probe("a stateless run needs an assistant", post("/runs/wait", {})),
    probe("an odd completion", post("/runs/wait", steps(on_completion="odd"))),
)
