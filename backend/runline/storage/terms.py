"""What threads are found by: each scalar in a thread's metadata is a term, one row in an index.

A term is a digest of owner, path and value, so it finds threads of one owner only, and takes the same room whatever
it stands for. Threads of stateless runs have none. Terms change in the transaction that changes the metadata.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, func, select

from runline.kit.json import dumps, loads
from runline.storage.engine import insert_new
from runline.storage.tables import thread_terms, threads

_IN_A_LIST = 0
_MOST_TERMS = 8
_RARE = 1000

_INSERT = insert_new(thread_terms)
_DELETE = delete(thread_terms).where(
    thread_terms.c.term == bindparam("gone"), thread_terms.c.thread_id == bindparam("key")
)
_COUNT = select(func.count()).select_from(
    select(thread_terms.c.term).where(thread_terms.c.term == bindparam("wanted")).limit(_RARE + 1).subquery()
)


def index_terms(
    connection: Connection, owner: str, thread_id: str, metadata: dict[str, Any], before: dict[str, Any] | None = None
) -> None:
    """Make the thread's terms those of `metadata`; `before` is what they are those of now."""
    before = before or {}
    new, old = terms_of(owner, _unlike(before, metadata)), terms_of(owner, _unlike(metadata, before))
    if gone := old - new:
        connection.execute(_DELETE, [{"gone": term, "key": thread_id} for term in gone])
    if added := new - old:
        connection.execute(_INSERT, [{"term": term, "thread_id": thread_id} for term in added])


def _unlike(other: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    """What the other one has not. Compared as JSON: to Python, true is 1."""
    return {key: value for key, value in metadata.items() if key not in other or dumps(other[key]) != dumps(value)}


def terms_of(owner: str, metadata: dict[str, Any]) -> set[bytes]:
    """The terms of everything in the metadata that is neither an object nor a list."""
    # read back, as searches compare what is stored
    return {_digest(owner, path, value) for path, value in _scalars(loads(dumps(metadata)), ())}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The terms that threads must have, the rarest first.

    `is_rare`: few enough threads have the first to look at each of them. `says_all`: what has all these terms matches.
    """

    terms: tuple[bytes, ...]
    is_rare: bool
    says_all: bool

    def clauses(self) -> Iterator[ColumnElement[bool]]:
        """Conditions on `threads`: led by the first term if it is rare, else by any index on threads."""
        for place, term in enumerate(self.terms):
            if place == 0 and self.is_rare:
                yield threads.c.thread_id.in_(select(thread_terms.c.thread_id).where(thread_terms.c.term == term))
            else:
                yield _has(term, threads.c.thread_id)

    def count(self, connection: Connection) -> int:
        """How many threads have all these terms, counted in the index of terms alone."""
        first, *others = self.terms
        having = [_has(term, thread_terms.c.thread_id) for term in others]
        query = select(func.count()).select_from(thread_terms).where(thread_terms.c.term == first, *having)
        return connection.execute(query).scalar_one()


def wanted_terms(connection: Connection, owner: str, pattern: dict[str, Any]) -> Wanted:
    """What to look up for threads whose metadata contains `pattern`."""
    pattern = loads(dumps(pattern))
    terms = terms_of(owner, pattern)
    counts = {term: connection.execute(_COUNT, {"wanted": term}).scalar_one() for term in sorted(terms)[:_MOST_TERMS]}
    rarest = sorted(counts, key=lambda term: counts[term])
    is_rare = bool(rarest) and counts[rarest[0]] <= _RARE
    return Wanted(tuple(rarest), is_rare, says_all=len(rarest) == len(terms) and _is_flat(pattern))


def _has(term: bytes, thread_id: ColumnElement[Any]) -> ColumnElement[bool]:
    having = thread_terms.alias()
    return exists().where(having.c.term == term, having.c.thread_id == thread_id)


def _scalars(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _scalars(item, (*path, key))
    elif isinstance(value, list):
        for item in value:
            yield from _scalars(item, (*path, _IN_A_LIST))
    else:
        yield path, value


def _digest(owner: str, path: tuple[str | int, ...], value: Any) -> bytes:
    # 1 and 1.0 are the same number
    value = int(value) if isinstance(value, float) and value.is_integer() else value
    return blake2b(dumps([owner, *path, value]), digest_size=16).digest()


def _is_flat(pattern: Any) -> bool:
    """Whether there is nothing but scalars in objects: of these, the terms say all."""
    if isinstance(pattern, dict):
        return bool(pattern) and all(_is_flat(item) for item in pattern.values())
    return not isinstance(pattern, list)
