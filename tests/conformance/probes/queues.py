"""A second run on a busy thread."""

from conformance.accepted import Accepted
from conformance.listed import DELAYED_SINCE
from conformance.probe import Call, get, post, probe
from conformance.probes.shapes import (
    BUSY,
    LIST_RUNS,
    READ_THREAD,
    RUNS,
    STATE,
    THREAD,
    create,
    graph,
    steps,
    stream,
    wait,
)

_BUSY = (THREAD, create(steps("slow")), BUSY)
_NEXT = post(RUNS, steps()).keeping(next="body.run_id")
_CANCEL = post("/threads/{thread}/runs/{run}/cancel?wait=1").comparing("status")
_JOIN_NEXT = get("/threads/{thread}/runs/{next}/join")


def _as(strategy: str) -> Call:
    return post(RUNS, steps(multitask_strategy=strategy)).keeping(next="body.run_id")


PROBES = (
    probe(
        "reject refuses the second",
        *_BUSY,
        _as("reject"),
        wait(steps(multitask_strategy="reject")),
        stream(steps(multitask_strategy="reject")),
        _CANCEL,
    ),
    probe("reject lets a first run be", THREAD, wait(steps(multitask_strategy="reject"))),
    probe(
        "enqueue is the default",
        *_BUSY,
        _NEXT,
        LIST_RUNS,
        READ_THREAD,
        _CANCEL,
        _JOIN_NEXT,
        STATE,
        LIST_RUNS,
        READ_THREAD,
    ),
    probe(
        "interrupt stops the first and goes on from it",
        *_BUSY,
        _as("interrupt"),
        _JOIN_NEXT,
        STATE,
        LIST_RUNS,
        READ_THREAD,
    ),
    probe(
        "rollback undoes the first",
        *_BUSY,
        _as("rollback"),
        _JOIN_NEXT,
        STATE,
        LIST_RUNS,
        READ_THREAD,
        get("/threads/{thread}/history?limit=10"),
    ),
    probe(
        "rollback goes back to the state before the first",
        THREAD,
        wait(graph("asks", input={"log": ["before"]})),
        create(graph("steps", input={"log": ["undone"], "task": "slow"})),
        BUSY,
        _as("rollback"),
        _JOIN_NEXT,
        STATE,
        LIST_RUNS,
    ),
    probe("interrupt ends what is pending", *_BUSY, _NEXT, _as("interrupt"), _JOIN_NEXT, LIST_RUNS),
    probe("an error does not block the next", THREAD, create(steps("fail")), _NEXT, _JOIN_NEXT, STATE, READ_THREAD),
    probe(
        "a delayed run does not hold up the next",
        THREAD,
        create(steps(after_seconds=3)),
        _NEXT,
        _JOIN_NEXT,
        # the newest first
        LIST_RUNS.comparing("body.0.status", "body.1.status").but(
            Accepted(DELAYED_SINCE, "body.0.status", "pending", "success"),
            Accepted(DELAYED_SINCE, "body.1.status", "success", "pending"),
        ),
    ),
    probe("an odd strategy", THREAD, _as("odd")),
)
