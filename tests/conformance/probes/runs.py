"""Runs on threads: create, read, list, wait, join, delete."""

from conformance.listed import CHECKED, NO_STREAM, THREADLESS, status, worded
from conformance.probe import delete, get, post, probe
from conformance.probes.shapes import (
    BUSY,
    JOIN,
    LIST_RUNS,
    READ_RUN,
    READ_THREAD,
    RUNS,
    STATE,
    THREAD,
    UNKNOWN,
    create,
    graph,
    steps,
    wait,
)

_DONE = READ_RUN.until_is("body.status", "success")

PROBES = (
    probe("a run is created and joined", THREAD, create(steps()), JOIN, READ_RUN, READ_THREAD, STATE),
    probe("a run is waited for", THREAD, wait(steps())),
    probe("a run that fails answers with its error", THREAD, wait(steps("fail")), READ_THREAD),
    probe("the text of an application's own error is hidden", THREAD, wait(steps("hide")), READ_THREAD),
    probe("a run that fails has the status error", THREAD, create(steps("fail")), JOIN, READ_RUN),
    probe(
        "a run is looked for without its thread",
        THREAD,
        create(steps()),
        JOIN,
        get("/runs/{run}").but(*status(THREADLESS, 404, 200, '"run_ended_at"')),
        get("/runs?limit=1").but(*status(THREADLESS, 405, 200, '"run_ended_at"')),
    ),
    probe("a good run clears the error", THREAD, wait(steps("fail")), wait(steps()), READ_THREAD),
    probe("a finished run can be joined", THREAD, create(steps()), _DONE, JOIN),
    probe("a failed run can be joined", THREAD, create(steps("fail")), READ_RUN.until_is("body.status", "error"), JOIN),
    probe("a run may have metadata", THREAD, create(steps(metadata={"own": 1})), JOIN, READ_RUN, READ_THREAD),
    probe(
        "a run by the assistant's id",
        THREAD,
        post("/assistants/search", {"graph_id": "steps"})
        .keeping(assistant="body.0.assistant_id")
        .comparing("body.0.assistant_id"),
        wait(graph("{assistant}", input={"log": ["input"]})),
    ),
    probe("a run of an unknown graph", THREAD, create(graph("nobody"))),
    probe("a run of an unknown assistant", THREAD, create(graph(UNKNOWN))),
    probe("a run without an assistant", THREAD, create({"input": {}})),
    probe("a run on an unknown thread", post(f"/threads/{UNKNOWN}/runs", steps())),
    probe(
        "a run on a bad id",
        post("/threads/bad/runs", steps()).but(worded("^Invalid thread ID$", "^Invalid thread ID: must be a UUID$")),
    ),
    probe(
        "a run on an unknown thread makes it if asked to",
        post(
            "/threads/01a1f885-0830-772e-8d96-000000000101/runs/wait",
            steps(if_not_exists="create", metadata={"own": 1}),
        ),
        get("/threads/01a1f885-0830-772e-8d96-000000000101"),
    ),
    probe("a run with no input on an empty thread fails", THREAD, wait(graph("steps"))),
    probe("a run with an input of null on an empty thread fails", THREAD, wait(graph("steps", input=None))),
    probe("a run with an empty input", THREAD, wait(graph("steps", input={}))),
    probe("a run with a text for input", THREAD, wait(graph("steps", input="text"))),
    probe("a run with unknown keys in its input", THREAD, wait(graph("steps", input={"colour": "red"}))),
    probe("a run with a new input goes on with the old state", THREAD, wait(steps()), wait(steps()), STATE),
    probe("runs are listed newest first", THREAD, wait(steps()), wait(steps("fail")), LIST_RUNS),
    probe(
        "runs are listed by pages",
        THREAD,
        wait(steps()),
        wait(steps()),
        get(f"{RUNS}?limit=1"),
        get(f"{RUNS}?limit=1&offset=1"),
    ),
    probe(
        "runs are listed by status", THREAD, wait(steps()), get(f"{RUNS}?status=success"), get(f"{RUNS}?status=error")
    ),
    probe("runs of an odd status", THREAD, get(f"{RUNS}?status=odd").but(*status(CHECKED, 200, 422, "status: "))),
    probe("runs are listed with some fields", THREAD, wait(steps()), get(f"{RUNS}?select=run_id&select=status")),
    probe(
        "runs are listed with known fields",
        THREAD,
        get(f"{RUNS}?select=colour").but(worded("^Invalid select columns: ", "^Invalid select columns: colour$")),
    ),
    probe("runs of an unknown thread", get(f"/threads/{UNKNOWN}/runs")),
    probe(
        "runs with a limit that is no number", THREAD, get(f"{RUNS}?limit=x").but(*status(CHECKED, 400, 422, "limit: "))
    ),
    probe("an unknown run", THREAD, get(f"/threads/{{thread}}/runs/{UNKNOWN}")),
    probe("a bad run id", THREAD, get("/threads/{thread}/runs/bad")),
    probe(
        "a run of an unknown thread",
        get(f"/threads/{UNKNOWN}/runs/{UNKNOWN}").but(worded("^Thread with ID .* not found$", "^Run .* not found$")),
    ),
    probe(
        "joining an unknown run",
        THREAD,
        get(f"/threads/{{thread}}/runs/{UNKNOWN}/join").but(*status(NO_STREAM, 200, 404, "Run .* not found")),
    ),
    probe("joining a bad id", THREAD, get("/threads/{thread}/runs/bad/join")),
    probe(
        "deleting a finished run",
        THREAD,
        create(steps()),
        _DONE,
        delete("/threads/{thread}/runs/{run}"),
        LIST_RUNS,
        READ_RUN,
        STATE,
    ),
    probe(
        "deleting an unknown run",
        THREAD,
        delete(f"/threads/{{thread}}/runs/{UNKNOWN}").but(worded("^Run not found$", "^Run .* not found$")),
    ),
    probe(
        "a run before a node stops there",
        THREAD,
        wait(steps(interrupt_before=["second"])),
        STATE,
        READ_THREAD,
        LIST_RUNS,
    ),
    probe("a run after a node stops there", THREAD, wait(steps(interrupt_after=["first"])), STATE),
    probe("a run before every node stops at once", THREAD, wait(steps(interrupt_before="*")), STATE),
    probe(
        "a run that was stopped before a node goes on",
        THREAD,
        wait(steps(interrupt_before=["second"])),
        wait(graph("steps")),
        STATE,
    ),
    probe("a run before an unknown node does not stop", THREAD, wait(steps(interrupt_before=["nobody"]))),
    probe(
        "a run that leaves one checkpoint",
        THREAD,
        wait(steps(durability="exit")),
        get("/threads/{thread}/history?limit=10"),
    ),
    probe(
        "a run without checkpoints during it",
        THREAD,
        wait(steps(checkpoint_during=False)),
        get("/threads/{thread}/history?limit=10"),
    ),
    probe("a run that syncs", THREAD, wait(steps(durability="sync")), get("/threads/{thread}/history?limit=10")),
    probe("a delayed run waits", THREAD, create(steps(after_seconds=1)), READ_THREAD, READ_RUN, JOIN, READ_RUN),
    probe(
        "a run with every option",
        THREAD,
        create(
            steps(
                metadata={"own": 1},
                config={"tags": ["t"], "recursion_limit": 9, "configurable": {"tone": "loud"}},
                stream_mode=["updates", "values"],
                stream_subgraphs=True,
                stream_resumable=True,
                on_disconnect="cancel",
                multitask_strategy="reject",
                if_not_exists="create",
                durability="sync",
                interrupt_before=["nobody"],
            )
        ),
        JOIN,
        READ_RUN,
    ),
    probe("two runs of one thread, one after the other", THREAD, wait(steps()), create(steps()), JOIN, LIST_RUNS),
    probe(
        "a running run",
        THREAD,
        create(steps("slow")),
        BUSY,
        READ_RUN,
        READ_THREAD,
        LIST_RUNS,
        post("/threads/{thread}/state", {"values": {"log": ["x"]}}).but(
            worded("has in-flight runs: ", "^Thread is already running a task")
        ),
        delete("/threads/{thread}"),
    ),
)
