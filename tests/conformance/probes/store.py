"""The store: items by namespace and key."""

from conformance.accepted import Accepted, Text
from conformance.listed import ITEM_ORDER, STORE_CHECKED, only_here, only_official
from conformance.probe import Call, delete, get, post, probe, put
from conformance.probes.shapes import graph


def _put(label: str, key: str = "k", **value: object) -> Call:
    return put("/store/items", {"namespace": ["conformance", label], "key": key, "value": value})


def _get(label: str, key: str = "k") -> Call:
    return get(f"/store/items?namespace=conformance.{label}&key={key}")


def _search(label: str, **more: object) -> Call:
    return post("/store/items/search", {"namespace_prefix": ["conformance", label], **more})


def _namespaces(**more: object) -> Call:
    return post("/store/namespaces", more)


def _abc(label: str) -> tuple[Call, ...]:
    return _put(label, "a", n=1), _put(label, "b", n=2), _put(label, "c", n=3)


def _swapped(place: int, official: str, runline: str) -> tuple[Accepted, Accepted]:
    """In that place of what is found, each side has another one of a, b and c."""
    item = f"body.items.{place}"
    return (
        Accepted(ITEM_ORDER, f"{item}.key", official, runline),
        Accepted(ITEM_ORDER, f"{item}.value.n", "_abc".index(official), "_abc".index(runline)),
    )


def _in_a_detail(text: str) -> tuple[Accepted, Accepted]:
    """Officially such an error is its bare text."""
    return (
        Accepted(STORE_CHECKED, "body", Text(f"^{text}"), Text(f'^{{"detail": "{text}')),
        only_here(STORE_CHECKED, "headers.content-type", "application/json"),
    )


_BAD = {"key": "k", "value": {}}
_FIRST_AND_LAST = (*_swapped(0, "a", "c"), *_swapped(2, "c", "a"))
_LAST_TWO = (*_swapped(0, "b", "c"), *_swapped(1, "c", "b"))

PROBES = (
    probe("an item is put and read", _put("one", a=1), _get("one")),
    probe("an item is put again", _put("two", a=1), _put("two", b=2), _get("two")),
    probe("an unknown item reads as null", _get("nothing")),
    probe(
        "an item is deleted",
        _put("three", a=1),
        delete("/store/items", {"namespace": ["conformance", "three"], "key": "k"}),
        _get("three"),
        delete("/store/items", {"namespace": ["conformance", "three"], "key": "k"}),
    ),
    probe(
        "a key is asked for",
        get("/store/items?namespace=conformance").but(
            only_official(STORE_CHECKED, "body.error", "Key is required"),
            only_here(STORE_CHECKED, "body.detail", "Key is required"),
        ),
    ),
    probe("items are searched", *_abc("four"), _search("four").but(*_FIRST_AND_LAST)),
    probe(
        "items are paged",
        *_abc("five"),
        _search("five", limit=2).but(*_swapped(0, "a", "c")),
        _search("five", limit=2, offset=2).but(*_swapped(0, "c", "a")),
    ),
    probe(
        "items are filtered",
        *_abc("six"),
        _search("six", filter={"n": 2}),
        _search("six", filter={"n": {"$gt": 1}}).but(*_LAST_TWO),
        _search("six", filter={"n": {"$ne": 1}}).but(*_LAST_TWO),
        _search("six", filter={"n": {"$eq": 1}}),
        _search("six", filter={"n": {"$lte": 2}}).but(*_swapped(0, "a", "b"), *_swapped(1, "b", "a")),
    ),
    # officially, what is asked of the store at the same moment can get this error, too
    probe("items are filtered oddly", *_abc("seven"), _search("seven", filter={"n": {"$odd": 1}}), alone=True),
    probe(
        "items of inner namespaces are found",
        put("/store/items", {"namespace": ["conformance", "eight", "in"], "key": "k", "value": {}}),
        _search("eight"),
    ),
    probe("namespaces are listed", _put("nine", a=1), _namespaces(prefix=["conformance", "nine"])),
    probe(
        "namespaces are listed to a depth",
        put("/store/items", {"namespace": ["conformance", "ten", "in"], "key": "k", "value": {}}),
        _namespaces(prefix=["conformance", "ten"], max_depth=2),
        _namespaces(prefix=["*", "ten"]),
        _namespaces(suffix=["ten", "in"]),
    ),
    probe("an item without a namespace", put("/store/items", {"namespace": [], **_BAD})),
    probe(
        "an item of an empty label",
        put("/store/items", {"namespace": [""], **_BAD}).but(*_in_a_detail("Namespace label '' must be")),
    ),
    probe(
        "an item of a label with a period",
        put("/store/items", {"namespace": ["a.b"], **_BAD}).but(*_in_a_detail("Namespace label 'a.b' must be")),
    ),
    probe("an item of the reserved label", put("/store/items", {"namespace": ["langgraph"], **_BAD})),
    probe(
        "an item whose value is a text", put("/store/items", {"namespace": ["conformance"], "key": "k", "value": "x"})
    ),
    probe("an item without a key", put("/store/items", {"namespace": ["conformance"], "value": {}})),
    probe(
        "a graph and a caller share the store",
        post("/runs/wait", graph("memory", input={"seen": {"a": 1}})).comparing("status"),
        get("/store/items?namespace=conformance&key=seen"),
    ),
)
