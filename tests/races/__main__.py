"""The full form: `make races`, or `python -m races [--scale 0.1] [--seed 1] [part ...]` with `tests` on the path.

RUNLINE_TEST_SHARED=1 lets three gateways on PostgreSQL and Redis race.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from kit.concluding import conclude
from races.agent_cuts import agent_cuts, node_cuts
from races.creations import creations
from races.cuts import cuts
from races.deletions import deletions
from races.findings import Findings
from races.finishes import finishes
from races.halfway import halfway
from races.phases import phases
from races.recovery import recovery
from races.rollbacks import rollbacks
from races.stops import stops
from shared import SHARED, wanted_servers

Part = Callable[[Path, int, int], Coroutine[Any, Any, Findings]]
"""A folder for its data, how many times, a seed."""

PARTS: Mapping[str, tuple[Part, int]] = {
    "creations": (creations, 100),
    "phases": (phases, 20),
    "finishes": (finishes, 2000),
    "deletions": (deletions, 500),
    "cuts": (cuts, 1000),
    "agent-cuts": (agent_cuts, 1000),
    "node-cuts": (node_cuts, 1000),
    "rollbacks": (rollbacks, 450),
    "halfway": (halfway, 50),
    "stops": (stops, 100),
    # a process that shares its database waits for leases, which chaos over a fleet times
    **({} if SHARED else {"recovery": (recovery, 20)}),
}
"""What races with what, and how often in full."""


def main() -> int:
    """Run the parts and print their reports; 1 if anything is wrong, and then their data is kept."""
    parser = argparse.ArgumentParser(prog="races")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []])
    asked = parser.parse_args()
    folder = Path(mkdtemp(prefix="runline-races-"))
    well = True
    with wanted_servers():
        for name in asked.parts or PARTS:
            part, full = PARTS[name]
            findings = asyncio.run(part(folder / name, max(round(full * asked.scale), 1), asked.seed))
            print(findings.report(), flush=True)
            well = well and not findings.wrong
    return conclude(folder, well=well)


if __name__ == "__main__":
    sys.exit(main())
