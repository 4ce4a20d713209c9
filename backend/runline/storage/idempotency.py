"""Idempotency keys: which run a creation made, for creations that may be sent again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from runline.errors import Conflict
from runline.model.idempotency import IdempotencyKey
from runline.model.run import Run
from runline.storage.engine import tell
from runline.storage.rows import run_from_row
from runline.storage.tables import idempotency_keys, runs

_FIND = select(idempotency_keys.c.fingerprint, idempotency_keys.c.run_id).where(
    idempotency_keys.c.owner == bindparam("viewer"), idempotency_keys.c.key == bindparam("name")
)
_RUN = select(runs).where(runs.c.run_id == bindparam("key"))
_INSERT = insert(idempotency_keys)


def earlier_run(connection: Connection, owner: str, key: IdempotencyKey) -> Run | None:
    """The run that this key made before; None if it is new.

    Raises Conflict if the key came with another request, or its run is deleted.
    """
    row = connection.execute(_FIND, {"viewer": owner, "name": key.key}).one_or_none()
    if row is None:
        return None
    if row.fingerprint != key.fingerprint:
        raise Conflict("This Idempotency-Key was used with a different request.")
    run = connection.execute(_RUN, {"key": row.run_id}).one_or_none()
    if run is None:
        raise Conflict(f"This Idempotency-Key made run {row.run_id}, which is not kept any more.")
    return run_from_row(run)


def remember_key(connection: Connection, run: Run, key: IdempotencyKey) -> None:
    """Note that the key made this run."""
    row = {"owner": run.owner, "key": key.key, "fingerprint": key.fingerprint, "run_id": run.run_id}
    tell(connection, _INSERT, {**row, "created_at": run.created_at})


def sweep_keys(connection: Connection, used_before: datetime) -> int:
    """Forget keys first used before this moment; returns how many."""
    swept = connection.execute(delete(idempotency_keys).where(idempotency_keys.c.created_at < used_before))
    return swept.rowcount
