"""Where checkpoints are kept: what the gateway needs of a saver beyond langgraph's contract.

Every row carries the run that wrote it. That alone does not make a rollback exact: a run that resumes an
interrupt writes onto its predecessor's checkpoint, and may replace rows there (a second interrupt of the same
task takes the place of the first). Such rows are kept in `replaced_writes`, so that deleting the run puts them back.

Writes are fenced: they carry the attempt of their run, and once a later attempt is announced by `fence`, an earlier
one writes no more. What is written outside of runs carries the hold of the thread's slot instead, which is fenced when
others take it over. langgraph's own savers do not fence.

Divergence 86: a command that the graph refuses is not saved.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import UUID

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple

from runline.errors import Conflict, SlotLost
from runline.graphs.checkpoint_time import CHECKPOINT_TIME
from runline.graphs.weights import Weight
from runline.model.place import Place

_COMMAND_TASK = str(UUID(int=0))
"""The task that LangGraph says has written what a command writes."""

_ONLY_ATTEMPT = 1
"""A hold's: it has no other."""

Token = tuple[str | None, int | None]
"""On whose behalf something is written: a run and its attempt, or a hold; (None, None) if nobody can lose it."""

Prelude = Callable[[], Awaitable[None]]
"""Something that must have happened before a checkpoint is saved."""


class StaleAttempt(Conflict):
    """An attempt went on after its run was given to another."""

    def __init__(self, run_id: object, attempt: object) -> None:
        super().__init__(f"Attempt {attempt} of run {run_id} has been superseded and may write no more")


class RunlineSaver(BaseCheckpointSaver[str]):
    """A saver whose rows know their run. `configurable.run_id` names it; without one rows have none.

    Each write is one transaction, so no cancel can cut it in half. All raise Unavailable when the storage is out of
    reach. Deleting for runs undoes them: it deletes their checkpoints and writes, and puts back the writes they had
    replaced. Pruning keeps the newest checkpoint of each namespace, and what a DeltaChannel in it is rebuilt from.
    The copies of a thread belong to no run: deleting one spares them.
    """

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)  # type: ignore[call-arg]  # langgraph's saver of a kind comes next
        self._preludes: dict[str, Prelude] = {}
        self._holds: dict[str, str] = {}
        self._updates: dict[str, list[Any]] = {}
        self._commands: dict[str, list[Any]] = {}

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Read a checkpoint; whatever is saved from here on is newer. See the base class."""
        found = await super().aget_tuple(config)
        if found:
            CHECKPOINT_TIME.pass_by(found.checkpoint["id"])
        return found

    @contextmanager
    def preceded(self, run_id: str, prelude: Prelude) -> Iterator[None]:
        """Await `prelude` before whatever the run saves meanwhile: each lets a later attempt skip what is behind it."""
        self._preludes[run_id] = prelude
        try:
            yield
        finally:
            del self._preludes[run_id]

    @contextmanager
    def held(self, thread_id: str, hold_id: str) -> Iterator[None]:
        """Write and delete what is of a thread, and of none of its runs, on behalf of this hold meanwhile."""
        self._holds[thread_id] = hold_id
        try:
            yield
        finally:
            del self._holds[thread_id]

    @asynccontextmanager
    async def updated(self, thread_id: str) -> AsyncIterator[None]:
        """Save what is written of a thread outside its runs meanwhile with the next checkpoint, or not at all.

        LangGraph saves an update's writes before it applies them. Those of one that fails would be taken for what
        the waiting node has written, and fail each run from there on. The caller holds the thread's slot.
        """
        self._updates[thread_id] = []
        try:
            yield
            if left := self._taken(thread_id):
                await self._save_all(left, thread_id, self._token(thread_id))
        finally:
            del self._updates[thread_id]

    @asynccontextmanager
    async def commanded(self, run_id: str, attempt: int) -> AsyncIterator[None]:
        """Save what a run's command writes with what it saves next, or not at all if the command itself is refused.

        LangGraph saves it before it applies it, too. A run that is cut off has given its command nevertheless.
        """
        self._commands[run_id] = []
        try:
            yield
        except Exception:
            self._commands.pop(run_id, None)
            raise
        finally:
            if left := self._commands.pop(run_id, None):
                await self._save_all(left, "", (run_id, attempt))

    @abstractmethod
    async def _save_all(self, puts: Sequence[Any], thread_id: str, token: Token) -> None:
        """Make these writes in one transaction, on behalf of the token."""

    def _keeps_back(self, run_id: str | None, thread_id: str, task_id: str, put: Any) -> bool:
        """Whether a write is to wait for the next checkpoint."""
        if run_id is None and thread_id in self._updates:
            self._updates[thread_id].append(put)
        elif run_id in self._commands and task_id == _COMMAND_TASK:
            self._commands[run_id].append(put)
        else:
            return False
        return True

    def _kept_back(self, run_id: str | None, thread_id: str) -> list[Any]:
        """What has waited for the checkpoint that is saved now."""
        return self._commands.pop(run_id, []) if run_id else self._taken(thread_id)

    def _taken(self, thread_id: str) -> list[Any]:
        """What an update has left to be saved."""
        if not (puts := self._updates.get(thread_id)):
            return []
        self._updates[thread_id] = []
        return puts

    async def _prelude_of(self, run_id: str | None) -> None:
        if run_id and (prelude := self._preludes.get(run_id)):
            await prelude()

    @abstractmethod
    async def fence(self, run_id: str, attempt: int) -> None:
        """From here on, no attempt of the run before `attempt` writes a checkpoint: it raises StaleAttempt."""

    async def fence_hold(self, hold_id: str) -> None:
        """From here on, nothing is written or deleted on behalf of this hold: it raises SlotLost."""
        await self.fence(hold_id, _ONLY_ATTEMPT + 1)

    def _token(self, thread_id: str, run_id: str | None = None, attempt: int | None = None) -> Token:
        if run_id is None and (hold_id := self._holds.get(thread_id)):
            return hold_id, _ONLY_ATTEMPT
        return run_id, attempt

    def _refusal(self, thread_id: str, token: Token) -> Conflict:
        """What whoever was fenced is told."""
        return SlotLost(thread_id) if token[0] == self._holds.get(thread_id) else StaleAttempt(*token)

    @abstractmethod
    async def newest_of_run(self, run_id: str) -> str | None:
        """The id of a run's newest checkpoint in its root graph."""

    @abstractmethod
    async def next_update(self, thread_id: str, place: Place) -> str | None:
        """The id of the thread's first checkpoint at the place or behind it that no run has written."""

    @abstractmethod
    async def weigh(self, thread_id: str) -> Weight:
        """Weigh what is stored of a thread, some checkpoints at a time, so that nobody waits for all of them."""


def token_of(config: RunnableConfig) -> Token:
    """The run and the attempt on whose behalf something is written; (None, None) outside runs."""
    return config["configurable"].get("run_id"), config.get("metadata", {}).get("run_attempt")
