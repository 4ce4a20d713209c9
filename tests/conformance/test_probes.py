"""The probes themselves: what they declare is listed, and a server agrees with another one of its kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from conformance.accepted import Accepted
from conformance.found import Found, find
from conformance.hooks import receiving
from conformance.parity import Parity
from conformance.probe import Probe, get, post, probe
from conformance.probes import AREAS
from conformance.replay import Side, replay
from conformance.sides import AGENTS
from conformance.standing import STANDING
from gateway import Gateway, serving

COMPATIBILITY = Path(__file__).parents[2] / "docs" / "compatibility.md"
PROBES = [(area, probe) for area, probes in AREAS.items() for probe in probes]


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Gateway]]:
    graphs, folder = AGENTS / "langgraph.json", tmp_path_factory.mktemp("twins")
    with serving(folder / "one", graphs=graphs) as one, serving(folder / "two", graphs=graphs) as two:
        yield one, two


async def asked(twins: tuple[Gateway, Gateway], first: Probe, second: Probe | None = None) -> Found:
    """What is found when one twin is asked the first probe, and the other the second (or the first, too)."""
    answers = []
    for twin, own in zip(twins, (first, second or first), strict=True):
        async with httpx.AsyncClient(base_url=twin.url, timeout=30) as client, receiving() as hooks:
            answers.append(await replay(own, Side(twin.url, client, hooks), {"probe": own.says, "hook": hooks.new()}))
    return find("area", first, *answers)


def test_there_are_many_probes_and_each_says_something_of_its_own() -> None:
    assert len(PROBES) >= 150
    assert len({(area, probe.says) for area, probe in PROBES}) == len(PROBES)


def test_accepted_differences_are_listed() -> None:
    listed = {int(number) for number in re.findall(r"^(\d+)\. \*\*", COMPATIBILITY.read_text(), re.MULTILINE)}
    declared = {accepted.divergence for _, probe in PROBES for step in probe.steps for accepted in step.accepted}
    assert declared | {accepted.divergence for accepted in STANDING} <= listed


@pytest.mark.parametrize(
    ("area", "every"), [("resume", 3), ("streams", 6), ("cancel", 5), ("feeds", 3), ("protocol", 9)]
)
async def test_two_servers_of_a_kind_agree(twins: tuple[Gateway, Gateway], area: str, every: int) -> None:
    for own in AREAS[area][::every]:
        found = await asked(twins, own)
        assert [difference for step in found.steps for difference in step.open] == [], found.told()


async def test_servers_that_answer_otherwise_are_found_out(twins: tuple[Gateway, Gateway]) -> None:
    thread = post("/threads", {}).keeping(thread="body.thread_id")
    first = probe("first", thread, post("/threads", {"metadata": {"a": 1}}), get("/threads/{thread}"))
    second = probe("second", thread, post("/threads", {"metadata": {"a": 2}}), get("/threads/bad"))

    found = await asked(twins, first, second)

    assert not found.agrees
    assert [[difference.place for difference in step.open] for step in found.steps] == [
        [],
        ["body.metadata.a"],
        ["status", "body"],
    ]
    assert "POST /threads\n     body.metadata.a: officially 1, here 2" in found.told()


async def test_a_call_that_needs_what_no_answer_gave_is_found_out(twins: tuple[Gateway, Gateway]) -> None:
    found = await asked(twins, probe("lost", get("/threads/{thread}")))
    assert [difference.place for difference in found.steps[0].open] == ["failure"]


async def test_a_difference_that_is_gone_is_a_fault(twins: tuple[Gateway, Gateway]) -> None:
    sound = await asked(twins, probe("sound", get("/ok")))
    stale = await asked(twins, probe("stale", get("/ok").but(Accepted(4, "status", 200, 404))))

    assert Parity([sound]).faults(whole=False) == []
    [fault] = Parity([stale]).faults(whole=False)
    assert "no longer so: divergence 4 at status" in fault
    assert len(Parity([sound]).faults()) == len(STANDING), "none of them was met"
