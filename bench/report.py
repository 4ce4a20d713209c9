"""What is printed of a case: its figures, contenders side by side, and the gateway's ratio to each other one."""

from __future__ import annotations

from bench.case import Case
from bench.names import CLIENT, GATEWAY
from bench.results import Results
from bench.tables import Row, number

_NEAR_ONE_CORE = 0.7


def case_title(case: Case, results: Results) -> str:
    """The head line, with the number of rounds."""
    rounds = len(results.rounds.get((case.name, GATEWAY), {}))
    return f"{case.name}: {case.title} ({rounds} {'round' if rounds == 1 else 'rounds'}; medians)"


def case_rows(case: Case, results: Results) -> list[Row]:
    """The table: head and one row for each figure."""
    contenders = [name for name in case.contenders(0) if (case.name, name) in results.rounds]
    others = [name for name in contenders if name != GATEWAY]
    head = ["", *contenders, *(f"/ {name}" for name in others)]
    figures = [name for name in results.names(case.name, contenders) if _shown(case, name, contenders, results)]
    return [head, *(_row(case, figure, contenders, results) for figure in figures)]


def _shown(case: Case, figure: str, contenders: list[str], results: Results) -> bool:
    values = (results.worst(case.name, name, figure) or 0 for name in contenders)
    return not figure.endswith(CLIENT) or any(value > _NEAR_ONE_CORE for value in values)


def _row(case: Case, figure: str, contenders: list[str], results: Results) -> Row:
    values = [results.median(case.name, name, figure) for name in contenders]
    ratios = [results.ratio(case.name, figure, GATEWAY, name) for name in contenders if name != GATEWAY]
    return [figure, *map(number, values), *map(number, ratios)]


def notes(case: Case, results: Results) -> list[str]:
    """What must be known to read the table: bounds, and what failed."""
    failed = [f"{who}: {reason}" for name, who, reason in results.failures if name == case.name]
    return [*([case.note] if case.note else []), *failed]
