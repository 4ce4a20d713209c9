"""Which threads match a filter, told to the database so that it looks at as few as it can."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, select

from runline.model.thread import ThreadFilter
from runline.model.viewer import Viewer
from runline.storage.engine import json_contains, unindexed
from runline.storage.tables import threads
from runline.storage.terms import Wanted, wanted_terms


@dataclass(frozen=True, slots=True)
class Match:
    """A filter, and the terms to look up for its metadata, if it has any."""

    viewer: Viewer
    wanted: ThreadFilter
    terms: Wanted

    @classmethod
    def of(cls, connection: Connection, viewer: Viewer, wanted: ThreadFilter) -> Match:
        """Look up how common the terms are."""
        return cls(viewer, wanted, wanted_terms(connection, viewer.identity, wanted.metadata or {}))

    def clauses(self) -> Iterator[ColumnElement[bool]]:
        """Conditions on `threads`: some ids or a rare term lead to them, else an index on their owner."""
        wanted = self.wanted
        is_narrow = bool(wanted.ids) or self.terms.is_rare
        owner = unindexed(threads.c.owner) if is_narrow else threads.c.owner
        yield owner == self.viewer.identity
        yield threads.c.hidden == 0
        if wanted.ids:
            yield threads.c.thread_id.in_(wanted.ids)
        if wanted.status:
            status = unindexed(threads.c.status) if is_narrow else threads.c.status
            yield status == wanted.status
        yield from self.terms.clauses()
        if wanted.metadata and not self.terms.says_all:
            yield json_contains(threads.c.metadata, wanted.metadata)
        if wanted.values:
            yield json_contains(threads.c.state_values, wanted.values)

    def count(self, connection: Connection) -> int:
        """How many threads match."""
        wanted = self.wanted
        if self.terms.says_all and not (wanted.ids or wanted.status or wanted.values):
            return self.terms.count(connection)
        query = select(func.count()).select_from(threads).where(*self.clauses())
        return connection.execute(query).scalar_one()
