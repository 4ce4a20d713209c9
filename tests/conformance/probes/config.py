"""Config and context, as the graph sees them."""

from conformance.accepted import Accepted, Text
from conformance.listed import DONE_RIGHT, METADATA, only_official
from conformance.probe import get, post, probe
from conformance.probes.shapes import JOIN, READ_RUN, READ_THREAD, THREAD, create, graph, wait

_INPUT: dict[str, object] = {"seen": {}}


def _mirror(name: str = "mirror", **more: object) -> dict[str, object]:
    return graph(name, input=_INPUT, **more)


PROBES = (
    probe("nothing is configured", THREAD, wait(_mirror())),
    probe(
        "configurable reaches the graph, and its context",
        THREAD,
        wait(_mirror(config={"configurable": {"tone": "loud"}})),
    ),
    probe("context reaches the graph, and its configurable", THREAD, wait(_mirror(context={"tone": "loud"}))),
    probe("a context of a schema has defaults", THREAD, wait(_mirror("tuned"))),
    probe("a context of a schema takes values", THREAD, wait(_mirror("tuned", context={"tone": "loud", "size": 3}))),
    probe(
        "a context of a schema drops other keys",
        THREAD,
        wait(_mirror("tuned", context={"tone": "loud", "colour": "red"})),
    ),
    probe(
        "a context of a schema from configurable", THREAD, wait(_mirror("tuned", config={"configurable": {"size": 4}}))
    ),
    probe(
        "configurable and context exclude each other",
        THREAD,
        create(_mirror(context={"tone": "a"}, config={"configurable": {"tone": "b"}})),
    ),
    probe("tags and a recursion limit", THREAD, wait(_mirror(config={"tags": ["a", "b"], "recursion_limit": 7}))),
    probe("a recursion limit of nought", THREAD, wait(_mirror(config={"recursion_limit": 0}))),
    probe("a recursion limit that is a text", THREAD, wait(_mirror(config={"recursion_limit": "x"}))),
    probe(
        "metadata of run and config reach the graph",
        THREAD,
        wait(_mirror(metadata={"own1": 1}, config={"metadata": {"own2": 2}})),
    ),
    probe(
        "metadata of the thread reaches the graph",
        post("/threads", {"metadata": {"own": 1}}).keeping(thread="body.thread_id"),
        wait(_mirror()),
    ),
    probe(
        "forged ids do not reach the graph",
        THREAD,
        wait(_mirror(config={"configurable": {"thread_id": "x", "run_id": "y", "user_id": "z", "graph_id": "g"}})).but(
            Accepted(DONE_RIGHT, "body.seen.configurable.user_id", "z", ""),
            Accepted(DONE_RIGHT, "body.seen.context", Text("thread_id"), None),
        ),
    ),
    probe(
        "the thread keeps the config",
        THREAD,
        wait(_mirror(config={"tags": ["t"], "configurable": {"tone": "loud"}})),
        READ_THREAD,
    ),
    probe(
        "the run keeps the config",
        THREAD,
        create(_mirror(config={"tags": ["t"], "configurable": {"tone": "loud"}})),
        JOIN,
        READ_RUN,
    ),
    probe(
        "the run keeps the context",
        THREAD,
        create(_mirror(context={"tone": "loud"})).but(
            only_official(DONE_RIGHT, "body.kwargs.config.configurable.__context_provided__", True)
        ),
        JOIN,
        READ_RUN,
    ),
    probe(
        "a factory makes the graph",
        THREAD,
        wait(graph("made", input=_INPUT, config={"configurable": {"tone": "loud"}})).but(
            Accepted(METADATA, "body.seen.limit", 10011, None)
        ),
        get("/threads/{thread}/state").but(Accepted(METADATA, "body.values.seen.limit", 10011, None)),
    ),
    probe("a config that is a text", THREAD, create(_mirror(config="x"))),
    probe("a context that is a list", THREAD, create(_mirror(context=[1]))),
)
