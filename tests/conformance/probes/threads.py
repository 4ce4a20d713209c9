"""Threads: create, read, change, delete, find, count, copy."""

from conformance.accepted import Accepted, Text
from conformance.listed import CHECKED, DONE_RIGHT, NEWEST_CONFIG, NULLS, only_here, status
from conformance.probe import delete, get, patch, post, probe
from conformance.probes.shapes import READ_THREAD, STATE, THREAD, UNKNOWN, steps, wait

_ID = "01a1f885-0830-772e-8d96-0000000000{:02d}"
_MARK = {"metadata": {"mark": "{probe}"}}
_MARKED = post("/threads", _MARK).keeping(thread="body.thread_id")
_ABC = tuple(post("/threads", {"metadata": {"mark": "{probe}", "name": name}}) for name in "abc")
_SORTED = {**_MARK, "sort_by": "created_at", "sort_order": "asc"}

_COPIED = (
    only_here(DONE_RIGHT, "body.values", Text("third")),
    only_here(NEWEST_CONFIG, "body.config.configurable", {}),
)

PROBES = (
    probe("an empty thread is made", THREAD, READ_THREAD, STATE),
    probe("a thread may have an id", post("/threads", {"thread_id": _ID.format(1)}), get(f"/threads/{_ID.format(1)}")),
    probe("an id in capitals is the same", post("/threads", {"thread_id": _ID.format(2).upper()})),
    probe(
        "an id can be used once",
        post("/threads", {"thread_id": _ID.format(3)}),
        post("/threads", {"thread_id": _ID.format(3)}),
    ),
    probe(
        "a thread that exists can be had again, unchanged",
        post("/threads", {"thread_id": _ID.format(4), "metadata": {"a": 1}}),
        post("/threads", {"thread_id": _ID.format(4), "metadata": {"a": 2}, "if_exists": "do_nothing"}),
    ),
    probe("metadata may be null", post("/threads", {"metadata": None}).but(*status(NULLS, 422, 200))),
    probe("metadata may be nested", post("/threads", {"metadata": {"a": {"b": [1, None, "ü", 1.5, True]}}})),
    probe("an unknown thread is not found", get(f"/threads/{UNKNOWN}")),
    probe("a thread's id must be a UUID", get("/threads/bad")),
    probe("unknown fields are ignored", post("/threads", {"colour": "red"})),
    probe("unknown includes are ignored", THREAD, get("/threads/{thread}?include=colour")),
    probe(
        "a patch merges metadata",
        post("/threads", {"metadata": {"a": 1, "b": 2}}).keeping(thread="body.thread_id"),
        patch("/threads/{thread}", {"metadata": {"b": 3, "c": None}}),
        READ_THREAD,
    ),
    probe("an empty patch changes nothing", _MARKED, patch("/threads/{thread}", {})),
    probe(
        "a patch can be answered with nothing",
        _MARKED,
        patch("/threads/{thread}", {"metadata": {"a": 1}}).with_headers({"Prefer": "return=minimal"}),
        READ_THREAD,
    ),
    probe("an unknown thread cannot be patched", patch(f"/threads/{UNKNOWN}", {"metadata": {}})),
    probe("a bad id cannot be patched", patch("/threads/bad", {"metadata": {}})),
    probe("a deleted thread is gone", THREAD, delete("/threads/{thread}"), READ_THREAD, delete("/threads/{thread}")),
    probe("a bad id cannot be deleted", delete("/threads/bad")),
    probe("a search finds by metadata", _MARKED, post("/threads/search", _MARK)),
    probe("a search finds nothing", post("/threads/search", _MARK)),
    probe(
        "a search finds by nested metadata",
        post("/threads", {"metadata": {"own": {"a": "{probe}", "b": 1}}}),
        post("/threads/search", {"metadata": {"own": {"a": "{probe}"}}}),
        post("/threads/search", {"metadata": {"own": "{probe}"}}),
    ),
    probe(
        "a search pages",
        *_ABC,
        post("/threads/search", {**_SORTED, "limit": 2}),
        post("/threads/search", {**_SORTED, "limit": 2, "offset": 2}),
        post("/threads/search", {**_SORTED, "limit": 2, "offset": 5}).but(
            Accepted(DONE_RIGHT, "headers.x-pagination-total", "5", "3")
        ),
    ),
    probe("a search begins with what changed last", *_ABC, post("/threads/search", _MARK)),
    probe("an order without a field is ignored", *_ABC, post("/threads/search", {**_MARK, "sort_order": "asc"})),
    probe("a search selects", _MARKED, post("/threads/search", {**_MARK, "select": ["thread_id", "metadata"]})),
    probe("a search selects what it knows", post("/threads/search", {**_MARK, "select": ["colour"]})),
    probe(
        "a search finds by status",
        _MARKED,
        post("/threads/search", {**_MARK, "status": "idle"}),
        post("/threads/search", {**_MARK, "status": "busy"}),
        post("/threads/search", {**_MARK, "status": "odd"}),
    ),
    probe(
        "a search finds by ids",
        _MARKED,
        post("/threads/search", {"ids": ["{thread}"]}),
        post("/threads/search", {"ids": [UNKNOWN]}),
        post("/threads/search", {**_MARK, "ids": []}),
    ),
    probe(
        "ids of a search must be UUIDs",
        post("/threads/search", {"ids": ["bad"]}).but(*status(CHECKED, 400, 422, "valid UUID")),
    ),
    probe("a search has a limit of at least one", post("/threads/search", {"limit": 0})),
    probe("a search has a limit of at most a thousand", post("/threads/search", {"limit": 1001})),
    probe("a search has no negative offset", post("/threads/search", {"offset": -1})),
    probe("a search sorts by what it knows", post("/threads/search", {"sort_by": "colour"})),
    probe(
        "a count counts",
        *_ABC,
        post("/threads/count", _MARK),
        post("/threads/count", {"metadata": {"mark": "{probe}", "name": "a"}}),
        post("/threads/count", {**_MARK, "status": "busy"}),
    ),
    probe(
        "a copy has metadata and state, and no runs",
        _MARKED,
        wait(steps()),
        post("/threads/{thread}/copy").keeping(thread="body.thread_id").but(*_COPIED),
        READ_THREAD.but(*_COPIED),
        STATE,
        get("/threads/{thread}/runs"),
        get("/threads/{thread}/history?limit=10"),
    ),
    probe(
        "an unknown thread cannot be copied",
        post(f"/threads/{UNKNOWN}/copy").but(*status(DONE_RIGHT, 409, 404, "not found")),
    ),
    probe("a bad id cannot be copied", post("/threads/bad/copy").but(*status(CHECKED, 400, 422, "must be a UUID"))),
    probe("a thread shows what its run left", _MARKED, wait(steps()), READ_THREAD),
    probe("a thread shows that its run failed", _MARKED, wait(steps("fail")), READ_THREAD),
)
