"""Assistants, in the scope of a Viewer: their own and those that the deployment made for its graphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, func, insert, or_, select, update

from runline.errors import NotFound
from runline.kit.clock import Clock
from runline.model.assistant import Assistant, graph_assistant_id
from runline.model.thread import Page
from runline.model.viewer import Viewer
from runline.storage.engine import Database, json_contains, reads, writes
from runline.storage.rows import assistant_from_row, readable
from runline.storage.tables import assistants, crons


@dataclass(frozen=True, slots=True)
class AssistantFilter:
    """Which assistants: of this graph, containing this metadata, with this in their name in any letter case."""

    graph_id: str | None = None
    metadata: dict[str, Any] | None = None
    name: str | None = None


_GET = select(assistants).where(
    assistants.c.assistant_id == bindparam("key"),
    or_(assistants.c.owner == bindparam("viewer"), assistants.c.owner.is_(None)),
)


class AssistantStore:
    """The `assistants` table."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @writes
    def sync_graphs(self, connection: Connection, graphs: Mapping[str, str | None]) -> None:
        """Make the deployment's assistants equal to its graphs (graph_id -> description), keeping known ones."""
        now = self._clock.now()
        wanted = {graph_assistant_id(graph_id): graph_id for graph_id in graphs}
        deployments = assistants.c.owner.is_(None)
        rows = connection.execute(select(assistants.c.assistant_id, assistants.c.description).where(deployments))
        known = {row.assistant_id: row.description for row in rows}
        # a graph that is missing by mistake must not cost the crons that are for it
        wanted_by_crons = exists().where(crons.c.assistant_id == assistants.c.assistant_id)
        gone = [assistant_id for assistant_id in known if assistant_id not in wanted]
        connection.execute(delete(assistants).where(deployments, assistants.c.assistant_id.in_(gone), ~wanted_by_crons))
        for assistant_id, graph_id in wanted.items():
            if assistant_id not in known:
                connection.execute(
                    insert(assistants).values(
                        assistant_id=assistant_id,
                        graph_id=graph_id,
                        name=graph_id,
                        description=graphs[graph_id],
                        version=1,
                        created_at=now,
                        updated_at=now,
                        config={},
                        context={},
                        metadata={"created_by": "system"},
                    )
                )
            elif known[assistant_id] != graphs[graph_id]:
                connection.execute(
                    update(assistants)
                    .where(assistants.c.assistant_id == assistant_id)
                    .values(description=graphs[graph_id], updated_at=now)
                )

    @reads
    def get(self, connection: Connection, viewer: Viewer, assistant_id: str) -> Assistant:
        """Return one assistant. Raises NotFound."""
        key = {"key": assistant_id, "viewer": viewer.identity}
        row = connection.execute(_GET, key).one_or_none()
        if row is None:
            raise NotFound("Not Found")
        return assistant_from_row(row)

    @reads
    def search(self, connection: Connection, viewer: Viewer, wanted: AssistantFilter, page: Page) -> list[Assistant]:
        """One page of the assistants that match."""
        column = assistants.c[page.sort_by]
        tie = assistants.c.assistant_id
        ordering = (column.desc(), tie.desc()) if page.descending else (column, tie)
        query = select(assistants).where(*_where(viewer, wanted)).order_by(*ordering)
        rows = connection.execute(query.limit(page.limit).offset(page.offset))
        return readable(rows, assistant_from_row)

    @reads
    def count(self, connection: Connection, viewer: Viewer, wanted: AssistantFilter) -> int:
        """How many assistants match."""
        query = select(func.count()).select_from(assistants).where(*_where(viewer, wanted))
        return connection.execute(query).scalar_one()


def _visible(viewer: Viewer) -> ColumnElement[bool]:
    return or_(assistants.c.owner == viewer.identity, assistants.c.owner.is_(None))


def _where(viewer: Viewer, wanted: AssistantFilter) -> Sequence[ColumnElement[bool]]:
    clauses = [_visible(viewer)]
    if wanted.graph_id is not None:
        clauses.append(assistants.c.graph_id == wanted.graph_id)
    if wanted.metadata:
        clauses.append(json_contains(assistants.c.metadata, wanted.metadata))
    if wanted.name is not None:
        clauses.append(assistants.c.name.icontains(wanted.name, autoescape=True))
    return clauses
