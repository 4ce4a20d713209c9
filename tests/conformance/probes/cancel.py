"""Cancelling runs."""

from conformance.accepted import Accepted, Text
from conformance.listed import (
    BULK_CANCEL,
    CHECKED,
    DONE_RIGHT,
    NEWEST_CONFIG,
    NO_STREAM,
    only_here,
    only_official,
    status,
    worded,
)
from conformance.probe import Await, post, probe
from conformance.probes.shapes import (
    BUSY,
    JOIN,
    LIST_RUNS,
    READ_RUN,
    READ_THREAD,
    STATE,
    THREAD,
    UNKNOWN,
    create,
    graph,
    steps,
    wait,
)

_BUSY = (THREAD, create(steps("slow")), BUSY)
_CANCEL = post("/threads/{thread}/runs/{run}/cancel")
_ROLLBACK = post("/threads/{thread}/runs/{run}/cancel?wait=1&action=rollback")
_STOPPED = READ_RUN.until_is("body.status", "interrupted")
_IDLE = READ_THREAD.until_is("body.status", "idle")
_AT_REST = READ_THREAD.until_is("body.status", "interrupted")

_STUCK = (
    Accepted(DONE_RIGHT, "body.status", "busy", "interrupted"),
    Accepted(DONE_RIGHT, "body.values", None, Text("first")),
    only_here(DONE_RIGHT, "body.error", Text("UserInterrupt")),
)

PROBES = (
    probe("a run is cancelled", *_BUSY, _CANCEL, _STOPPED, _AT_REST, STATE),
    probe(
        "a run is cancelled and waited for",
        *_BUSY,
        post("/threads/{thread}/runs/{run}/cancel?wait=1").but(
            only_here(DONE_RIGHT, "body.log", ["input", "first"]), only_here(DONE_RIGHT, "body.task", "slow")
        ),
        READ_RUN,
        READ_THREAD,
    ),
    probe(
        "a run is rolled back and waited for",
        *_BUSY,
        _ROLLBACK.comparing("status"),
        READ_RUN,
        _IDLE.but(
            only_official(DONE_RIGHT, "body.metadata.*", Text("steps|-")),
            only_official(NEWEST_CONFIG, "body.config.configurable", {}),
        ),
        STATE,
    ),
    probe(
        "a run is rolled back behind another",
        THREAD,
        wait(steps()),
        create(steps("slow")),
        BUSY,
        _ROLLBACK.comparing("status"),
        READ_RUN,
        _IDLE,
        STATE,
        LIST_RUNS,
    ),
    probe("a pending run is cancelled", THREAD, create(steps(after_seconds=60)), _CANCEL, _STOPPED, READ_THREAD),
    probe(
        "a pending run is rolled back",
        THREAD,
        create(steps(after_seconds=60)),
        post("/threads/{thread}/runs/{run}/cancel?action=rollback"),
        LIST_RUNS.until_is("body", []),
        READ_RUN,
    ),
    probe(
        "an unknown run is cancelled",
        THREAD,
        post(f"/threads/{{thread}}/runs/{UNKNOWN}/cancel").but(
            worded("^No runs found to cancel", "^Run .* not found$")
        ),
    ),
    probe(
        "a run of an unknown thread is cancelled",
        post(f"/threads/{UNKNOWN}/runs/{UNKNOWN}/cancel").but(worded("^No runs found to cancel", "^Run .* not found$")),
    ),
    probe("a bad id is cancelled", THREAD, post("/threads/{thread}/runs/bad/cancel")),
    probe(
        "a finished run is cancelled",
        THREAD,
        create(steps()),
        JOIN,
        _CANCEL.but(*status(NO_STREAM, 404, 409, "is not cancellable")),
    ),
    probe(
        "a run is cancelled in an odd way",
        *_BUSY,
        post("/threads/{thread}/runs/{run}/cancel?action=odd").but(*status(CHECKED, 202, 422, "action: ")),
        _CANCEL.comparing().unseen(),
    ),
    probe("a joined run is cancelled", *_BUSY, JOIN.aside_as("join"), _CANCEL, Await("join")),
    probe(
        "a waited-for run is cancelled",
        THREAD,
        wait(steps("slow")).aside_as("wait"),
        BUSY,
        LIST_RUNS.keeping(run="body.0.run_id").comparing("body.0.status"),
        _CANCEL,
        Await("wait"),
    ),
    probe(
        "a cancelled run goes on with new input",
        *_BUSY,
        _CANCEL,
        _AT_REST,
        wait(graph("steps", input=None, command={"update": {"task": ""}})),
        STATE,
    ),
    probe(
        "some runs are cancelled",
        *_BUSY,
        post("/runs/cancel", {"thread_id": "{thread}", "run_ids": ["{run}"]}),
        _STOPPED,
        _AT_REST.but(
            Accepted(BULK_CANCEL, "body.error.message", Text("via POST /runs/cancel$"), Text("via POST /threads/"))
        ),
    ),
    probe(
        "unknown runs are cancelled",
        THREAD,
        post("/runs/cancel", {"thread_id": "{thread}", "run_ids": [UNKNOWN]}).but(
            worded("^No runs found to cancel", "^No matching runs to cancel")
        ),
    ),
    probe(
        "finished runs are cancelled",
        THREAD,
        create(steps()),
        JOIN,
        post("/runs/cancel", {"thread_id": "{thread}", "run_ids": ["{run}"]}),
    ),
    probe("nothing is named to cancel", post("/runs/cancel", {})),
    probe(
        "too much is named to cancel",
        THREAD,
        post("/runs/cancel", {"thread_id": "{thread}", "run_ids": [UNKNOWN], "status": "all"}),
    ),
    probe(
        "all runs are cancelled",
        *_BUSY,
        post("/runs/cancel", {"status": "all"}),
        _STOPPED,
        READ_THREAD.but(*_STUCK),
        alone=True,
    ),
    probe(
        "all pending runs are cancelled",
        THREAD,
        create(steps(after_seconds=60)),
        post("/runs/cancel", {"status": "pending"}),
        _STOPPED,
        alone=True,
    ),
    probe(
        "no runs are cancelled",
        post("/runs/cancel", {"status": "running"}).but(
            worded("^No runs found to cancel", "^No matching runs to cancel")
        ),
        alone=True,
    ),
)
