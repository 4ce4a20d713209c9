"""The ledger of a time, in the scope of a Viewer: by bucket and by group."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Integer,
    Select,
    String,
    and_,
    cast,
    column,
    literal,
    select,
    union_all,
    values,
)

from runline.errors import Invalid
from runline.model.token_usage import PeriodUsage
from runline.model.usage_period import Period
from runline.model.viewer import Viewer
from runline.storage.columns import Moment
from runline.storage.engine import Database, reads
from runline.storage.tables import usage_entries
from runline.storage.usage_sums import (
    CURRENCY,
    UNKNOWN,
    Parts,
    costs_of,
    id_text,
    largest_first,
    parts,
    read_parts,
    sums,
    whole,
)

MOST_GROUPS = 10_000

_GROUPS = {
    "model": usage_entries.c.model,
    "caller": usage_entries.c.caller,
    "assistant": usage_entries.c.assistant_id,
    "user": usage_entries.c.owner,
    "thread": usage_entries.c.thread_id,
    "node": usage_entries.c.node,
}
_IDS = ("assistant", "thread")


class UsagePeriodStore:
    """The `usage_entries` table, by the time of the calls."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @reads
    def of_period(self, connection: Connection, viewer: Viewer, period: Period, group_by: str | None) -> PeriodUsage:
        """What all of the viewer's runs came to in a time, those that are gone too.

        `group_by` is model, caller, assistant, user, thread or node. Raises Invalid (too many groups).
        """
        found = read_parts(connection.execute(_statement(viewer, period, group_by)))
        buckets = found["bucket"]
        return PeriodUsage(
            total=found["total"][""],
            costs=costs_of(found),
            buckets=[buckets[str(number)] for number in range(len(buckets))],
            groups=largest_first(_named(found, group_by)),
        )


def _named(found: Parts, group_by: str | None) -> dict[str, Any]:
    groups = found.get("group", {})
    if len(groups) > MOST_GROUPS:
        raise Invalid(f"group_by: there are more than {MOST_GROUPS} groups in this time; ask for a shorter one")
    if group_by in _IDS:
        return {id_text(key): usage for key, usage in groups.items()}
    return {UNKNOWN if key is None else key: usage for key, usage in groups.items()}


def _statement(viewer: Viewer, period: Period, group_by: str | None) -> CompoundSelect[Any]:
    own = usage_entries.c.owner == viewer.identity
    during = and_(own, usage_entries.c.started_at >= period.since, usage_entries.c.started_at < period.until)
    arms = [
        whole(usage_entries).where(during),
        parts(CURRENCY, usage_entries.c.currency, usage_entries).where(during),
        _buckets(own, period),
    ]
    if group_by:
        groups = parts("group", _GROUPS[group_by], usage_entries).where(during)
        arms.append(select(groups.limit(MOST_GROUPS + 1).subquery()))
    return union_all(*arms)


def _buckets(own: ColumnElement[bool], period: Period) -> Select[Any]:
    """A row for each bucket, by its number. A database need not know time zones: it is told the borders."""
    numbered = [(number, *span) for number, span in enumerate(period.spans)]
    names = column("number", Integer), column("since", Moment), column("until", Moment)
    borders = values(*names, name="borders").data(numbered).cte("borders")
    within = and_(own, usage_entries.c.started_at >= borders.c.since, usage_entries.c.started_at < borders.c.until)
    number = cast(borders.c.number, String).label("key")
    return (
        select(literal("bucket").label("part"), number, *sums(usage_entries))
        .select_from(borders.outerjoin(usage_entries, within))
        .group_by(borders.c.number)
    )
