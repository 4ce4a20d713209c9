"""Bad input."""

from conformance.listed import CHECKED, status, worded
from conformance.probe import Call, post, probe
from conformance.probes.shapes import RUNS, THREAD, steps

_TAKING_BODIES = (
    "/threads",
    "/threads/search",
    "/threads/count",
    "/runs",
    "/runs/wait",
    "/runs/stream",
    "/runs/batch",
    "/runs/cancel",
    "/assistants/search",
    "/assistants/count",
)


def _run_with(**more: object) -> Call:
    return post(RUNS, steps(**more))  # type: ignore[arg-type] # the point is that they are wrong


PROBES = (
    *(probe(f"{path} wants a body", post(path)) for path in _TAKING_BODIES),
    probe("a cut-off body", post("/threads", b'{"metadata": {')),
    probe("a body that is a list", post("/threads", [])),
    probe("a body that is a text", post("/threads", "text")),
    probe("a body that is null", post("/threads", None)),
    probe("a body that is no UTF-8", post("/threads", b'{"metadata": {"a": "\xff"}}')),
    probe("metadata that is a list", post("/threads", {"metadata": [1]})),
    probe(
        "a thread id that is no UUID",
        post("/threads", {"thread_id": "bad"}).but(worded("^Invalid thread ID: must be a UUID$", "^thread_id: ")),
    ),
    probe("a thread id that is a number", post("/threads", {"thread_id": 5})),
    probe("an odd if_exists", post("/threads", {"if_exists": "odd"})),
    probe("an odd if_not_exists", THREAD, _run_with(if_not_exists="odd")),
    probe("a limit that is a text", post("/threads/search", {"limit": "10"})),
    probe("a limit that is true", post("/threads/search", {"limit": True})),
    probe("an odd durability", THREAD, _run_with(durability="odd")),
    probe("metadata of a run that is a text", THREAD, _run_with(metadata="x")),
    probe("tags that are no texts", THREAD, _run_with(config={"tags": [1]})),
    probe("an interrupt_before that is a number", THREAD, _run_with(interrupt_before=5)),
    probe("a delay that is a text", THREAD, _run_with(after_seconds="soon")),
    probe("a negative delay", THREAD, _run_with(after_seconds=-1).but(*status(CHECKED, 200, 422, "after_seconds: "))),
    probe("a stream_subgraphs that is a text", THREAD, _run_with(stream_subgraphs="yes")),
    probe(
        "an odd on_disconnect",
        THREAD,
        _run_with(on_disconnect="odd").but(*status(CHECKED, 200, 422, "on_disconnect: ")),
    ),
    probe("an assistant that is a number", THREAD, post(RUNS, {"assistant_id": 5})),
    probe(
        "a goto that mixes", THREAD, post(RUNS, {"assistant_id": "steps", "command": {"goto": ["a", {"node": "b"}]}})
    ),
    probe("a checkpoint that is a text", THREAD, _run_with(checkpoint="x")),
    probe(
        "a feedback key list",
        THREAD,
        _run_with(feedback_keys=["a"]),
    ),
)
