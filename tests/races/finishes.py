"""Cancels that race with the end of their run, of every kind and at any moment around it.

Some come long before it or behind it for certain, so that each outcome occurs on a slow machine as well.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from random import Random

from races.arena import ACTIVE, Arena, arena, side_by_side
from races.findings import Findings
from races.rows import owners

_LONGEST_DELAY_SECONDS = 0.06
_LOOK_SECONDS = 0.01
_LONG_PAUSE_SECONDS = 5.0

BEFORE, AROUND, BEHIND = "before", "around", "behind"
_ACCEPTED = (200, 202, 204)


@dataclass(frozen=True)
class Wish:
    """One cancel: what it leaves, whether it waits, through which endpoint, and when it is sent."""

    action: str
    wait: bool
    bulk: bool
    delay: float


@dataclass(frozen=True)
class Ended:
    """How a race ended: the run's path and status (None: gone), and the actions that were accepted."""

    path: str
    status: str | None
    accepted: frozenset[str]


async def finishes(folder: Path, races: int, seed: int) -> Findings:
    """So many runs, each cancelled once or twice around its end, watched all the time and looked at again at last."""
    ended: list[Ended] = []
    async with arena(folder, f"{races} races of cancel and finish", seed) as ground:
        await side_by_side(_race(ground, Random(f"{seed} {number}"), ended) for number in range(races))
        await ground.until_quiet()
        await _look_again(ground, ended)
    return ground.findings


async def _race(ground: Arena, random: Random, ended: list[Ended]) -> None:
    thread_id = await ground.new_thread()
    moment = random.choice([BEFORE, *[AROUND] * 8, BEHIND])
    numbers = {"count": random.randint(0, 5), "pause": random.choice([0, 0.004, 0.02])}
    if moment == BEFORE:
        numbers = {"count": 1, "pause": _LONG_PAUSE_SECONDS}
    path = await ground.new_run(thread_id, "counter", input=numbers, stream_resumable=random.random() < 0.3)
    watching = asyncio.create_task(_watch(ground, path))
    wishes = [_wish(random) for _ in range(random.choice([1, 1, 2]))]
    if moment == BEHIND:
        await asyncio.wait([watching])
    codes = await asyncio.gather(*(_send(ground, path, wish) for wish in wishes))
    accepted = {wish.action for wish, code in zip(wishes, codes, strict=True) if code in _ACCEPTED}
    status = await watching
    ended.append(Ended(path, status, frozenset(accepted)))
    ground.findings.count(f"{'+'.join(sorted(accepted)) or 'too late'} -> {status or 'gone'}")
    _judge(ground.findings, ended[-1])


def _wish(random: Random) -> Wish:
    return Wish(
        action=random.choice(["interrupt", "rollback"]),
        wait=random.random() < 0.5,
        bulk=random.random() < 0.3,
        delay=random.random() * _LONGEST_DELAY_SECONDS,
    )


async def _send(ground: Arena, path: str, wish: Wish) -> int:
    await asyncio.sleep(wish.delay)
    params = {"action": wish.action}
    if wish.bulk:
        _, _, thread_id, _, run_id = path.split("/")
        body = {"thread_id": thread_id, "run_ids": [run_id]}
        answer = await ground.send("POST", "/runs/cancel", params=params, json=body)
    else:
        answer = await ground.send("POST", f"{path}/cancel", params={**params, "wait": str(wish.wait).lower()})
    known = (*_ACCEPTED, 404) if wish.bulk else (*_ACCEPTED, 404, 409)
    ground.findings.expect(answer.status_code in known, f"{wish} of {path}: {answer.status_code} {answer.text}")
    return answer.status_code


async def _watch(ground: Arena, path: str) -> str | None:
    """Look at the run, by itself and in the list, until it has ended; whoever saw the end sees nothing else again."""
    seen: list[str | None] = []
    listing, _, run_id = path.rpartition("/")
    thread_id = listing.split("/")[2]
    while len(seen) < 2 or seen[-1] in ACTIVE or seen[-2] in ACTIVE:
        listed = {run["run_id"]: run["status"] for run in await ground.runs(thread_id)}
        seen.append(listed.get(run_id))
        seen.append(await ground.status(path))
        await asyncio.sleep(_LOOK_SECONDS)
    ends = [status for status in seen if status not in ACTIVE]
    changed = len(set(ends)) > 1 or seen[-len(ends) :] != ends
    ground.findings.expect(not changed, f"{path} was seen as {seen}")
    return seen[-1]


def _judge(find: Findings, race: Ended) -> None:
    """What was accepted is carried out, the stronger action of two; else the run succeeded."""
    kept = "interrupted" if race.accepted else "success"
    wanted = None if "rollback" in race.accepted else kept
    find.expect(race.status == wanted, f"{race} should be {wanted}")


async def _look_again(ground: Arena, ended: list[Ended]) -> None:
    writers = owners(ground.gateway.kept)
    for race in ended:
        ground.findings.equal(f"{race} later", await ground.status(race.path), race.status)
        thread = await ground.status(race.path.partition("/runs/")[0])
        ground.findings.expect(thread != "busy", f"the thread of {race} is {thread}")
        if race.status is None:
            ground.findings.expect(race.path.rpartition("/")[2] not in writers, f"checkpoints are left of {race}")
