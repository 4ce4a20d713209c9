"""`make conformance`, or `python -m conformance OFFICIAL [--only threads]` with `tests` on the path."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from conformance.found import Found, find
from conformance.hooks import receiving
from conformance.parity import Parity
from conformance.probe import Probe
from conformance.probes import AREAS
from conformance.replay import Side, replay
from conformance.sides import Servers, both

_SECONDS = 225.0
_AT_ONCE = 16
_CALL_SECONDS = 40.0


async def _ask(area: str, probe: Probe, sides: Sequence[Side]) -> Found:
    own = f"{area}: {probe.says}"
    answers = [replay(probe, side, {"probe": own, "hook": side.hooks.new()}) for side in sides]
    official, runline = await asyncio.gather(*answers)
    return find(area, probe, official, runline)


async def _ask_all(areas: Mapping[str, Sequence[Probe]], sides: Sequence[Side]) -> list[Found]:
    """Side by side but for those that want to be alone, which come last; in the order of the areas."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def ask(area: str, probe: Probe) -> Found:
        async with room:
            return await _ask(area, probe, sides)

    probes = [(area, probe) for area, probes in areas.items() for probe in probes]
    together = await asyncio.gather(*(ask(*each) for each in probes if not each[1].alone))
    alone = [await ask(*each) for each in probes if each[1].alone]
    order = {id(probe): number for number, (_, probe) in enumerate(probes)}
    return sorted([*together, *alone], key=lambda found: order[id(found.probe)])


async def _side(stack: AsyncExitStack, name: str, url: str) -> Side:
    client = httpx.AsyncClient(base_url=url, timeout=_CALL_SECONDS, limits=httpx.Limits(max_connections=None))
    return Side(name, await stack.enter_async_context(client), await stack.enter_async_context(receiving()))


async def _replay(areas: Mapping[str, Sequence[Probe]], servers: Servers) -> list[Found]:
    async with AsyncExitStack() as stack, asyncio.timeout(_SECONDS):
        sides = [await _side(stack, "official", servers.official), await _side(stack, "runline", servers.gateway.url)]
        return await _ask_all(areas, sides)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="conformance", description=__doc__)
    parser.add_argument("official", type=Path, help="the official `langgraph` command")
    parser.add_argument("--only", default="", help="areas, with commas between; what stands everywhere is not checked")
    return parser.parse_args()


def main() -> int:
    """Replay the probes, print what differs and the parity of each area; 1 if anything is wrong."""
    asked, started = _asked(), time.monotonic()
    # as Ctrl-C does: the servers must be ended
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen = {area: probes for area, probes in AREAS.items() if not asked.only or area in asked.only.split(",")}
    with (
        TemporaryDirectory(prefix="runline-conformance-", ignore_cleanup_errors=True) as folder,
        both(asked.official, Path(folder)) as servers,
    ):
        found = asyncio.run(_replay(chosen, servers))
        complaints = servers.gateway.complaints()
    parity = Parity(found)
    faults = [*parity.faults(whole=not asked.only), *(f"Runline's log: {line}" for line in complaints)]
    print("\n".join([*faults, "", parity.table()]))
    print(f"{len(faults)} faults, {time.monotonic() - started:.0f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
