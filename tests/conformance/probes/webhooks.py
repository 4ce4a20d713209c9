"""Webhooks: what is posted when a run has ended."""

from conformance.accepted import Accepted, Text
from conformance.listed import METADATA, NO_PRIVATE_NETWORK, WEBHOOKS_TELL_MORE, only_here, status
from conformance.probe import Receive, post, probe
from conformance.probes.shapes import BUSY, THREAD, create, graph, steps, stream, wait

_TOLD = Receive()

PROBES = (
    probe("a webhook tells of a success", THREAD, create(steps(webhook="{hook}")), _TOLD),
    probe("a webhook tells of an error", THREAD, wait(steps("fail", webhook="{hook}")), _TOLD),
    probe(
        "a webhook tells of an interrupt",
        THREAD,
        wait(graph("asks", input={"log": ["input"]}, webhook="{hook}")),
        _TOLD.but(only_here(WEBHOOKS_TELL_MORE, "body.values.__interrupt__", Text("Shall we?"))),
    ),
    probe("a webhook tells of a streamed run", THREAD, stream(steps(webhook="{hook}", metadata={"own": 1})), _TOLD),
    probe(
        "a webhook tells of a cancelled run",
        THREAD,
        create(steps("slow", webhook="{hook}")),
        BUSY,
        post("/threads/{thread}/runs/{run}/cancel"),
        _TOLD,
    ),
    probe(
        "a webhook tells of a stateless run",
        post("/runs/wait", steps(webhook="{hook}")),
        _TOLD.but(
            only_here(METADATA, "body.kwargs.config.metadata.graph_id", "steps"),
            only_here(METADATA, "body.metadata.graph_id", "steps"),
            Accepted(WEBHOOKS_TELL_MORE, "body.values", None, Text('"log": .*"third"')),
        ),
    ),
    probe(
        "a relative webhook",
        THREAD,
        create(steps(webhook="/here")).but(*status(NO_PRIVATE_NETWORK, 200, 422, "Invalid webhook hostname")),
    ),
    probe("an empty webhook", THREAD, create(steps(webhook=""))),
    probe("a webhook without a host", THREAD, create(steps(webhook="http://"))),
)
