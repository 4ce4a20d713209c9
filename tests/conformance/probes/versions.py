"""Assistants: create, change, delete, versions, subgraphs."""

from conformance.listed import VERSIONS, status
from conformance.probe import delete, get, patch, post, probe
from conformance.probes.shapes import THREAD, UNKNOWN, graph, wait

_ID = "01a1f885-0830-472e-8d96-0000000002{:02d}"
_MAKE = post(
    "/assistants",
    {
        "graph_id": "mirror",
        "name": "one",
        "metadata": {"mark": "{probe}"},
        "config": {"configurable": {"tone": "loud"}},
        "description": "first",
    },
).keeping(assistant="body.assistant_id")
_READ = get("/assistants/{assistant}")
_CHANGE = patch("/assistants/{assistant}", {"name": "two", "metadata": {"more": 1}, "config": {"tags": ["t"]}})
_VERSIONS = post("/assistants/{assistant}/versions", {})

PROBES = (
    probe("an assistant is made", _MAKE, _READ),
    probe("an assistant is made of a graph's name alone", post("/assistants", {"graph_id": "steps"})),
    probe(
        "an assistant with an id is made once",
        post("/assistants", {"graph_id": "steps", "assistant_id": _ID.format(1)}),
        post("/assistants", {"graph_id": "steps", "assistant_id": _ID.format(1)}),
        post("/assistants", {"graph_id": "asks", "assistant_id": _ID.format(1), "if_exists": "do_nothing"}),
    ),
    probe("an assistant of an unknown graph", post("/assistants", {"graph_id": "nobody"})),
    probe("an assistant without a graph", post("/assistants", {})),
    probe("an assistant with a null name", post("/assistants", {"graph_id": "steps", "name": None})),
    probe(
        "an assistant with configurable and context",
        post("/assistants", {"graph_id": "steps", "context": {"a": 1}, "config": {"configurable": {"b": 1}}}),
    ),
    probe("an assistant with a context", post("/assistants", {"graph_id": "mirror", "context": {"tone": "loud"}})),
    probe("a run of an assistant has its config", _MAKE, THREAD, wait(graph("{assistant}", input={"seen": {}}))),
    probe(
        "a run's config goes before its assistant's",
        _MAKE,
        THREAD,
        wait(graph("{assistant}", input={"seen": {}}, config={"configurable": {"tone": "soft"}, "tags": ["r"]})),
    ),
    probe("an assistant is changed", _MAKE, _CHANGE, _READ, _VERSIONS),
    probe("an empty change is a version", _MAKE, patch("/assistants/{assistant}", {}), _VERSIONS),
    probe("an unknown assistant is changed", patch(f"/assistants/{UNKNOWN}", {"name": "x"})),
    probe("an assistant gets an unknown graph", _MAKE, patch("/assistants/{assistant}", {"graph_id": "nobody"})),
    probe(
        "an assistant goes back to a version",
        _MAKE,
        _CHANGE,
        post("/assistants/{assistant}/latest", {"version": 1}),
        _READ,
        patch("/assistants/{assistant}", {"name": "three"}),
    ),
    probe(
        "an assistant goes back to an unknown version", _MAKE, post("/assistants/{assistant}/latest", {"version": 99})
    ),
    probe(
        "an assistant goes back to no version",
        _MAKE,
        post("/assistants/{assistant}/latest", {}).but(*status(VERSIONS, 404, 422, "version: Field required")),
    ),
    probe(
        "versions are paged",
        _MAKE,
        _CHANGE,
        post("/assistants/{assistant}/versions", {"limit": 1}),
        post("/assistants/{assistant}/versions", {"limit": 1, "offset": 1}),
    ),
    probe("versions of an unknown assistant", post(f"/assistants/{UNKNOWN}/versions", {})),
    probe(
        "an assistant is deleted", _MAKE, delete("/assistants/{assistant}"), _READ, delete("/assistants/{assistant}")
    ),
    probe(
        "made assistants are found",
        _MAKE,
        post("/assistants/search", {"metadata": {"mark": "{probe}"}}),
        post("/assistants/count", {"metadata": {"mark": "{probe}"}}),
    ),
    probe(
        "subgraphs of a graph",
        post("/assistants/search", {"graph_id": "family", "metadata": {"created_by": "system"}}).keeping(
            assistant="body.0.assistant_id"
        ),
        get("/assistants/{assistant}/subgraphs"),
        get("/assistants/{assistant}/subgraphs/child"),
        get("/assistants/{assistant}/subgraphs/nobody"),
        get("/assistants/{assistant}/subgraphs?recurse=true"),
    ),
    probe("subgraphs of an unknown assistant", get(f"/assistants/{UNKNOWN}/subgraphs")),
)
