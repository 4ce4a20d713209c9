"""State and history of threads."""

from conformance.listed import NAMESPACES, only_here, status, worded
from conformance.probe import get, post, probe
from conformance.probes.shapes import READ_THREAD, STATE, THREAD, UNKNOWN, graph, steps, wait

_UPDATE = "/threads/{thread}/state"
_HISTORY = "/threads/{thread}/history"
_ALL = post(_HISTORY, {"limit": 10})
_DONE = wait(steps())
_CHECKPOINTS = _ALL.keeping(newest="body.0.checkpoint_id", middle="body.2.checkpoint_id", first="body.4.checkpoint_id")
_ASKED = wait(graph("asks", input={"log": ["input"]}))
_FAMILY = wait(graph("family", input={"log": ["input"]}))

_NAMESPACE = only_here(NAMESPACES, "body.checkpoint.checkpoint_ns", "")

PROBES = (
    probe("a fresh thread has an empty state", THREAD, STATE, _ALL),
    probe("a finished thread has values and nothing next", THREAD, _DONE, STATE),
    probe("a history has every step, newest first", THREAD, _DONE, _ALL),
    probe("a history has one entry unless asked for more", THREAD, _DONE, get(_HISTORY), post(_HISTORY, {})),
    probe("a history can be asked for in the query", THREAD, _DONE, get(f"{_HISTORY}?limit=3")),
    probe(
        "a history goes on before a checkpoint",
        THREAD,
        _DONE,
        _CHECKPOINTS,
        get(f"{_HISTORY}?limit=10&before={{middle}}"),
        post(_HISTORY, {"limit": 10, "before": "{middle}"}).but(*status(NAMESPACES, 422, 200)),
        post(_HISTORY, {"limit": 10, "before": {"configurable": {"checkpoint_id": "{middle}"}}}),
    ),
    probe(
        "a history can be filtered by metadata",
        THREAD,
        _DONE,
        post(_HISTORY, {"limit": 10, "metadata": {"source": "input"}}),
        post(_HISTORY, {"limit": 10, "metadata": {"step": 1}}),
        post(_HISTORY, {"limit": 10, "metadata": {"source": "nothing"}}),
    ),
    probe("a history has a limit of at least one", THREAD, post(_HISTORY, {"limit": 0})),
    probe("a history has a limit of at most a thousand", THREAD, post(_HISTORY, {"limit": 1001})),
    probe("an unknown thread has no state", get(f"/threads/{UNKNOWN}/state")),
    probe(
        "an unknown thread has no history", get(f"/threads/{UNKNOWN}/history"), post(f"/threads/{UNKNOWN}/history", {})
    ),
    probe("a bad id has no state", get("/threads/bad/state"), get("/threads/bad/history")),
    probe(
        "a state can be read at a checkpoint",
        THREAD,
        _DONE,
        _CHECKPOINTS,
        get("/threads/{thread}/state/{middle}").but(_NAMESPACE),
        post("/threads/{thread}/state/checkpoint", {"checkpoint": {"checkpoint_id": "{middle}"}}).but(_NAMESPACE),
        post("/threads/{thread}/state/checkpoint", {"checkpoint": {"checkpoint_id": "{first}", "checkpoint_ns": ""}}),
    ),
    probe(
        "an unknown checkpoint reads as empty",
        THREAD,
        _DONE,
        get(f"/threads/{{thread}}/state/{UNKNOWN}").but(_NAMESPACE),
    ),
    probe("a bad checkpoint id reads as empty", THREAD, _DONE, get("/threads/{thread}/state/bad").but(_NAMESPACE)),
    probe("a state at a checkpoint needs a checkpoint", THREAD, post("/threads/{thread}/state/checkpoint", {})),
    probe(
        "an update is a new checkpoint",
        THREAD,
        _DONE,
        post(_UPDATE, {"values": {"log": ["update"]}}),
        STATE,
        READ_THREAD,
    ),
    probe(
        "an update as a node goes on behind it",
        THREAD,
        _DONE,
        post(_UPDATE, {"values": {"log": ["update"]}, "as_node": "first"}),
        STATE,
        READ_THREAD,
    ),
    probe("an update without values says that a node ran", THREAD, _DONE, post(_UPDATE, {"as_node": "second"}), STATE),
    probe("an update of null", THREAD, _DONE, post(_UPDATE, {"values": None}), STATE),
    probe(
        "an update at a checkpoint forks",
        THREAD,
        _DONE,
        _CHECKPOINTS,
        post(_UPDATE, {"values": {"log": ["update"]}, "checkpoint_id": "{middle}"}),
        STATE,
        _ALL,
    ),
    probe(
        "an update at a checkpoint object forks",
        THREAD,
        _DONE,
        _CHECKPOINTS,
        post(_UPDATE, {"values": {"log": ["update"]}, "checkpoint": {"checkpoint_id": "{middle}"}}),
        STATE,
    ),
    probe(
        "an update of an unknown node", THREAD, _DONE, post(_UPDATE, {"values": {"log": ["x"]}, "as_node": "nobody"})
    ),
    probe(
        "an update with unknown keys ignores them", THREAD, _DONE, post(_UPDATE, {"values": {"colour": "red"}}), STATE
    ),
    probe("an update with a list", THREAD, _DONE, post(_UPDATE, {"values": ["x"]})),
    probe("an update with a text", THREAD, _DONE, post(_UPDATE, {"values": "x"})),
    probe(
        "an update of a thread without a graph",
        THREAD,
        post(_UPDATE, {"values": {"log": ["x"]}}).but(worded("has no assigned graph ID", "has no assigned graph ID")),
    ),
    probe(
        "an update of a thread whose metadata names its graph",
        post("/threads", {"metadata": {"graph_id": "steps"}}).keeping(thread="body.thread_id"),
        post(_UPDATE, {"values": {"log": ["x"]}}),
        STATE,
        READ_THREAD,
    ),
    probe("an update of an unknown thread", post(f"/threads/{UNKNOWN}/state", {"values": {}})),
    probe(
        "an update of an interrupted thread drops the interrupt",
        THREAD,
        _ASKED,
        post(_UPDATE, {"values": {"log": ["x"]}, "as_node": "ask"}),
        STATE,
        READ_THREAD,
    ),
    probe("an interrupted thread shows what it asks", THREAD, _ASKED, STATE, READ_THREAD, _ALL),
    probe("a failed thread shows its error", THREAD, wait(steps("fail")), STATE, _ALL),
    probe("an interrupted subgraph is named", THREAD, _FAMILY, STATE),
    probe("an interrupted subgraph can be read", THREAD, _FAMILY, get("/threads/{thread}/state?subgraphs=true")),
    probe(
        "the state of a subgraph can be read by its namespace",
        THREAD,
        _FAMILY,
        STATE.keeping(ns="body.tasks.0.checkpoint.checkpoint_ns"),
        post("/threads/{thread}/state/checkpoint", {"checkpoint": {"checkpoint_ns": "{ns}"}}),
        post(_HISTORY, {"limit": 10, "checkpoint": {"checkpoint_ns": "{ns}"}}),
    ),
    probe("the thread is updated at the end of the run", THREAD, _DONE, wait(steps()), READ_THREAD),
)
