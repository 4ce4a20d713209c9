"""The sums of the ledger that SQL makes: one row for each part of something, all parts in one statement.

One statement sees one state of the ledger, so that its parts add up whatever is written meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, String, Table, cast, func, literal, literal_column, select

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
    return [*_sums_but_runs(source), func.count(source.c.run_id.distinct()).label("runs")]


def run_sums(source: Source) -> list[ColumnElement[Any]]:
    """The same over entries of one run; counting what is distinct would cost as much as all the rest."""
    return [*_sums_but_runs(source), literal_column("1").label("runs")]


def _sums_but_runs(source: Source) -> list[ColumnElement[Any]]:
    columns = source.c
    return [
        *(func.coalesce(func.sum(columns[name]), 0).label(name) for name in _TOKENS),
        func.count(columns.usage_id).label("calls"),
        func.count(columns.cost).label("priced"),
        func.sum(columns.cost).label("cost"),
        func.min(columns.currency).label("currency"),
        func.max(columns.currency).label("other_currency"),
        func.coalesce(func.max(columns.rolled_back), 0).label("rolled_back"),
    ]


def whole(source: Source) -> Select[Any]:
    """The part that is everything: one row, also of nothing."""
    return select(literal(TOTAL).label("part"), literal("").label("key"), *sums(source))


def parts(name: str, key: ColumnElement[Any], source: Source) -> Select[Any]:
    """One row for each value of `key`; ids come as whatever text the database makes of them."""
    return _named(name, key, sums(source)).group_by(key)


def run_parts(name: str, source: Source) -> Select[Any]:
    """One row for each run."""
    return _named(name, source.c.run_id, run_sums(source)).group_by(source.c.run_id)


def _named(name: str, key: ColumnElement[Any], columns: list[ColumnElement[Any]]) -> Select[Any]:
    return select(literal(name).label("part"), cast(key, String).label("key"), *columns)


def read_parts(rows: Iterable[Sequence[Any]]) -> Parts:
    """What came of `whole` and `parts`, by part and key."""
    found: Parts = {}
    for row in rows:
        found.setdefault(row[0], {})[row[1]] = usage_of(row, 2)
    return found


def costs_of(found: Parts) -> dict[str, int]:
    """What was spent in each currency."""
    return {key: usage.cost or 0 for key, usage in found.get(CURRENCY, {}).items() if key is not None}


def usage_of(row: Sequence[Any], offset: int) -> Usage:
    """The columns of `sums` from a row, where they begin. By their places: there may be hundreds of rows."""
    *counts, calls, priced, cost, currency, other, rolled_back, runs = row[offset:]
    one_currency = currency is not None and currency == other
    return Usage(
        # PostgreSQL's sums of large numbers are decimals
        Tokens(*map(int, counts)),
        calls,
        runs,
        calls - priced,
        int(cost) if one_currency else None if calls else 0,
        currency if one_currency else None,
        bool(rolled_back),
    )


def largest_first(usages: dict[str, Usage]) -> dict[str, Usage]:
    """In the order of their tokens, then of their keys."""
    order: Sequence[str] = sorted(usages, key=lambda key: (-usages[key].tokens.total_tokens, key))
    return {key: usages[key] for key in order}


def id_text(key: str | None) -> str:
    """The id that a part has for its key: SQLite's texts of ids are without dashes."""
    return (parse_id(key) or key) if key else UNKNOWN
