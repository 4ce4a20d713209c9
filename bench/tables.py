"""Tables as plain text and as markdown."""

from __future__ import annotations

from collections.abc import Sequence

Row = Sequence[str]


def as_text(rows: Sequence[Row]) -> str:
    """Columns side by side; the first row is the head, the first column is flush left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    )


def as_markdown(rows: Sequence[Row]) -> str:
    """The same for a document."""
    head, *body = [f"| {' | '.join(row)} |" for row in rows]
    rule = f"|---|{'---:|' * (len(rows[0]) - 1)}"
    return "\n".join([head, rule, *body])


def number(value: float | None) -> str:
    """Three digits that count; a dash for what was not measured."""
    if value is None:
        return "-"
    if abs(value) >= 100 or value == round(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"
