"""The fields of every request body: what each takes of the values below. All others must be refused.

Fields that take anything (`input`, `command.resume`) or are unknown are not here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

VALUES: Mapping[str, Any] = {
    "null": None,
    "truth": True,
    "number": 5,
    "fraction": 1.5,
    "negative": -1,
    "huge": 10**18,
    "text": "text",
    "empty-text": "",
    "digits": "5",
    "truth-as-text": "true",
    "list": [],
    "numbers": [1],
    "texts": ["text"],
    "nulls": [None],
    "object": {},
}

_NUL = "a\0b"
_SQL = "x'; DROP TABLE runs; --"
_WORDS = {"nul": _NUL, "sql": _SQL, "longest": "x" * 5000, "line-break": "a\r\nb: c", "traversal": "../../etc/passwd"}


@dataclass(frozen=True)
class Field:
    """A field, the names of the VALUES that it takes, and further values that it must not take."""

    name: str
    takes: str
    bad: Mapping[str, Any] = field(default_factory=dict)

    def badness(self) -> Iterator[tuple[str, Any]]:
        """Each bad value by a name that is readable."""
        yield from ((kind, value) for kind, value in VALUES.items() if kind not in self.takes.split())
        yield from self.bad.items()


def _inside(**bad: Any) -> dict[str, Any]:
    """Objects with one bad key each: `recursion_limit__text=...` is `{"recursion_limit": ...}`."""
    return {name.replace("__", ":"): {name.partition("__")[0]: value} for name, value in bad.items()}


_COMMANDS = _inside(
    goto__number=5,
    goto__mixed=[{"node": "two"}, "three"],
    goto__nameless={"input": 1},
    goto__nulls=[None],
    goto__node_number=[{"node": 5}],
    update__text="text",
    update__number=5,
    update__short_pair=[["log"]],
    update__long_pair=[["log", 1, 2]],
    update__numbered=[[1, 2]],
)
_CONFIGS = _inside(
    tags__text="text",
    tags__numbers=[1],
    recursion_limit__text="many",
    recursion_limit__huge=10**18,
    recursion_limit__fraction=1.5,
    recursion_limit__list=[1],
    recursion_limit__truth=True,
    max_concurrency__none=0,
    max_concurrency__negative=-1,
    max_concurrency__huge=10**18,
    max_concurrency__text="many",
    configurable__list=[1],
    configurable__text="text",
    configurable__number=5,
    configurable__checkpoint={"checkpoint_id": "yesterday"},
    configurable__checkpoint_nul={"checkpoint_id": _NUL},
    configurable__checkpoint_number={"checkpoint_id": 5},
    configurable__checkpoint_empty={"checkpoint_id": ""},
    metadata__list=[1],
    metadata__text="text",
)
_LARGE = {"large": {"text": "x" * 70_000}, "many-keys": {f"key-{number}": number for number in range(6000)}}

METADATA = Field("metadata", "null object", _LARGE)
WANTED_METADATA = Field("metadata", "null object")

_URLS = {
    "file": "file:///etc/passwd",
    "this-machine": "http://127.0.0.1:8123/",
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "mapped": "http://[::ffff:10.0.0.1]/",
    "credentials": "https://user:password@93.184.215.14/",
    "too-long": "https://93.184.215.14/" + "a" * 65_536,
    "header": "https://93.184.215.14/\r\nX-Evil: 1",
    "script": "javascript:alert(1)",
    "bad-port": "https://93.184.215.14:99999/",
    "bad-brackets": "https://[93.184.215.14/",
}

RUN = (
    Field("assistant_id", "", _WORDS),
    Field("command", "null object", _COMMANDS),
    METADATA,
    Field("config", "null object", _CONFIGS),
    Field("context", "null object"),
    Field("interrupt_before", "null list texts"),
    Field("interrupt_after", "null list texts"),
    Field("stream_mode", "null list", {"mixed": ["values", "everything"], **_WORDS}),
    Field("stream_subgraphs", "null truth"),
    Field("stream_resumable", "null truth"),
    Field("on_disconnect", "null", _WORDS),
    Field("after_seconds", "null number fraction", {"endless": 1e300, "eleven-years": 350_000_000}),
    Field("durability", "null", _WORDS),
    Field("checkpoint_during", "null truth"),
    Field("webhook", "null", _URLS | _WORDS),
    Field("feedback_keys", "null list texts", {"mixed": ["text", 5], "nested": [["text"]]}),
    Field("langsmith_tracer", "null"),
    Field("strict_resume", "null"),
)

_REFS = {
    "id:text": {"checkpoint_id": "yesterday"},
    "id:number": {"checkpoint_id": 5},
    "id:nul": {"checkpoint_id": _NUL},
    "ns:number": {"checkpoint_ns": 5},
    "map:text": {"checkpoint_map": "text"},
    "map:list": {"checkpoint_map": [1]},
}
_NAMES = {**_REFS, "map:numbers": {"checkpoint_map": {"a": 1}}}
del _NAMES["id:text"], _NAMES["id:nul"]

THREAD_RUN = (
    *RUN,
    Field("checkpoint", "null object", _REFS),
    Field("checkpoint_id", "null", _WORDS),
    Field("multitask_strategy", "null", _WORDS),
    Field("if_not_exists", "null", _WORDS),
)
STATELESS_RUN = (*RUN, Field("on_completion", "null", _WORDS))

_ID = "01a1f885-0830-772e-8d96-040c354ac1f6"
# a number is so many minutes
TTL = Field(
    "ttl",
    "null number fraction",
    {
        "none": 0,
        "eleven-years": 6_000_000,
        "nameless": {"strategy": "delete"},
        **_inside(ttl__none=0, ttl__negative=-1, ttl__huge=10**18, ttl__text="5", ttl__truth=True, ttl__list=[5]),
        **{f"strategy:{name}": {"ttl": 5, "strategy": word} for name, word in {**_WORDS, "number": 5}.items()},
    },
)


def _update(**update: Any) -> list[Any]:
    return [{"updates": [update]}]


_SUPERSTEPS = {
    "without-a-graph": _update(as_node="one", values={}),
    "without-updates": [{}],
    "updates:text": [{"updates": "text"}],
    "updates:nulls": [{"updates": [None]}],
    "nodeless": _update(values={}),
    "as_node:number": _update(as_node=5),
    "as_node:nul": _update(as_node=_NUL),
    "values:text": _update(as_node="one", values="text"),
    "values:number": _update(as_node="one", values=5),
    "command:text": _update(as_node="one", command="text"),
    "command:goto": _update(as_node="one", command={"goto": 5}),
    "command:resume": _update(as_node="one", command={"resume": "yes"}),
    "both": _update(as_node="one", values={}, command={"update": {}}),
    "too-many-updates": [{"updates": [{"as_node": "one"}] * 1001}],
}

THREAD = (
    Field("thread_id", "null", _WORDS),
    METADATA,
    Field("if_exists", "null", _WORDS),
    TTL,
    Field("supersteps", "null list", _SUPERSTEPS),
)
THREAD_PATCH = (METADATA, TTL)
THREAD_PRUNE = (
    Field("thread_ids", "list", {"word": ["bad"], "nul": [_NUL], "too-many": [_ID] * 1001}),
    Field("strategy", "", _WORDS),
)

_PAGE = (
    Field("limit", "number", {"none": 0, "too-many": 1001}),
    Field("offset", "number"),
    Field("sort_by", "null", _WORDS),
    Field("sort_order", "null", _WORDS),
    Field("select", "null list", {name: [word] for name, word in _WORDS.items()}),
)
THREAD_COUNT = (WANTED_METADATA, Field("values", "null object"), Field("status", "null", _WORDS))
THREAD_SEARCH = (
    *THREAD_COUNT,
    *_PAGE,
    Field("ids", "null list", {"too-many": ["01a1f885-0830-772e-8d96-040c354ac1f6"] * 1001}),
    Field(
        "extract",
        "null object",
        {
            **{f"path:{name}": {"a": word} for name, word in {**_WORDS, "field": "status", "empty": ""}.items()},
            **{f"path:{path}": {"a": path} for path in ("values.", "values..a", "values[", "values[a]", "values[1]a")},
            **{f"alias:{name}": {word: "values"} for name, word in {**_WORDS, "dotted": "a.b", "empty": ""}.items()},
            "path:number": {"a": 5},
            "too-many": {f"a{number}": "values" for number in range(11)},
        },
    ),
)
ASSISTANT_COUNT = (
    WANTED_METADATA,
    Field("graph_id", "null", _WORDS),
    Field("name", "null text empty-text digits truth-as-text", {"wildcards": "%_" * 30_000}),
)
ASSISTANT_SEARCH = (*ASSISTANT_COUNT, *_PAGE)
_NAME = "text empty-text digits truth-as-text"
_ASSISTANT = (
    Field("graph_id", "", _WORDS),
    Field("name", _NAME, {"nul": _NUL}),
    Field("config", "object", _CONFIGS),
    Field("context", "object"),
    Field("metadata", "object", _LARGE),
)
ASSISTANT = (
    *_ASSISTANT,
    Field("assistant_id", "", _WORDS),
    Field("description", f"null {_NAME}", {"nul": _NUL}),
    Field("if_exists", "", _WORDS),
)
ASSISTANT_PATCH = (*_ASSISTANT, Field("description", _NAME, {"nul": _NUL}))
VERSIONS = (
    WANTED_METADATA,
    Field("limit", "number", {"none": 0, "too-many": 1001}),
    Field("offset", "number"),
)
LATEST = (Field("version", "", {"none": 0, "not-yet": 99, "32-bits": 2**31}),)

EVENTS = (
    Field("channels", "", {"unknown": ["values", "nothing"], "nameless": ["custom:"], "too-many": ["values"] * 1001}),
    Field("namespaces", "null list", {"numbered": [[1]], "long": [["x" * 1001]], "too-many": [[]] * 1001}),
    Field("depth", "null number"),
    Field("since", "null number"),
)

STATE_UPDATE = (
    Field("values", "null object list", {"refused-by-the-reducer": {"log": 5}}),
    Field("as_node", "null", _WORDS),
    Field("checkpoint", "null object", _NAMES),
    # one that does not exist is a beginning without values
    Field("checkpoint_id", "null text empty-text digits truth-as-text"),
)
STATE_READ = (Field("checkpoint", "object", _NAMES), Field("subgraphs", "null truth"))
_FILTERS = {
    "sql": {_SQL: 1},
    "nul": {_NUL: 1},
    "empty": {"": 1},
    "quote": {"it's": 1},
    "dots": {"....": 1},
    "dot-behind": {"a.": 1},
    "long-key": {"k" * 100_000: 1},
    "many-keys": {f"key-{number}": 1 for number in range(3000)},
    "64-bits": {"step": 2**63},
}
HISTORY = (
    Field("limit", "number", {"none": 0, "too-many": 1001}),
    Field("before", "null", {"id:text": {"checkpoint_id": "yesterday"}, "nested": {"configurable": 5}, **_WORDS}),
    Field("metadata", "null object", _FILTERS),
    Field("checkpoint", "null object", _NAMES),
)
CANCEL = (
    Field("status", "", _WORDS),
    Field("thread_id", "", _WORDS),
    Field("run_ids", "", {"too-many": ["01a1f885-0830-772e-8d96-040c354ac1f6"] * 1001}),
)

_LABELS = {
    "empty-label": ["a", ""],
    "dot": ["a.b"],
    "nul": [_NUL],
    "longest": ["x" * 5000],
    "many-labels": ["x"] * 2000,
}
_TEXTS = "text empty-text digits truth-as-text"
_ITEM_KEY = Field("key", _TEXTS, {"nul": _NUL, "longest": "x" * 5000})
ITEM_PUT = (
    Field("namespace", "texts", {"reserved": ["langgraph", "a"], **_LABELS}),
    _ITEM_KEY,
    Field("value", "object", _LARGE),
    Field("index", "null list texts", {"empty-path": [""], "too-many": ["text"] * 101}),
    Field("ttl", "null number fraction", {"none": 0, "endless": 1e300}),
)
ITEM_DELETE = (Field("namespace", "list texts", _LABELS), _ITEM_KEY)
ITEM_SEARCH = (
    Field("namespace_prefix", "null list texts", _LABELS),
    Field(
        "filter",
        "null object",
        {
            "operator": {"n": {"$bad": 1}},
            "mixed": {"n": {"$eq": 1, "x": 1}},
            "deep": {"n": {"m": [{"$in": [1]}]}},
            "no-order": {"n": {"$gt": None}},
            "many-keys": {f"key-{number}": 1 for number in range(3000)},
        },
    ),
    Field("query", f"null {_TEXTS}", {"long": "x" * 70_000}),
    *_PAGE[:2],
    Field("refresh_ttl", "null truth"),
)
NAMESPACES = (
    Field("prefix", "null list texts", _LABELS),
    Field("suffix", "null list texts", _LABELS),
    Field("max_depth", "null number", {"none": 0}),
    *_PAGE[:2],
)


_NEVER_OF_CRONS = ("checkpoint", "checkpoint_id", "on_disconnect", "after_seconds", "if_not_exists", "on_completion")
_TIMES = {"past": "2020-01-01T00:00:00Z", "year-0": "0000-01-01", "edge": "9999-12-31T23:59:59-14:00", **_WORDS}
_ZONES = {"nowhere": "Mars/Phobos", "folder": "Europe", "absolute": "/etc/passwd", "line-separator": "\u2028", **_WORDS}
_SCHEDULES = {
    "seconds-first": "0 0 0 1 1 *",
    "never": "0 0 30 2 *",
    "a-year": "0 0 1 1 * 0 2030",
    "many-digits": f"{'9' * 5000} * * * *",
    "other-digits": "\u0661 * * * *",
    "alias": "@reboot",
    **_WORDS,
}
_CRON_TIMES = (Field("end_time", "null", _TIMES), Field("timezone", "null", _ZONES))
_CRON = (
    *(field for field in RUN if field.name not in _NEVER_OF_CRONS),
    *_CRON_TIMES,
    *(Field(name, "null") for name in _NEVER_OF_CRONS),
    Field("schedule", "", _SCHEDULES),
    Field("enabled", "null truth"),
    Field("multitask_strategy", "null", _WORDS),
)
THREAD_CRON = (*_CRON, Field("on_run_completed", "null", {"thread-of-others": "delete"}))
STATELESS_CRON = (*_CRON, Field("on_run_completed", "null", _WORDS))


# in a change, null is no value but for these
_NULL_IN_CHANGES = ("end_time", "webhook", "feedback_keys", "langsmith_tracer", "strict_resume", *_NEVER_OF_CRONS)
CRON_PATCH = (
    *(
        Field(part.name, part.takes.replace("null", ""), part.bad)
        for part in STATELESS_CRON[1:]
        if part.name not in _NULL_IN_CHANGES
    ),
    *(part for part in STATELESS_CRON if part.name in _NULL_IN_CHANGES),
    Field("assistant_id", "null", _WORDS),
)

_CRON_IDS = (Field("assistant_id", "null", _WORDS), Field("thread_id", "null", _WORDS))
CRON_COUNT = (*_CRON_IDS, WANTED_METADATA, Field("enabled", "null truth"))
CRON_SEARCH = (*CRON_COUNT, *_PAGE)

_LONG_COMMENT, _LONG_ID = "x" * 10_001, "x" * 501
FEEDBACK = (
    Field("rating", "negative", {"zero": 0, "two": 2, "one-as-a-fraction": 1.0}),
    Field("comment", "null text empty-text digits truth-as-text", {"nul": _NUL, "too-long": _LONG_COMMENT}),
    Field("message_id", "null text digits truth-as-text", {"nul": _NUL, "too-long": _LONG_ID}),
)
