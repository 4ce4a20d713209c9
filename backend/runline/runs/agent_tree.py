"""The life of a run as its readers know it: of the graph at its root, and of the subgraphs that have run in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from runline.errors import RunlineError
from runline.kit.json import loads
from runline.model.event import Event
from runline.model.lifecycle import RunStatus, is_active
from runline.model.run import Run
from runline.runs.manager import RunManager
from runline.streams.contracts import Ended

ASKED = "input.requested"

Namespace = tuple[str, ...]


@dataclass(slots=True)
class Branch:
    """A graph that has run in a namespace. `status`: running, started, completed, failed or interrupted."""

    namespace: Namespace
    graph_name: str
    status: str
    children: list[Branch] = field(default_factory=list)


def ended_as(run: Run | None, *, asked: bool) -> str:
    """How an ended run's root graph has ended; `asked`: it has asked for input. None: nothing is left of the run."""
    if run is None or run.status is RunStatus.INTERRUPTED or is_active(run.status):
        return "interrupted"
    if run.status is RunStatus.SUCCESS:
        return "interrupted" if asked else "completed"
    return "failed"


async def agent_tree(runs: RunManager, run: Run) -> Branch:
    """The graphs of a started run as they are now. What is not kept of its events is left out."""
    until = await runs.streams.now(run) if is_active(run.status) else None
    branches: dict[Namespace, Branch] = {(): Branch((), run.graph_id, "running")}
    asked = False
    try:
        async for batch in _events(runs, run, until):
            for event in batch:
                asked = asked or event.name.startswith(ASKED)
                _grow(branches, event)
    except RunlineError:
        # the root is known from the row
        pass
    if until is None:
        branches[()].status = ended_as(run, asked=asked)
    return branches[()]


async def _events(runs: RunManager, run: Run, until: int | None) -> AsyncIterator[Sequence[Event]]:
    """What the run has told, up to the event `until` if it goes on."""
    if until == 0:
        return
    async for batch in await runs.follow(run, 0):
        if isinstance(batch, Ended):
            return
        yield batch
        if until is not None and batch[-1].seq >= until:
            return


def _grow(branches: dict[Namespace, Branch], event: Event) -> None:
    kind, *place = event.name.split("|")
    namespace = tuple(place)
    if kind != "lifecycle" or not namespace:
        return
    data = loads(event.data)["data"]
    branch = branches.get(namespace)
    if branch is None:
        name = data.get("graph_name") or namespace[-1].partition(":")[0]
        branch = branches[namespace] = Branch(namespace, name, data["event"])
        branches.get(namespace[:-1], branches[()]).children.append(branch)
    branch.status = data["event"]
