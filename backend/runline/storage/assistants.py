"""Assistants, in the scope of a Viewer: their own and those that the deployment made for its graphs.

Divergence 25: what was patched in a graph's assistant outlives a restart, but for what langgraph.json says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, exists, func, insert, or_, select, update

from runline.errors import Conflict, NotFound
from runline.kit.clock import Clock
from runline.model.assistant import (
    Assistant,
    AssistantChange,
    AssistantDraft,
    graph_assistant_id,
    mirrored,
)
from runline.model.thread import Page
from runline.model.viewer import Viewer
from runline.storage.engine import Database, bytewise, json_contains, reads, take_turn, writes
from runline.storage.rows import assistant_from_row, assistant_to_row, readable, version_to_row
from runline.storage.tables import assistant_versions, assistants, crons


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
_ORDERS: dict[str, ColumnElement[Any]] = {
    # as observed, in any letter case
    "name": func.lower(bytewise(assistants.c.name)),
    "graph_id": bytewise(assistants.c.graph_id),
}
_NEWEST = select(func.max(assistant_versions.c.version)).where(assistant_versions.c.assistant_id == bindparam("key"))


class AssistantStore:
    """The `assistants` table; every change adds a row to `assistant_versions`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @writes
    def sync_graphs(self, connection: Connection, graphs: Mapping[str, str | None], *, alone: bool = True) -> None:
        """Make the deployment's assistants equal to its graphs (graph_id -> description), keeping known ones.

        One whose graph, name or description is not the project's any more gets a new version where it is. Unless this
        process is alone, other graphs may be those of other processes, and their assistants stay.
        """
        take_turn(connection, "graphs")
        wanted = {graph_assistant_id(graph_id): graph_id for graph_id in graphs}
        named = assistants.c.assistant_id.in_(wanted)
        deployments = assistants.c.owner.is_(None)
        # a graph that is missing by mistake must not cost the crons that are for it
        wanted_by_crons = exists().where(crons.c.assistant_id == assistants.c.assistant_id)
        kept = and_(deployments, wanted_by_crons)
        # those of graphs that are gone, and what somebody made of another graph under the id of one
        gone = named != deployments if alone else and_(named, ~deployments)
        connection.execute(delete(assistants).where(gone, ~kept))
        rows = connection.execute(select(assistants).where(deployments)).all()
        known = {row.assistant_id for row in rows}
        for assistant in readable(rows, assistant_from_row):
            if graph_id := wanted.get(assistant.assistant_id):
                said = replace(assistant, graph_id=graph_id, name=graph_id, description=graphs[graph_id])
                if said != assistant:
                    self._save(connection, said)
        for assistant_id, graph_id in wanted.items():
            if assistant_id not in known:
                system = {"created_by": "system"}
                draft = AssistantDraft(assistant_id, graph_id, graph_id, graphs[graph_id], metadata=system)
                self._insert(connection, draft, owner=None)

    @writes
    def create(self, connection: Connection, viewer: Viewer, draft: AssistantDraft, *, exist_ok: bool) -> Assistant:
        """Insert version 1; with `exist_ok` an existing one that the viewer sees is returned untouched.

        Made under the id that a graph's own assistant has, it is that again, and everybody's.
        Raises Conflict when the id is taken, also by somebody else, BadRequest for both configurable and context.
        """
        if not _is_taken(connection, draft.assistant_id):
            is_graphs = draft.assistant_id == graph_assistant_id(draft.graph_id)
            return self._insert(connection, draft, owner=None if is_graphs else viewer.identity)
        if exist_ok and (existing := _find(connection, viewer, draft.assistant_id)):
            return existing
        raise Conflict(f"Assistant {draft.assistant_id} already exists")

    def _insert(self, connection: Connection, draft: AssistantDraft, owner: str | None) -> Assistant:
        now = self._clock.now()
        config, context = mirrored(draft.config, draft.context)
        assistant = Assistant(
            assistant_id=draft.assistant_id,
            graph_id=draft.graph_id,
            owner=owner or "",
            name=draft.name,
            description=draft.description,
            version=1,
            created_at=now,
            updated_at=now,
            config=config,
            context=context,
            metadata=draft.metadata,
        )
        connection.execute(insert(assistants), assistant_to_row(assistant) | {"owner": owner})
        connection.execute(insert(assistant_versions), version_to_row(assistant))
        return assistant

    @reads
    def get(self, connection: Connection, viewer: Viewer, assistant_id: str) -> Assistant:
        """Return one assistant. Raises NotFound."""
        if (assistant := _find(connection, viewer, assistant_id)) is None:
            raise NotFound("Not Found")
        return assistant

    @writes
    def patch(
        self,
        connection: Connection,
        viewer: Viewer,
        assistant_id: str,
        change: AssistantChange,
        check: Callable[[dict[str, Any]], None] | None = None,
    ) -> Assistant:
        """Make a new version of what the assistant is now, also of a change that changes nothing.

        Raises NotFound, BadRequest (both configurable and context), and what `check` raises about the merged metadata.
        """
        take_turn(connection, assistant_id)
        changed = change.applied(known_assistant(connection, viewer, assistant_id))
        if check:
            check(changed.metadata)
        return self._save(connection, changed)

    def _save(self, connection: Connection, assistant: Assistant) -> Assistant:
        newest = connection.execute(_NEWEST, {"key": assistant.assistant_id}).scalar_one()
        assistant = replace(assistant, version=newest + 1, updated_at=self._clock.now())
        connection.execute(insert(assistant_versions), version_to_row(assistant))
        store_current(connection, assistant)
        return assistant

    @writes
    def delete(self, connection: Connection, viewer: Viewer, assistant_id: str) -> None:
        """Delete an assistant with its versions. Raises NotFound."""
        if _find(connection, viewer, assistant_id) is None:
            raise NotFound(f"Assistant with ID {assistant_id} not found")
        connection.execute(delete(assistants).where(assistants.c.assistant_id == assistant_id))

    @reads
    def search(self, connection: Connection, viewer: Viewer, wanted: AssistantFilter, page: Page) -> list[Assistant]:
        """One page of the assistants that match."""
        column = _ORDERS.get(page.sort_by, assistants.c[page.sort_by])
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


def _is_taken(connection: Connection, assistant_id: str) -> bool:
    query = select(assistants.c.assistant_id).where(assistants.c.assistant_id == assistant_id)
    return connection.execute(query).one_or_none() is not None


def _find(connection: Connection, viewer: Viewer, assistant_id: str) -> Assistant | None:
    row = connection.execute(_GET, {"key": assistant_id, "viewer": viewer.identity}).one_or_none()
    return None if row is None else assistant_from_row(row)


def known_assistant(connection: Connection, viewer: Viewer, assistant_id: str) -> Assistant:
    """One assistant, inside the caller's transaction. Raises NotFound."""
    if (assistant := _find(connection, viewer, assistant_id)) is None:
        raise NotFound(f"Assistant {assistant_id} not found")
    return assistant


def store_current(connection: Connection, assistant: Assistant) -> None:
    """Make the row of an assistant what its current version is."""
    where = assistants.c.assistant_id == assistant.assistant_id
    connection.execute(update(assistants).where(where).values(assistant_to_row(assistant)))


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
