"""Threads: time to live, supersteps, extracted values, pruning, storage."""

from conformance.listed import worded
from conformance.probe import get, post, probe
from conformance.probes.shapes import READ_THREAD, STATE, THREAD, UNKNOWN, steps, wait

_MARK = {"metadata": {"mark": "{probe}"}}
_MARKED = post("/threads", _MARK).keeping(thread="body.thread_id")
_STEP = {"values": {"log": ["a"]}, "as_node": "first"}

PROBES = (
    probe("a thread with a time to live", post("/threads", {"ttl": {"ttl": 60, "strategy": "delete"}})),
    probe("an odd strategy of its time to live", post("/threads", {"ttl": {"ttl": 60, "strategy": "odd"}})),
    probe(
        "a thread made of supersteps",
        post(
            "/threads",
            {
                "metadata": {"graph_id": "steps"},
                "supersteps": [
                    {"updates": [{"values": {"log": ["in"]}, "as_node": "__input__"}]},
                    {"updates": [_STEP]},
                ],
            },
        ).keeping(thread="body.thread_id"),
        READ_THREAD,
        STATE,
        post("/threads/{thread}/history", {"limit": 10}),
    ),
    probe(
        "supersteps without a node",
        post("/threads", {"metadata": {"graph_id": "steps"}, "supersteps": [{"updates": [{"values": {}}]}]}),
    ),
    probe(
        "values are extracted",
        _MARKED,
        wait(steps()),
        post(
            "/threads/search",
            {
                **_MARK,
                "extract": {"last": "values.log[-1]", "mark": "metadata.mark", "none": "values.nothing"},
                "select": ["thread_id"],
            },
        ),
    ),
    probe(
        "an odd path is extracted",
        post("/threads/search", {**_MARK, "extract": {"x": "colour.a"}}).but(
            worded("^Extract path 'colour.a' must start with one of", "^extract.x: Extract path 'colour.a' must start")
        ),
    ),
    probe(
        "an odd alias is extracted",
        post("/threads/search", {**_MARK, "extract": {"a b": "values.a"}}).but(
            worded("^Extract key 'a b' must be a valid", "^extract.a b.[^ ]+: Extract key 'a b' must be a valid")
        ),
    ),
    probe(
        "too much is extracted", post("/threads/search", {**_MARK, "extract": {f"a{n}": "values.a" for n in range(11)}})
    ),
    probe("threads are pruned", THREAD, post("/threads/prune", {"thread_ids": ["{thread}", UNKNOWN]}), READ_THREAD),
    probe("nothing is pruned", post("/threads/prune", {"thread_ids": []})),
    probe("a prune without threads", post("/threads/prune", {})),
    probe(
        "a prune of bad ids",
        post("/threads/prune", {"thread_ids": ["bad"]}).but(
            worded("^Invalid thread ID: must be a UUID$", "^thread_ids.0: .*UUID")
        ),
    ),
    probe("the storage of a fresh thread", THREAD, get("/threads/{thread}/storage")),
    probe(
        "the storage of a thread",
        THREAD,
        wait(steps()),
        get("/threads/{thread}/storage").comparing("status", "body.thread_id", "body.checkpoints.count"),
    ),
    probe("the storage of an unknown thread", get(f"/threads/{UNKNOWN}/storage")),
)
