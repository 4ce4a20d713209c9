"""The sums of the ledger that SQL makes: one row for each part of something, all parts in one statement.

One statement sees one state of the ledger, so that its parts add up whatever is written meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import CTE, ColumnElement, Row, Select, String, Table, cast, func, literal, select

from runline.kit.ids import parse_id
from runline.model.token_usage import Usage
from runline.model.usage import Tokens

_TOKENS = tuple(each.name for each in fields(Tokens))

TOTAL, CURRENCY = "total", "currency"
"""The parts that are the whole, and that is each currency's; an unpriced one has the key None."""

UNKNOWN = "unknown"
"""The name of the part that has none."""

Source = Table | CTE
Parts = dict[str, dict[Any, Usage]]


def sums(source: Source) -> list[ColumnElement[Any]]:
    """The columns of a Usage over entries of the ledger; zeroes where an outer join found none."""
    columns = source.c
    return [
        *(func.coalesce(func.sum(columns[name]), 0).label(name) for name in _TOKENS),
        func.count(columns.usage_id).label("calls"),
        func.count(columns.run_id.distinct()).label("runs"),
        func.count(columns.cost).label("priced"),
        func.sum(columns.cost).label("cost"),
        func.count(columns.currency.distinct()).label("currencies"),
        func.min(columns.currency).label("currency"),
        func.coalesce(func.max(columns.rolled_back), 0).label("rolled_back"),
    ]


def whole(source: Source) -> Select[Any]:
    """The part that is everything: one row, also of nothing."""
    return select(literal(TOTAL).label("part"), literal("").label("key"), *sums(source))


def parts(name: str, key: ColumnElement[Any], source: Source) -> Select[Any]:
    """One row for each value of `key`; ids come as whatever text the database makes of them."""
    return select(literal(name).label("part"), cast(key, String).label("key"), *sums(source)).group_by(key)


def read_parts(rows: Iterable[Row[Any]]) -> Parts:
    """What came of `whole` and `parts`, by part and key."""
    found: Parts = {}
    for row in rows:
        found.setdefault(row.part, {})[row.key] = usage_of(row)
    return found


def costs_of(found: Parts) -> dict[str, int]:
    """What was spent in each currency."""
    return {key: usage.cost or 0 for key, usage in found.get(CURRENCY, {}).items() if key is not None}


def usage_of(row: Row[Any]) -> Usage:
    """A row of `sums`. PostgreSQL's sums of large numbers are decimals."""
    one_currency = row.currencies == 1
    return Usage(
        tokens=Tokens(**{name: int(getattr(row, name)) for name in _TOKENS}),
        calls=row.calls,
        runs=row.runs,
        unpriced_calls=row.calls - row.priced,
        cost=int(row.cost) if one_currency else None if row.calls else 0,
        currency=row.currency if one_currency else None,
        rolled_back=bool(row.rolled_back),
    )


def largest_first(usages: dict[str, Usage]) -> dict[str, Usage]:
    """In the order of their tokens, then of their keys."""
    order: Sequence[str] = sorted(usages, key=lambda key: (-usages[key].tokens.total_tokens, key))
    return {key: usages[key] for key in order}


def id_text(key: str | None) -> str:
    """The id that a part has for its key: SQLite's texts of ids are without dashes."""
    return (parse_id(key) or key) if key else UNKNOWN
