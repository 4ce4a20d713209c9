"""What is written of a run's log and of the ledger, mostly by the transactions that end the run.

Entries of the log are of the attempt that holds the run, as its stored stream is: those of an attempt that lost it
are refused. Its entries of the ledger are kept: what it spent was spent.
Rule: a number of a thread's log is given in the transaction that uses it, so that none is missing or used twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, text, update

from runline.model.entries import NOTHING, Entries
from runline.model.lifecycle import RunStatus, StopReason
from runline.model.run import Run, RunOutcome
from runline.model.run_ends import end_event, rollback_event
from runline.model.run_event import EventCategory, EventType, RunEvent
from runline.model.usage import Tokens, UsageEntry
from runline.storage.columns import Id
from runline.storage.engine import Database, insert_new, reads, tell, writes
from runline.storage.rows import usage_entry_to_row
from runline.storage.tables import event_counters, is_message, is_running, run_events, runs, usage_entries

Attempt = tuple[str, int]
"""A run_id and the attempt that entries are of."""

_COUNT_ON = text(
    "INSERT INTO event_counters (thread_id, last_seq) VALUES (:key, :more) ON CONFLICT (thread_id) "
    "DO UPDATE SET last_seq = event_counters.last_seq + excluded.last_seq"
).bindparams(bindparam("key", type_=Id))
_LAST_COUNTED = select(event_counters.c.last_seq).where(event_counters.c.thread_id == bindparam("counted"))
_INSERT_EVENTS = run_events.insert().inline().values(seq=_LAST_COUNTED.scalar_subquery() - bindparam("behind"))
# a call of a model counts once, also when a commit has succeeded although its caller was told otherwise
_INSERT_USAGE = insert_new(usage_entries)
_OF_RUN = run_events.c.run_id == bindparam("key")
_DELETE_EVENTS = delete(run_events).where(_OF_RUN)
_DELETE_MESSAGES = _DELETE_EVENTS.where(is_message())
_HUMAN_MESSAGES = select(run_events.c.run_id, run_events.c.content).where(
    run_events.c.thread_id == bindparam("key"), is_message(), run_events.c.event_type == EventType.HUMAN_MESSAGE
)
_ROLL_BACK = update(usage_entries).where(usage_entries.c.run_id == bindparam("key")).values(rolled_back=1)
_SPENT = select(
    func.sum(usage_entries.c.input_tokens),
    func.sum(usage_entries.c.output_tokens),
    func.sum(usage_entries.c.total_tokens),
).where(usage_entries.c.run_id == bindparam("key"))


@dataclass(frozen=True, slots=True)
class KnownMessages:
    """The runs that have told human messages, and the ids of those that have one."""

    run_ids: frozenset[str]
    message_ids: frozenset[str]

    def has(self, message: Mapping[str, Any]) -> bool:
        """Whether it is there, by its id."""
        return isinstance(message["id"], str) and message["id"] in self.message_ids


class RunLogStore:
    """Writes the tables `run_events` and `usage_entries`. No viewer: it serves workers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @writes
    def append(self, connection: Connection, batch: Mapping[Attempt, Entries]) -> None:
        """Write what several runs have come to; of attempts that do not hold their run, what they cost alone."""
        held = _held(connection, [run_id for run_id, _ in batch])
        write_events(connection, [event for key, entries in batch.items() if key in held for event in entries.events])
        write_usage(connection, [entry for key, entries in batch.items() if key in held for entry in entries.usage])
        for (run_id, attempt), entries in batch.items():
            if (run_id, attempt) not in held:
                write_late_usage(connection, run_id, entries)

    @reads
    def known_messages(self, connection: Connection, thread_id: str) -> KnownMessages:
        """The human messages of a thread's log."""
        rows = connection.execute(_HUMAN_MESSAGES, {"key": thread_id}).all()
        contents = [row.content for row in rows if isinstance(row.content, dict)]
        return KnownMessages(
            frozenset(row.run_id for row in rows),
            frozenset(told for it in contents if isinstance(told := it.get("id"), str)),
        )


def write_entries(connection: Connection, entries: Entries) -> None:
    """Write the entries of an attempt that holds its run."""
    write_events(connection, entries.events)
    write_usage(connection, entries.usage)


def write_end(connection: Connection, run: Run, outcome: RunOutcome, now: datetime, entries: Entries = NOTHING) -> None:
    """The run ends with this outcome: write what is left to write, and its last entry."""
    write_usage(connection, entries.usage)
    if not run.traceless:
        last = end_event(run, outcome, now, _spent(connection, run, entries))
        write_events(connection, [*entries.events, last])


def write_stop(connection: Connection, run: Run, reason: StopReason, now: datetime, entries: Entries = NOTHING) -> None:
    """The run ends because of a stop: a rollback takes back what was said, a deletion leaves nothing in the log."""
    if reason is StopReason.ROLLBACK:
        _write_rollback(connection, run, now, entries)
    elif reason is StopReason.DELETE:
        write_usage(connection, entries.usage)
        connection.execute(_DELETE_EVENTS, {"key": run.run_id})
    else:
        write_end(connection, run, RunOutcome(RunStatus.INTERRUPTED, stopped_by=reason), now, entries)


def write_late_usage(connection: Connection, run_id: str, entries: Entries) -> None:
    """Write what an attempt cost that has lost its run, which may have been rolled back by now."""
    write_usage(connection, entries.usage)
    query = select(run_events.c.seq).where(_OF_RUN, run_events.c.event_type == EventType.RUN_ROLLBACK)
    if entries.usage and connection.execute(query, {"key": run_id}).first():
        connection.execute(_ROLL_BACK, {"key": run_id})


def write_events(connection: Connection, events: Iterable[RunEvent]) -> None:
    """Write entries of threads that exist, each with its thread's next number."""
    of_threads: dict[str, list[RunEvent]] = {}
    for event in events:
        of_threads.setdefault(event.thread_id, []).append(event)
    rows: list[dict[str, Any]] = []
    # in one order for all who count, so that none waits for another that waits for it
    for thread_id, several in sorted(of_threads.items()):
        tell(connection, _COUNT_ON, {"key": thread_id, "more": len(several)})
        rows += [_event_row(event, len(several) - place) for place, event in enumerate(several, 1)]
    if rows:
        tell(connection, _INSERT_EVENTS, rows)


def write_usage(connection: Connection, usage: Sequence[UsageEntry]) -> None:
    """Write entries of the ledger; those that are there already stay as they are."""
    if usage:
        tell(connection, _INSERT_USAGE, [usage_entry_to_row(entry) for entry in usage])


def _write_rollback(connection: Connection, run: Run, now: datetime, entries: Entries) -> None:
    write_usage(connection, entries.usage)
    connection.execute(_ROLL_BACK, {"key": run.run_id})
    if run.traceless:
        return
    connection.execute(_DELETE_MESSAGES, {"key": run.run_id})
    kept = [event for event in entries.events if event.category is not EventCategory.MESSAGE]
    write_events(connection, [*kept, rollback_event(run, now, _spent(connection, run, entries))])


def _spent(connection: Connection, run: Run, entries: Entries) -> Tokens:
    """What the run has used in all; its entries are written."""
    if entries.spent or not run.started:
        return entries.spent or Tokens()
    sums = connection.execute(_SPENT, {"key": run.run_id}).one()
    return Tokens(*(int(count or 0) for count in sums))


def _held(connection: Connection, run_ids: Sequence[str]) -> set[Attempt]:
    query = select(runs.c.run_id, runs.c.attempt).where(runs.c.run_id.in_(run_ids), is_running())
    # nobody claims one of them before these entries are written
    query = query.order_by(runs.c.run_id).with_for_update(read=True)
    return {(row.run_id, row.attempt) for row in connection.execute(query)}


def _event_row(event: RunEvent, behind: int) -> dict[str, Any]:
    """`behind`: how many entries of the thread come after it in the same transaction."""
    return {
        "thread_id": event.thread_id,
        "counted": event.thread_id,
        "behind": behind,
        "run_id": event.run_id,
        "event_type": event.event_type,
        "category": event.category,
        "created_at": event.created_at,
        "metadata": event.metadata,
        "content": event.content,
    }
