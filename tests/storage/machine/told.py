"""What must be true of the outbox at any moment: every end is in it, once, and nothing that did not happen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from runline.model.lifecycle import ACTIVE, RunStatus
from runline.model.run import Run
from runline.storage.tables import webhook_deliveries
from storage.machine.sight import Sight
from storage.world import World

_ENDS = {"rollback", *RunStatus} - set(ACTIVE)


def with_webhook(run: Run) -> Run:
    """The run, with somebody to be told of its end."""
    return replace(run, spec=replace(run.spec, webhook="https://example.com/"))


async def check_told(world: World, sight: Sight) -> None:
    """Ended runs are told as they ended, active ones are not; of one that is gone there is no more than one end."""
    entries = await world.database.read(_entries)
    told = {run_id: end["status"] for run_id, end in entries}
    assert len(told) == len(entries), "no end is told twice"
    assert set(told.values()) <= _ENDS
    for run_id, row in sight.runs.items():
        ended = row.spec["webhook"] and row.status not in ACTIVE
        assert told.get(run_id) == (row.status if ended else None)


def _entries(connection: Connection) -> list[tuple[str, dict[str, Any]]]:
    rows = connection.execute(select(webhook_deliveries.c.run_id, webhook_deliveries.c.told))
    return [(row.run_id, row.told) for row in rows]
