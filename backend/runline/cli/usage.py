"""`runline usage`: what models were called for, in tokens and in money."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.table import Table

from runline.cli.options import ConfigFlag, UrlFlag
from runline.cli.output import new_table, open_console, printable
from runline.cli.spent import cost, count
from runline.errors import Invalid, NotFound

if TYPE_CHECKING:
    from runline.cli.remote import Remote


class By(StrEnum):
    """What usage is split by."""

    MODEL = "model"
    CALLER = "caller"
    ASSISTANT = "assistant"
    DAY = "day"


def usage(
    thread: Annotated[UUID | None, typer.Option("--thread", help="Of this thread only.")] = None,
    by: Annotated[By, typer.Option("--by", help="Split by; a thread's by model or caller.")] = By.MODEL,
    url: UrlFlag = None,
    config: ConfigFlag = None,
) -> None:
    """Show the tokens and costs of the last 30 days, or of one thread."""
    from runline.cli.remote import open_remote

    if thread and by not in (By.MODEL, By.CALLER):
        raise Invalid(f"The usage of a thread is split by model or by caller, not by {by}.")
    with open_remote(url, config) as remote:
        if thread:
            table = _of_thread(remote.get(f"/threads/{thread}/token-usage", include_active="true"), by)
        else:
            group = None if by is By.DAY else by
            answer = remote.get("/usage", bucket="day", group_by=group)
            names = {each: _assistant(remote, each) for each in answer["groups"]} if by is By.ASSISTANT else {}
            table = _of_period(answer, by, names)
    open_console().print(table)


def _of_thread(answer: Mapping[str, Any], by: By) -> Table:
    table = new_table(by, "tokens", "cost")
    if by is By.MODEL:
        for model, share in answer["by_model"].items():
            table.add_row(printable(model), count(share["tokens"]), cost(share))
    else:
        for caller, tokens in answer["by_caller"].items():
            table.add_row(caller, count(tokens))
    table.add_row("total", count(answer["total_tokens"]), cost(answer), style="bold")
    return table


def _assistant(remote: Remote, assistant_id: str) -> str:
    """Its name; the id of one that is gone."""
    try:
        return str(remote.get(f"/assistants/{assistant_id}")["name"])
    except NotFound:
        return assistant_id


def _of_period(answer: Mapping[str, Any], by: By, names: Mapping[str, str]) -> Table:
    table = new_table(by, "tokens", "in", "out", "runs", "cost")
    groups = {bucket["start"][:10]: bucket for bucket in answer["buckets"]} if by is By.DAY else answer["groups"]
    for name, group in groups.items():
        if group["total_tokens"] or group["runs"]:
            table.add_row(printable(names.get(name, name)), *_cells(group))
    table.add_row("total", *_cells(answer["totals"]), style="bold")
    return table


def _cells(usage: Mapping[str, Any]) -> tuple[str, ...]:
    numbers = (usage[name] for name in ("total_tokens", "input_tokens", "output_tokens", "runs"))
    return (*map(count, numbers), cost(usage))
