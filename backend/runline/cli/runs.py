"""`runline runs list | show | cancel`: the runs of a gateway, from a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.text import Text

from runline.cli.options import ConfigFlag, UrlFlag
from runline.cli.output import STATUS_COLOURS, new_table, open_console, printable
from runline.cli.spent import count, spent
from runline.errors import NotFound

if TYPE_CHECKING:
    from runline.cli.remote import Remote

RunArgument = Annotated[UUID, typer.Argument(metavar="RUN_ID", show_default=False)]
_ThreadFlag = Annotated[UUID | None, typer.Option("--thread", help="Of this thread only.")]


class Status(StrEnum):
    """What a run can be listed by."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    ERROR = "error"
    TIMEOUT = "timeout"
    INTERRUPTED = "interrupted"


def list_runs(
    thread: _ThreadFlag = None,
    status: Annotated[Status | None, typer.Option(help="Only those that are so.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, the newest first.")] = 20,
    url: UrlFlag = None,
    config: ConfigFlag = None,
) -> None:
    """List runs of all threads, or of one, the newest first."""
    from runline.cli.remote import open_remote

    with open_remote(url, config) as remote:
        runs = remote.get(f"/threads/{thread}/runs" if thread else "/runs", status=status, limit=limit)
    table = new_table("run", "status", "graph", "created", "lasted", "tokens", "thread")
    for run in runs:
        table.add_row(
            run["run_id"],
            status_text(run["status"]),
            printable(str(run["metadata"].get("graph_id", ""))),
            moment(run["created_at"]),
            lasted(run),
            count(run["usage"]["total_tokens"]),
            run["thread_id"],
        )
    open_console().print(table)


def show_run(run_id: RunArgument, url: UrlFlag = None, config: ConfigFlag = None) -> None:
    """Show one run: its course, what it spent, its error."""
    from runline.cli.remote import open_remote

    with open_remote(url, config) as remote:
        run = remote.get(f"/runs/{run_id}")
        usage = _usage(remote, run)
    table = new_table("", "")
    table.show_header = False
    for name, value in (_facts(run) | spent(usage)).items():
        table.add_row(Text(name, "dim"), value)
    open_console().print(table)


def cancel_run(
    run_id: RunArgument,
    rollback: Annotated[bool, typer.Option("--rollback", help="Leave no trace of it on its thread.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Until it has stopped.")] = False,
    url: UrlFlag = None,
    config: ConfigFlag = None,
) -> None:
    """Stop a run; its thread keeps what it came to, unless it is rolled back."""
    from runline.cli.remote import open_remote

    action = "rollback" if rollback else "interrupt"
    with open_remote(url, config) as remote:
        run = remote.get(f"/runs/{run_id}")
        path = f"/threads/{run['thread_id']}/runs/{run_id}/cancel"
        remote.post(path, action=action, wait="true" if wait else "false")
    ended = "has been rolled back" if rollback else "has stopped"
    open_console().print(f"Run {run_id} {ended if wait else 'is told to stop'}.")


def status_text(status: str) -> Text:
    """A status in its colour."""
    return Text(status, STATUS_COLOURS.get(status, ""))


def moment(text: str) -> str:
    """A time of the wire as clocks here show it."""
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def lasted(run: Mapping[str, Any]) -> str:
    """From a run's creation to its end, or until now."""
    active = run["status"] in (Status.PENDING, Status.RUNNING)
    until = datetime.now(UTC) if active else datetime.fromisoformat(run["updated_at"])
    return duration(until - datetime.fromisoformat(run["created_at"]))


def duration(length: timedelta) -> str:
    """A length of time with three digits or so."""
    seconds = max(length.total_seconds(), 0.0)
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return str(timedelta(seconds=round(seconds)))


def _usage(remote: Remote, run: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        usage: Mapping[str, Any] = remote.get(f"/threads/{run['thread_id']}/runs/{run['run_id']}/token-usage")
    except NotFound:
        # the project took the threads' routes away
        return {}
    return usage


def _facts(run: Mapping[str, Any]) -> dict[str, str | Text]:
    facts: dict[str, str | Text] = {
        "run": run["run_id"],
        "thread": run["thread_id"],
        "assistant": run["assistant_id"],
        "graph": printable(run["graph_id"]),
        "status": status_text(run["status"]),
        "attempt": str(run["attempt"]),
        "created": moment(run["created_at"]),
    }
    if run["run_started_at"]:
        facts["started"] = moment(run["run_started_at"])
    if run["run_ended_at"]:
        facts["ended"] = moment(run["run_ended_at"])
    facts["lasted"] = lasted(run)
    if run["error"]:
        facts["error"] = Text(printable(f"{run['error']['error']}: {run['error']['message']}"), "red")
    return facts
