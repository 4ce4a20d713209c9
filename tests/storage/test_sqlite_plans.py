"""The statements of the hot paths, as SQLite plans them: by the indexes made for them, never through whole tables.

Plans are asked for without ANALYZE, on the tables as they are after a fresh start.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from runline.kit.ids import new_id
from runline.model.assistant import AssistantChange, graph_assistant_id
from runline.model.feedback import Opinion
from runline.model.lifecycle import ACTIVE, RunStatus, StopReason
from runline.model.log_page import LogPage
from runline.model.run import Run
from runline.model.thread import Page, ThreadFilter
from runline.model.usage_period import Bucket, Period
from runline.model.viewer import ANONYMOUS
from runline.storage.assistants import AssistantFilter
from runline.storage.deliveries import Result
from runline.storage.run_lists import RunListStore
from runline.storage.run_log import RunLogStore
from runline.storage.runs import RunFilter
from runline.storage.thread_streams import ThreadStreamStore
from runline.storage.ttls import TtlStore
from storage.ledgers import some
from storage.past import Past
from storage.world import ALICE, GRAPHS, IN_SQLITE, INTERRUPTED, START, SUCCESS, World

# everything here is asked of SQLite
pytestmark = IN_SQLITE

AGENT = graph_assistant_id("agent")

Statement = tuple[str, Any]


@contextmanager
def captured() -> Iterator[list[Statement]]:
    """The statements that are executed meanwhile, with their parameters."""
    statements: list[Statement] = []

    def note(_connection: Any, _cursor: Any, sql: str, parameters: Any, *_: Any) -> None:
        if sql.split(maxsplit=1)[0] in ("SELECT", "UPDATE", "DELETE", "INSERT", "WITH"):
            statements.append((sql, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def plan(world: World, call: Awaitable[Any]) -> list[str]:
    """How the statements of a call were carried out: one line per table that is looked at."""
    with captured() as statements:
        await call
    assert statements

    def explain(connection: Connection) -> list[str]:
        plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values) for sql, values in statements]
        return [row.detail for plan in plans for row in plan]

    return await world.database.read(explain)


@pytest.fixture
async def run(world: World) -> Run:
    """A running run among others, and the assistant of a graph."""
    await world.assistants.sync_graphs({"agent": None, "other": None})
    for _ in range(5):
        await world.finish(await world.start(new_id(), create_thread=True, webhook="https://example.com"))
        await world.add(new_id(), create_thread=True, after_seconds=60)
    run = await world.start(new_id(), create_thread=True)
    await world.add(run.thread_id)
    await Past.of(world).tell(run, "run.start", "human_message", "ai_message")
    await Past.of(world).call(run)
    return run


Call = Callable[[World, Run], Awaitable[Any]]
BY_METADATA = ThreadFilter(metadata={"graph_id": "echo", "tags": ["a"]})


async def record(world: World, _run: Run) -> None:
    (taken,) = await world.deliveries.take(1, 20)
    await world.deliveries.record(taken.delivery, Result(500, "no", world.clock.now()))


async def read_messages(world: World, run: Run) -> None:
    events = Past.of(world).events
    for page in (LogPage(50), LogPage(50, after=1), LogPage(50, before=9)):
        await events.thread_messages(ANONYMOUS, run.thread_id, page)
        await events.run_messages(ANONYMOUS, run.thread_id, run.run_id, page)


async def read_log(world: World, run: Run) -> None:
    for types in ((), ("run.end",)):
        page = LogPage(50, after=1)
        await Past.of(world).events.run_log(ANONYMOUS, run.thread_id, run.run_id, page, types)


async def use_feedback(world: World, run: Run) -> None:
    feedback = Past.of(world).feedback
    kept = await feedback.put(ANONYMOUS, run.thread_id, run.run_id, Opinion(1))
    await feedback.list_of_run(ANONYMOUS, run.thread_id, run.run_id)
    await feedback.stats(ANONYMOUS, run.thread_id, run.run_id)
    await feedback.delete(ANONYMOUS, run.thread_id, run.run_id, kept.feedback_id)


async def read_usage(world: World, run: Run) -> None:
    usage = Past.of(world).usage
    await usage.of_thread(ANONYMOUS, run.thread_id)
    await usage.of_thread(ANONYMOUS, run.thread_id, include_active=True)
    await usage.of_run(ANONYMOUS, run.thread_id, run.run_id)


async def read_periods(world: World, run: Run) -> None:
    period = Period.of(START, START + timedelta(days=9), Bucket.DAY, UTC)
    for group_by in (None, "model", "thread"):
        await Past.of(world).periods.of_period(ANONYMOUS, period, group_by)


HOT: dict[str, Call] = {
    "admit": lambda world, run: world.add(run.thread_id, start=True),
    "admit and evict": lambda world, run: world.add(run.thread_id, multitask_strategy="rollback"),
    "admit on a new thread": lambda world, _: world.start(new_id(), create_thread=True),
    "claim": lambda world, _: world.claim(),
    "next due": lambda world, _: world.claims.next_due(GRAPHS),
    "stranded": lambda world, _: world.claims.stranded(GRAPHS),
    "renew": lambda world, run: world.leases.renew(world.claimant(), [(run.run_id, 1)]),
    "finish": lambda world, run: world.finish(run, SUCCESS, successor=True),
    "discard": lambda world, run: world.leases.discard(run, None, world.claimant()),
    "finish with entries": lambda world, run: world.leases.finish(run, SUCCESS, None, None, some(run)),
    "roll back": lambda world, run: world.leases.discard(run, None, None, StopReason.ROLLBACK, some(run)),
    "write logs": lambda world, run: RunLogStore(world.database).append({(run.run_id, 1): some(run)}),
    "write late calls": lambda world, run: RunLogStore(world.database).append({(run.run_id, 7): some(run)}),
    "look for messages": lambda world, run: RunLogStore(world.database).known_messages(run.thread_id),
    "requeue": lambda world, run: world.leases.requeue(run, crashed=True),
    "expired": lambda world, _: world.claims.expired(),
    "cancel one": lambda world, run: world.stop(run, StopReason.INTERRUPT),
    "get a run": lambda world, run: world.runs.get(ANONYMOUS, run.run_id, run.thread_id),
    "list runs": lambda world, run: world.runs.list_of_thread(ANONYMOUS, run.thread_id, None, 10, 0),
    "get a run with its usage": lambda world, run: world.runs.get_counted(ANONYMOUS, run.run_id, run.thread_id),
    "read messages": read_messages,
    "read a log": read_log,
    "use feedback": use_feedback,
    "read usage": read_usage,
    "read usage of a time": read_periods,
    "list running": lambda world, run: world.runs.list_of_thread(ANONYMOUS, run.thread_id, RunStatus.RUNNING, 10, 0),
    "get a thread": lambda world, run: world.threads.get(ANONYMOUS, run.thread_id),
    "patch a thread": lambda world, run: world.threads.patch(ANONYMOUS, run.thread_id, {}),
    "delete a thread": lambda world, run: world.threads.delete(ANONYMOUS, run.thread_id),
    "search threads": lambda world, _: world.threads.search(ALICE, ThreadFilter(), Page()),
    "count threads": lambda world, _: world.threads.count(ALICE, ThreadFilter()),
    "follow a thread": lambda world, run: ThreadStreamStore(world.database).ahead(
        ANONYMOUS, run.thread_id, run.created_at
    ),
    "join a thread": lambda world, run: ThreadStreamStore(world.database).present(ANONYMOUS, run.thread_id),
    "search by metadata": lambda world, _: world.threads.search(ANONYMOUS, BY_METADATA, Page()),
    "count by metadata": lambda world, _: world.threads.count(ANONYMOUS, BY_METADATA),
    "find expired threads": lambda world, _: TtlStore(world.database, world.clock).expired(10),
    "take webhooks": lambda world, _: world.deliveries.take(10, 20),
    "next webhook": lambda world, _: world.deliveries.next_due(),
    "record a webhook": record,
    "list webhooks": lambda world, run: world.deliveries.list_of_run(ANONYMOUS, run.thread_id, run.run_id),
    "what is left of a deleted thread": lambda world, run: ThreadStreamStore(world.database).undone(
        ANONYMOUS, run.thread_id, run.created_at
    ),
    "find holds": lambda world, _: world.threads.abandoned_holds(),
    "threads of an assistant": lambda world, _: world.threads.ids(ALICE, ThreadFilter(metadata={"assistant_id": "a"})),
    "get an assistant": lambda world, _: world.assistants.get(ANONYMOUS, AGENT),
    "patch an assistant": lambda world, _: world.assistants.patch(ANONYMOUS, AGENT, AssistantChange()),
    "list versions": lambda world, _: world.versions.list(ANONYMOUS, AGENT, {"n": 1}, limit=10, offset=0),
    "set the latest version": lambda world, _: world.versions.set_latest(ANONYMOUS, AGENT, 1),
    "search assistants": lambda world, _: world.assistants.search(ALICE, AssistantFilter(), Page(sort_by="created_at")),
    "count assistants": lambda world, _: world.assistants.count(ALICE, AssistantFilter("agent", {"n": 1}, "a")),
    "delete an assistant": lambda world, _: world.assistants.delete(ANONYMOUS, AGENT),
}


BOUNDED = {
    "SCAN CONSTANT ROW",
    # the one row that an admission has of a thread, also of one that does not exist
    "SCAN one",
    # admission counts what is active, in the index of that, and stops at the limit
    "SCAN runs USING COVERING INDEX ix_runs_active",
    "SCAN anon_1",
    # the calls of one thread, found by their index, are added up several times
    "SCAN mine",
    # the borders of buckets
    "SCAN 9 CONSTANT ROWS",
    "SCAN borders",
    # in the order in which they are due, and stops at the first
    "SCAN webhook_deliveries USING INDEX ix_webhook_deliveries_due",
    # lists that are empty
    "SCAN (subquery-1)",
    "SCAN (subquery-3)",
}


@pytest.mark.parametrize("call", HOT.values(), ids=HOT)
async def test_no_hot_statement_goes_through_a_whole_table(world: World, run: Run, call: Call) -> None:
    scans = [line for line in await plan(world, call(world, run)) if line.startswith("SCAN")]
    assert [line for line in scans if line not in BOUNDED] == []


INDEXED: dict[str, tuple[Call, str]] = {
    "claim": (HOT["claim"], "ix_runs_ready (due_at<?)"),
    "next due": (HOT["next due"], "ix_runs_ready"),
    "stranded": (HOT["stranded"], "ix_runs_ready (due_at<?)"),
    "expired": (HOT["expired"], "ix_runs_leases"),
    "admit": (HOT["admit"], "ix_runs_active (thread_id=?"),
    "place": (HOT["admit"], "ix_runs_thread_id_created_at (thread_id=?)"),
    "follow": (HOT["follow a thread"], "ix_runs_thread_id_due_at (thread_id=? AND due_at>?)"),
    "join": (HOT["join a thread"], "ix_runs_thread_id_due_at (thread_id=?)"),
    "undone": (HOT["follow a thread"], "ix_undone_runs_thread_id_due_at (thread_id=? AND due_at>?)"),
    "place behind undone": (HOT["admit"], "ix_undone_runs_thread_id_due_at (thread_id=?)"),
    "waiting": (HOT["join a thread"], "ix_runs_active (thread_id=?"),
    "finish": (HOT["finish"], "ix_runs_active (thread_id=?"),
    "search": (HOT["search threads"], "ix_threads_owner_updated_at (owner=?)"),
    "next webhook": (HOT["next webhook"], "ix_webhook_deliveries_due"),
    "take webhooks": (HOT["take webhooks"], "ix_webhook_deliveries_due (next_attempt_at<?)"),
    "list webhooks": (HOT["list webhooks"], "ix_webhook_deliveries_run_id (run_id=?"),
    "holds": (HOT["find holds"], "ix_threads_held"),
    "assistants": (HOT["search assistants"], "ix_assistants_owner_created_at (owner=?"),
    "terms": (HOT["search by metadata"], "PRIMARY KEY (term=?)"),
    "messages of a thread": (HOT["read messages"], "ix_run_events_messages (thread_id=? AND seq>?)"),
    "messages of a run": (HOT["read messages"], "ix_run_events_run_id_seq (run_id=? AND seq<?)"),
    "a log": (HOT["read a log"], "ix_run_events_run_id_seq (run_id=? AND seq>?)"),
    "feedback": (HOT["use feedback"], "uq_feedback_run_id_author (run_id=?"),
    "usage of runs": (HOT["list runs"], "ix_usage_entries_run_id (run_id=?)"),
    "usage of a thread": (HOT["read usage"], "ix_usage_entries_thread_id (thread_id=?)"),
    "usage of a time": (
        HOT["read usage of a time"],
        "ix_usage_entries_owner (owner=? AND started_at>?",
    ),
    "expired threads": (HOT["find expired threads"], "ix_thread_ttls_expires_at (expires_at<?)"),
}


@pytest.mark.parametrize(("call", "index"), INDEXED.values(), ids=INDEXED)
async def test_a_hot_statement_uses_the_index_made_for_it(world: World, run: Run, call: Call, index: str) -> None:
    lines = await plan(world, call(world, run))
    assert any(index in line for line in lines), lines


@pytest.mark.parametrize("name", ["search threads", "list runs", "follow a thread"])
async def test_a_page_in_the_usual_order_is_read_without_sorting_the_rest(world: World, run: Run, name: str) -> None:
    lines = await plan(world, HOT[name](world, run))
    # the index gives the order but for rows of the very same moment
    assert [line for line in lines if "ORDER BY" in line] in ([], ["USE TEMP B-TREE FOR RIGHT PART OF ORDER BY"])


async def test_a_partial_index_is_enough_to_find_what_is_active(world: World, run: Run) -> None:
    """These go through an index whole, but one that holds nothing but what they look for."""
    for call in (world.claims.active_counts(), world.claims.expired(everything=True)):
        lines = await plan(world, call)
        partial = ("ix_runs_active", "ix_runs_leases", "uq_runs_running")
        assert all(any(name in line for name in partial) for line in lines if "runs" in line), lines


@pytest.mark.parametrize("status", [None, *RunStatus])
async def test_a_page_of_all_runs_is_merged_from_indexes(world: World, run: Run, status: RunStatus | None) -> None:
    """Those that have ended are found in their order; those that are active, in the index of that."""
    lines = await plan(world, RunListStore(world.database).list(ANONYMOUS, status, 10, 0))
    of_runs = {line for line in lines if " runs" in line}
    assert of_runs <= {
        "SEARCH runs USING INDEX ix_runs_ended (owner=? AND status=?)",
        "SCAN runs USING INDEX ix_runs_active",
        "SCAN runs USING INDEX ix_runs_leases",
        "SEARCH runs USING INDEX sqlite_autoindex_runs_1 (run_id=?)",
    }


async def test_the_plans_would_show_a_missing_index(world: World, run: Run) -> None:
    for index in ("ix_runs_ready", "ix_threads_owner_updated_at", "ix_threads_owner_status_updated_at"):
        await world.execute(text(f"DROP INDEX {index}"))
    for name in ("claim", "search threads"):
        assert any(line.startswith("SCAN") for line in await plan(world, HOT[name](world, run)))


@pytest.mark.parametrize(
    "wanted", [RunFilter(statuses=ACTIVE), RunFilter(assistant_id=AGENT)], ids=["status", "assistant"]
)
async def test_cancelling_all_of_a_kind_looks_at_active_runs_only(world: World, run: Run, wanted: RunFilter) -> None:
    lines = await plan(world, world.runs.request_stop(ANONYMOUS, wanted, StopReason.INTERRUPT))
    assert all("INDEX" in line for line in lines if "runs" in line), lines
    assert INTERRUPTED.status not in ACTIVE
