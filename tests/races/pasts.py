"""Threads with a past, and runs on them that are to be undone: each kind leaves other traces in the checkpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fundamentals.gate import Gate
from races.arena import Arena
from races.rows import checkpoints_of

_THREAD_FIELDS = ("status", "values", "metadata", "config", "interrupts")


@dataclass(frozen=True)
class Kind:
    """A graph, the runs that its thread has already, and what the run to undo is asked for."""

    graph: str
    earlier: Sequence[Mapping[str, Any]] = ()
    asked: Mapping[str, Any] = field(default_factory=lambda: _input("victim"))


def _input(word: str, **asked: Any) -> dict[str, Any]:
    return {"input": {"log": [word]}, **asked}


_ANSWER: dict[str, Any] = {"command": {"resume": "to all questions"}}

KINDS = {
    "first run": Kind("steps"),
    "second run": Kind("steps", [_input("a")]),
    "after a break": Kind("steps", [_input("a", interrupt_before=["three"])]),
    "after a failure": Kind("steps", [_input("a", context={"fail": "ValueError"})]),
    "of another graph": Kind("steps", [_input("a")], asked={**_input("victim"), "assistant_id": "lingering"}),
    "first run, slow to read": Kind("lingering"),
    "second run, slow to read": Kind("lingering", [_input("a")]),
    "answer": Kind("asks", [_input("a")], _ANSWER),
    "answers, one of which leads to a question": Kind("asks_many", [_input("a")], _ANSWER),
    "answer in a subgraph": Kind("family", [_input("a")], _ANSWER),
}


@dataclass(frozen=True)
class Victim:
    """A run to undo, the gate that it stands at if it has one, and what its thread was before it."""

    path: str
    gate: Gate
    before: dict[str, Any]

    @property
    def thread_id(self) -> str:
        """The thread it is on."""
        return self.path.split("/")[2]

    @property
    def run_id(self) -> str:
        """Its id."""
        return self.path.rpartition("/")[2]


async def with_past(ground: Arena, kind: Kind) -> str:
    """A thread of this kind, on which its earlier runs have ended."""
    thread_id = await ground.new_thread()
    for asked in kind.earlier:
        await ground.until_over(await ground.new_run(thread_id, kind.graph, **asked))
    return thread_id


async def start(ground: Arena, thread_id: str, kind: Kind, **context: Any) -> str:
    """The run to undo; questions that are open are all answered."""
    asked = dict(kind.asked)
    if "command" in asked:
        interrupts = (await ground.send("GET", f"/threads/{thread_id}")).json()["interrupts"]
        asked["command"] = {"resume": {item["id"]: "wrong" for items in interrupts.values() for item in items}}
    graph = asked.pop("assistant_id", kind.graph)
    return await ground.new_run(thread_id, graph, **asked, context=context, durability="sync")


async def past_of(ground: Arena, thread_id: str) -> dict[str, Any]:
    """All that a rollback has to leave as it was: as clients see it, and as it is stored."""
    thread = (await ground.send("GET", f"/threads/{thread_id}")).json()
    state = await ground.send("GET", f"/threads/{thread_id}/state", params={"subgraphs": "true"})
    history = await ground.send("GET", f"/threads/{thread_id}/history", params={"limit": 1000})
    shown = {name: thread[name] for name in _THREAD_FIELDS}
    runs = {run["run_id"]: run["status"] for run in await ground.runs(thread_id)}
    rows = checkpoints_of(ground.gateway.kept, thread_id)
    return {**shown, "state": state.json(), "history": history.json(), "runs": runs, **rows}


async def past_at_gate(ground: Arena, thread_id: str) -> dict[str, Any]:
    """The past of a thread whose run stands at a gate, when all that stands beside it is saved."""
    latest = await past_of(ground, thread_id)
    while (again := await past_of(ground, thread_id)) != latest:
        latest = again
    return latest


def compare(ground: Arena, about: str, victim: Victim, after: dict[str, Any], *, deleted: bool) -> None:
    """Every difference is a violation. The failure of an earlier run is forgotten when an ended one is deleted."""
    for name, was in victim.before.items():
        forgotten = deleted and name == "status" and was == "error"
        ground.findings.expect(forgotten or after[name] == was, f"{about}: {name} was {was!r}, is {after[name]!r}")
