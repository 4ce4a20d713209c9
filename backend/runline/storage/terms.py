"""What threads are found by: each scalar in a thread's metadata is a term, one row in an index.

A term is a digest of owner, path and value, so it finds threads of one owner only, and takes the same room whatever
it stands for. Threads of stateless runs have none. Terms change in the transaction that changes the metadata.

A thread of very many terms would hold up all other writers while they are kept. It has one that says so instead, and
is looked at in every search of its owner's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, bindparam, delete, exists, func, select

from runline.kit.json import dumps, loads
from runline.storage.engine import insert_new, tell
from runline.storage.tables import thread_terms, threads

_IN_A_LIST = 0
_MOST_KEPT = 200
_MOST_WANTED = 8
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
    # compared as JSON: to Python, true is 1
    if before and dumps(before) == dumps(metadata):
        return
    new, old = _kept(owner, metadata), _kept(owner, before or {})
    if gone := old - new:
        tell(connection, _DELETE, [{"gone": term, "key": thread_id} for term in gone])
    if added := new - old:
        tell(connection, _INSERT, [{"term": term, "thread_id": thread_id} for term in added])


def _kept(owner: str, metadata: dict[str, Any]) -> set[bytes]:
    terms = _terms(owner, metadata)
    return set(terms) if len(terms) <= _MOST_KEPT else {_overfull(owner)}


def _overfull(owner: str) -> bytes:
    """What a thread of very many terms has. Metadata is an object, so nothing else in it has this path."""
    return _digest(owner, (), "overfull")


def _terms(owner: str, metadata: dict[str, Any]) -> list[bytes]:
    """A term for each value that is neither an object nor a list, but not for many more than are kept."""
    # read back, as searches compare what is stored
    scalars = islice(_scalars(loads(dumps(metadata)), ()), _MOST_KEPT + 1)
    return [_digest(owner, path, value) for path, value in scalars]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The terms that threads must have, the rarest first.

    `instead`: what overfull threads have instead of each. `is_rare`: few enough threads have the first to look at each
    of them. `says_all`: what has all these terms matches.
    """

    terms: tuple[bytes, ...]
    instead: tuple[bytes, ...]
    is_rare: bool
    says_all: bool

    def clauses(self) -> Iterator[ColumnElement[bool]]:
        """Conditions on `threads`: led by the first term if it is rare, else by any index on threads."""
        for place, term in enumerate(self.terms):
            if place == 0 and self.is_rare:
                yield threads.c.thread_id.in_(select(thread_terms.c.thread_id).where(self._is(term, thread_terms)))
            else:
                yield self._has(term, threads.c.thread_id)

    def count(self, connection: Connection) -> int:
        """How many threads have all these terms, counted in the index of terms alone."""
        first, *others = self.terms
        having = [self._has(term, thread_terms.c.thread_id) for term in others]
        query = select(func.count()).select_from(thread_terms).where(thread_terms.c.term == first, *having)
        return connection.execute(query).scalar_one()

    def _has(self, term: bytes, thread_id: ColumnElement[Any]) -> ColumnElement[bool]:
        having = thread_terms.alias()
        return exists().where(self._is(term, having), having.c.thread_id == thread_id)

    def _is(self, term: bytes, rows: FromClause) -> ColumnElement[bool]:
        return rows.c.term.in_((term, *self.instead)) if self.instead else rows.c.term == term


def wanted_terms(connection: Connection, owner: str, pattern: dict[str, Any]) -> Wanted:
    """What to look up for threads whose metadata contains `pattern`."""
    terms = _terms(owner, pattern)
    if not terms:
        return Wanted((), (), is_rare=False, says_all=False)
    overfull = _count(connection, _overfull(owner))
    counts = {term: _count(connection, term) + overfull for term in sorted(set(terms))[:_MOST_WANTED]}
    rarest = sorted(counts, key=lambda term: counts[term])
    says_all = len(rarest) == len(set(terms)) and _is_flat(pattern) and not overfull
    instead = (_overfull(owner),) if overfull else ()
    return Wanted(tuple(rarest), instead, is_rare=counts[rarest[0]] <= _RARE, says_all=says_all)


def _count(connection: Connection, term: bytes) -> int:
    """How many threads have a term, counted up to what is not rare."""
    return int(connection.execute(_COUNT, {"wanted": term}).scalar_one())


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
