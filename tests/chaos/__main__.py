"""The full form: `make chaos`, or `python -m chaos [--seed N] [--scale 0.1] [--fleet]` with `tests` on the path.

`--fleet`: three gateways on PostgreSQL and Redis instead of one on files.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from pathlib import Path
from tempfile import mkdtemp

from chaos.fleet import ALL_FAULTS, fleet_chaos, plan_for_fleet
from chaos.load import Plan
from chaos.poison import poison
from chaos.report import report_of
from chaos.scenario import chaos, queue_and_kill, rolling
from kit.concluding import conclude

_KILLS, _STOPS, _PAUSES, _RUNS = 50, 10, 20, 1000
_FLEET_RUNS, _EACH = 2000, 10
_OFTEN = {"kill": _KILLS, "stop": _STOPS, "pause": _PAUSES}
_ROLLING, _QUEUED, _POISONS = 100, 200, 20


async def _all(seed: int, scale: float, folder: Path) -> bool:
    def times(full: int) -> int:
        return max(round(full * scale), 1)

    def folder_of(name: str) -> Path:
        made = folder / name
        made.mkdir()
        return made

    kinds = {"kill": times(_KILLS), "stop": times(_STOPS), "pause": times(_PAUSES)}
    faults = [kind for kind, number in kinds.items() for _ in range(number)]
    stormy = await chaos(folder_of("storm"), Plan(seed, times(_RUNS), threads=60), faults)
    print(report_of("load under faults", stormy), flush=True)
    queued = await queue_and_kill(folder_of("queue"), times(_QUEUED), seed)
    print(report_of("queued, killed one second later", queued), flush=True)
    rolled = await rolling(folder_of("rolling"), Plan(seed, times(_RUNS), threads=60), times(_ROLLING))
    print(report_of("rolling restarts under load", rolled), flush=True)
    given_up = [await _is_given_up(folder_of(f"poison {number}")) for number in range(times(_POISONS))]
    return all(given_up) and not any(outcome.wrong or outcome.complaints for outcome in (stormy, queued, rolled))


async def _of_fleet(seed: int, scale: float, folder: Path) -> bool:
    numbers = {kind: max(round(_OFTEN.get(kind, _EACH) * scale), 1) for kind in ALL_FAULTS}
    faults = [kind for kind, number in numbers.items() for _ in range(number)]
    outcome = await fleet_chaos(folder, plan_for_fleet(seed, max(round(_FLEET_RUNS * scale), 1)), faults)
    print(report_of(f"three gateways under {numbers}, seed {seed}", outcome), flush=True)
    return not (outcome.wrong or outcome.complaints)


async def _is_given_up(folder: Path) -> bool:
    poisoned = await poison(folder, others=10)
    print(f"poison: {poisoned.status}, {poisoned.error}, begun {poisoned.attempts} times, {poisoned.lives} lives, "
          f"others {dict(Counter(poisoned.others))}, complaints {poisoned.complaints}", flush=True)  # fmt: skip
    return poisoned.status == "error" and set(poisoned.others) == {"success"} and not poisoned.complaints


def main() -> int:
    """Do it all, and keep the data folder if anything is wrong."""
    parser = argparse.ArgumentParser(prog="chaos")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--fleet", action="store_true")
    asked = parser.parse_args()
    folder = Path(mkdtemp(prefix="runline-chaos-"))
    scenarios = _of_fleet if asked.fleet else _all
    well = asyncio.run(scenarios(asked.seed, asked.scale, folder))
    return conclude(folder, well=well)


if __name__ == "__main__":
    sys.exit(main())
