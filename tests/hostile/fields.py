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

THREAD = (
    Field("thread_id", "null", _WORDS),
    METADATA,
    Field("if_exists", "null", _WORDS),
    Field("ttl", "null"),
    Field("supersteps", "null"),
)
THREAD_PATCH = (METADATA, Field("ttl", "null"))

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
    Field("extract", "null"),
)
ASSISTANT_COUNT = (
    WANTED_METADATA,
    Field("graph_id", "null", _WORDS),
    Field("name", "null text empty-text digits truth-as-text", {"wildcards": "%_" * 30_000}),
)
ASSISTANT_SEARCH = (*ASSISTANT_COUNT, *_PAGE)

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
