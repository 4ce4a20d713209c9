"""`runline runs tail`: a run's events as they come, until it ends; its status is the exit code."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runline.cli.options import ConfigFlag, UrlFlag
from runline.cli.output import STATUS_COLOURS, open_console, print_notice
from runline.cli.runs import RunArgument
from runline.cli.transcript import Transcript
from runline.errors import NotFound

if TYPE_CHECKING:
    from runline.cli.events import SentEvent
    from runline.cli.remote import Remote

EXIT_CODES = {"success": 0, "error": 3, "timeout": 4, "interrupted": 5}
GONE = "gone"
GONE_CODE = 6


def tail_run(
    run_id: RunArgument,
    raw: Annotated[bool, typer.Option("--json", help="One JSON object for each event.")] = False,
    url: UrlFlag = None,
    config: ConfigFlag = None,
) -> None:
    """Print a run's events as they come. Exit code: 0 success, 3 error, 4 timeout, 5 interrupted, 6 rolled back."""
    from runline.cli.events import follow
    from runline.cli.remote import open_remote

    with open_remote(url, config) as remote:
        run = remote.get(f"/runs/{run_id}")
        events = follow(remote, str(run_id), lambda: print_notice("The gateway is away; waiting for it."))
        failed = _print_raw(events) if raw else _print(events)
        status = _status(remote, run, failed=failed)
    if not raw:
        open_console().print(f"run {run_id}: {status}", style=STATUS_COLOURS.get(status))
    raise typer.Exit(EXIT_CODES.get(status, GONE_CODE))


def _print(events: Iterable[SentEvent]) -> bool:
    """Print them for people; tells whether the run has told an error."""
    transcript = Transcript(open_console())
    failed = False
    for event in events:
        transcript.show(event)
        failed = failed or _is_end(event)
    transcript.end()
    return failed


def _print_raw(events: Iterable[SentEvent]) -> bool:
    """Print them for programs; tells whether the run has told an error."""
    failed = False
    for event in events:
        typer.echo(json.dumps({"id": event.id, "event": event.name, "data": event.data}))
        failed = failed or _is_end(event)
    return failed


def _is_end(event: SentEvent) -> bool:
    return event.name == "error" and event.id is not None


def _status(remote: Remote, run: Mapping[str, Any], *, failed: bool) -> str:
    """How the run ended. Nothing is left of a run without a thread but what it has told."""
    try:
        return str(remote.get(f"/runs/{run['run_id']}")["status"])
    except NotFound:
        if run["kwargs"]["temporary"]:
            return "error" if failed else "success"
        return GONE
