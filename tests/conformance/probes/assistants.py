"""Reading assistants."""

from conformance.accepted import Accepted
from conformance.listed import DONE_RIGHT, worded
from conformance.probe import get, post, probe
from conformance.probes.shapes import UNKNOWN

_FIND = post("/assistants/search", {"graph_id": "family"}).keeping(assistant="body.0.assistant_id")
_TUNED = post("/assistants/search", {"graph_id": "tuned"}).keeping(assistant="body.0.assistant_id")
_SYSTEM = {"metadata": {"created_by": "system"}}

PROBES = (
    probe("an assistant of a graph", _FIND, get("/assistants/{assistant}")),
    probe("an assistant with a description", post("/assistants/search", {"graph_id": "steps"})),
    probe(
        "assistants are found by metadata and sorted",
        post("/assistants/search", {**_SYSTEM, "limit": 100, "sort_by": "name", "sort_order": "asc"}),
    ),
    probe(
        "assistants are paged",
        post("/assistants/search", {**_SYSTEM, "limit": 2, "sort_by": "graph_id", "sort_order": "asc"}).but(
            Accepted(DONE_RIGHT, "headers.x-pagination-total", "3", "9")
        ),
    ),
    probe(
        "assistants are selected from",
        post("/assistants/search", {"graph_id": "steps", "select": ["name", "graph_id"]}),
    ),
    probe("assistants are found by name", post("/assistants/search", {**_SYSTEM, "name": "ASKS", "sort_by": "name"})),
    probe("assistants of an unknown graph", post("/assistants/search", {"graph_id": "nobody"})),
    probe(
        "assistants are counted",
        post("/assistants/count", {"graph_id": "steps", **_SYSTEM}),
        post("/assistants/count", _SYSTEM),
    ),
    probe("assistants of an unknown graph are counted", post("/assistants/count", {"graph_id": "nobody"})),
    probe("an unknown assistant", get(f"/assistants/{UNKNOWN}")),
    probe("a bad assistant id", get("/assistants/bad")),
    probe("a graph's name is no assistant id", get("/assistants/steps")),
    probe("a graph by name", get("/assistants/steps/graph")),
    probe("a graph by id", _FIND, get("/assistants/{assistant}/graph")),
    probe(
        "a graph with its subgraphs", get("/assistants/family/graph?xray=true"), get("/assistants/family/graph?xray=1")
    ),
    probe("a graph with an odd xray", get("/assistants/family/graph?xray=odd"), get("/assistants/family/graph?xray=0")),
    probe(
        "the graph of an unknown assistant",
        get(f"/assistants/{UNKNOWN}/graph").but(worded("^Not Found$", "^Thread or assistant not found")),
    ),
    probe("schemas of a graph", _FIND, get("/assistants/{assistant}/schemas")),
    probe("schemas of a graph with a context", _TUNED, get("/assistants/{assistant}/schemas")),
    probe(
        "schemas of a chat",
        post("/assistants/search", {"graph_id": "chat"}).keeping(assistant="body.0.assistant_id"),
        get("/assistants/{assistant}/schemas"),
    ),
    probe(
        "schemas of a factory's graph",
        post("/assistants/search", {"graph_id": "made"}).keeping(assistant="body.0.assistant_id"),
        get("/assistants/{assistant}/schemas"),
    ),
    probe("schemas of an unknown assistant", get(f"/assistants/{UNKNOWN}/schemas")),
)
