"""`make bench`, or `python -m bench [--only wait,paced] [--short] [--pairs N] [--no-official]
[--stores shared] [--markdown FILE]`.

The official development server takes part where it is installed: as `langgraph` on the PATH, or where the variable
RUNLINE_BENCH_OFFICIAL says. With `--stores shared` the gateway is on PostgreSQL and Redis, and so is Aegra, where the
variable RUNLINE_BENCH_AEGRA says.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from pathlib import Path

import uvloop

from bench.case import Case, Form
from bench.cases import CASES
from bench.goals import goal_rows
from bench.names import GATEWAY
from bench.report import case_rows, case_title, notes
from bench.results import Results
from bench.rounds import Field, measure_case
from bench.tables import as_markdown, as_text

OWN, SHARED = "own", "shared"
_GOALS = "Goals (ratios are medians of paired rounds)"


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", default="", help="cases whose names begin so, with commas between")
    parser.add_argument("--short", action="store_true", help="tiny counts, one round: whether it works, not how fast")
    parser.add_argument("--pairs", type=int, help="at most so many rounds")
    parser.add_argument("--no-official", action="store_true", help="leave the official server out")
    stores = "what the gateway keeps everything in: its own files, or PostgreSQL and Redis, where Aegra takes part"
    parser.add_argument("--stores", choices=(OWN, SHARED), default=OWN, help=stores)
    parser.add_argument("--markdown", type=Path, help="write the tables to this file, too")
    asked = parser.parse_args()
    if not chosen(asked.only):
        parser.error(f"no case begins so; there are {', '.join(case.name for case in CASES)}")
    return asked


def chosen(only: str) -> list[Case]:
    """The cases whose names begin with one of these words; all for none."""
    words = tuple(word.strip() for word in only.split(",") if word.strip())
    return [case for case in CASES if not words or case.name.startswith(words)]


async def measure(cases: list[Case], asked: argparse.Namespace, results: Results) -> list[str]:
    """Measure and print; returns the same as sections of markdown."""
    sections: list[str] = []
    async with Field(official=not asked.no_official, shared=asked.stores == SHARED) as field:
        for case in cases:
            started = time.monotonic()
            await measure_case(case, field, Form(asked.short), asked.pairs, results)
            title, rows, remarks = case_title(case, results), case_rows(case, results), notes(case, results)
            print("\n".join([f"\n{title}, {time.monotonic() - started:.0f} s", as_text(rows), *remarks]), flush=True)
            sections.append("\n\n".join([f"### {title}", as_markdown(rows), *remarks]))
    return sections


async def _until_told_to_stop(asked: argparse.Namespace, results: Results) -> list[str]:
    task = asyncio.current_task()
    assert task  # noqa: S101 - tells the type checker
    # as Ctrl-C does: the servers must be ended
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await measure(chosen(asked.only), asked, results)


def main() -> int:
    """Measure the chosen cases, print their tables and the goals; 1 if the gateway failed in a case."""
    asked, results = _asked(), Results()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sections = runner.run(_until_told_to_stop(asked, results))
    if not asked.short:
        goals = goal_rows(results)
        print(f"\n{_GOALS}\n{as_text(goals)}")
        sections.append(f"### {_GOALS}\n\n{as_markdown(goals)}")
    if asked.markdown:
        asked.markdown.write_text("\n\n".join(sections) + "\n")
    return int(any(who == GATEWAY for _, who, _ in results.failures))


if __name__ == "__main__":
    sys.exit(main())
