"""The corpus of bad requests: every operation with every kind of badness that fits it, each under a readable name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hostile.operations import MAKING_RUNS, OPERATIONS, STREAMING, TAKING_BODIES, Operation
from hostile.site import MAX_BODY_BYTES
from hostile.wire import CHUNKED, Header, Request, chunks

UNKNOWN = "01a1f885-0830-772e-8d96-040c354ac1f6"

BODIES: Mapping[str, bytes] = {
    "empty": b"",
    "blank": b" \r\n\t",
    "cut": b'{"metadata": {',
    "two-documents": b"{}{}",
    "trailing-comma": b'{"metadata": {},}',
    "comment": b"{} // fine",
    "single-quotes": b"{'metadata': {}}",
    "bare-word": b"metadata",
    "form": b"metadata=1&limit=5",
    "byte-order-mark": b"\xef\xbb\xbf{}",
    "utf-16": "{}".encode("utf-16"),
    "invalid-utf-8": b'{"metadata": {"a": "\xff\xfe"}}',
    "overlong-utf-8": b'{"metadata": {"a": "\xc0\x80"}}',
    "lone-surrogate": b'{"metadata": {"a": "\\ud800"}}',
    "lone-surrogate-in-a-key": b'{"metadata": {"\\udfff": 1}}',
    "raw-nul": b'{"metadata": {"a": "\x00"}}',
    "raw-line-break": b'{"metadata": {"a": "\n"}}',
    "nan": b'{"metadata": {"a": NaN}}',
    "infinity": b'{"metadata": {"a": Infinity}}',
    "minus-infinity": b'{"metadata": {"a": -Infinity}}',
    "octal": b'{"metadata": {"a": 007}}',
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00",
    "text": b'"text"',
    "number": b"5",
    "null": b"null",
    "truth": b"true",
    "list-of-numbers": b"[1]",
    "list-of-lists": b"[[]]",
    "empty-list": b"[]",
    "nested-129": b'{"metadata": ' + b"[" * 128 + b"]" * 128 + b"}",
    "nested-objects-129": b'{"metadata": ' + b'{"a":' * 128 + b"1" + b"}" * 129,
    "nested-10000": b'{"metadata": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "nested-beside-a-repeated-key": b'{"metadata": ' + b"[" * 129 + b"]" * 129 + b', "input": {}, "input": {}}',
    "unclosed-100000": b"[" * 100_000,
}

PLACES = ("thread", "run", "assistant", "cron", "feedback")

BAD_IDS: Mapping[str, str] = {
    "word": "bad",
    "nul": "%00",
    "nul-behind": UNKNOWN + "%00",
    "traversal": "..%2f..%2fetc%2fpasswd",
    "backslashes": "..%5c..%5cwindows",
    "sql": "%27%20OR%201=1--",
    "header": "a%0d%0aX-Evil:%201",
    "line-separator": "%E2%80%A8",
    "invalid-utf-8": "%ff%fe",
    "unicode-digits": "%D9%A1" * 32,
    "long": "f" * 5000,
    "too-short": UNKNOWN[:-1],
    "too-long": UNKNOWN + "0",
    "number": "0",
    "negative": "-1",
    "python": "None",
    "javascript": "undefined",
    "template": "%7B%7B7*7%7D%7D",
    "glob": "*",
}

_POSITIONS = (
    "now",
    "-2",
    "1.5",
    "0x1",
    "1,2",
    "9" * 16,
    "",
    " ",
    "\u0661",
    "1\u2028",
    "1' OR 1=1",
    "1-",
    "1-2-3",
    "1--2",
)
_KEYS = ("", "x" * 256, "tab\tbed", "next\x85line", "no\xa0break")


@dataclass(frozen=True)
class Case:
    """A bad request; its target holds {thread}, {run} and other places, for those of the site."""

    name: str
    request: Request

    def at(self, places: Mapping[str, str]) -> Request:
        """The request with real ids in it."""
        target = self.request.target
        for name, place in places.items():
            target = target.replace(f"{{{name}}}", place)
        return replace(self.request, target=target)


def corpus() -> list[Case]:
    """All of it, always in the same order."""
    parts = (_bad_fields, _bad_bodies, _bad_ids, _unknown_ids, _bad_queries, _bad_headers, _too_large, _wrong_methods)
    return [case for part in parts for case in part()]


def request_of(operation: Operation, body: Any = None, headers: tuple[Header, ...] = ()) -> Request:
    """A request for an operation; with the operation's own body unless another is given."""
    content = operation.body if body is None else body
    encoded = content if isinstance(content, bytes) else b"" if content is None else json.dumps(content).encode()
    return Request(operation.method, operation.path, encoded, headers)


def _bad_fields() -> Iterator[Case]:
    for operation in TAKING_BODIES:
        for field in operation.fields:
            for kind, value in field.badness():
                body = _with(operation, {field.name: value})
                yield Case(f"{operation.name} {field.name}={kind}", request_of(operation, body))


def _with(operation: Operation, change: dict[str, Any]) -> Any:
    if operation.is_batch:
        sound = operation.body[0]
        return [sound, {**sound, **change}]
    return {**operation.body, **change}


def _bad_bodies() -> Iterator[Case]:
    for operation in TAKING_BODIES:
        for kind, body in BODIES.items():
            yield Case(f"{operation.name} body={kind}", request_of(operation, body))


def _bad_ids() -> Iterator[Case]:
    for operation in OPERATIONS:
        for place in PLACES:
            if f"{{{place}}}" in operation.path:
                for kind, bad in BAD_IDS.items():
                    yield _placed(operation, place, bad, kind)


def _unknown_ids() -> Iterator[Case]:
    for operation in OPERATIONS:
        for place in () if operation.waits else PLACES:
            if f"{{{place}}}" in operation.path:
                yield _placed(operation, place, UNKNOWN, "unknown")


def _placed(operation: Operation, place: str, value: str, kind: str) -> Case:
    request = request_of(operation)
    target = request.target.replace(f"{{{place}}}", value)
    return Case(f"{operation.name} {place}={kind}", replace(request, target=target))


def _bad_queries() -> Iterator[Case]:
    for operation in OPERATIONS:
        for name, values in operation.query.items():
            for value in values:
                request = request_of(operation)
                target = f"{request.target}{'&' if '?' in request.target else '?'}{name}={value}"
                yield Case(f"{operation.name} ?{name}={value or 'empty'}", replace(request, target=target))


def _bad_headers() -> Iterator[Case]:
    for operation in STREAMING:
        for number, position in enumerate(_POSITIONS):
            header = ("Last-Event-ID", position.encode())
            yield Case(f"{operation.name} Last-Event-ID-{number}", request_of(operation, headers=(header,)))
    for operation in MAKING_RUNS:
        for number, key in enumerate(_KEYS):
            header = ("Idempotency-Key", key.encode("latin-1"))
            yield Case(f"{operation.name} Idempotency-Key-{number}", request_of(operation, headers=(header,)))


def _too_large() -> Iterator[Case]:
    spaces = b" " * (MAX_BODY_BYTES + 1)
    declared = ("Content-Length", b"%d" % (MAX_BODY_BYTES + 1))
    for operation in TAKING_BODIES:
        request = request_of(operation, spaces)
        yield Case(f"{operation.name} size=declared-and-sent", request)
        yield Case(f"{operation.name} size=declared", replace(request, body=b"", headers=(declared,), framed=False))
        body = chunks(*[b" " * 1000] * (MAX_BODY_BYTES // 1000 + 1))
        yield Case(f"{operation.name} size=chunked", replace(request, body=body, headers=(CHUNKED,), framed=False))


def _wrong_methods() -> Iterator[Case]:
    for path in dict.fromkeys(operation.path for operation in OPERATIONS):
        for method in ("PUT", "TRACE", "OPTIONS"):
            yield Case(f"{method} {path}", Request(method, path))
    for path in ("/nowhere", "/threads//runs", "/%00", "/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd"):
        yield Case(f"GET {path}", Request("GET", path))
