"""RunManager: create, read, follow, wait for, cancel and delete runs on behalf of a viewer.

Live runs are in this process (the worker's table); all others are known from the RunStore alone. A store-only
run can be read, cancelled and joined; it can be streamed while its events can be reached through the bridge, which has
those of other nodes, too, or are stored.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from runline.errors import AssistantChanged, NotCancellable, NotFound, RunNotFound, Unavailable
from runline.graphs.checkpoints import RunlineSaver
from runline.graphs.invocation import merge_config
from runline.graphs.registry import GraphRegistry
from runline.kit.clock import Clock
from runline.kit.ids import new_id
from runline.model.assistant import Assistant
from runline.model.cron import Tick
from runline.model.idempotency import IdempotencyKey
from runline.model.lifecycle import CancelAction, RunStatus, StopReason, is_active
from runline.model.run import Run, RunSpec
from runline.model.token_usage import NO_USAGE, Usage
from runline.model.viewer import Viewer
from runline.runs.assistants import AssistantGraphs
from runline.runs.follow import RunStreams
from runline.runs.meters import Meters
from runline.runs.outcome import error_result, success_result
from runline.runs.recent import RecentRuns
from runline.runs.rollback import Rollback
from runline.runs.slots import ThreadSlots
from runline.runs.states import ThreadStates
from runline.runs.stopping import Stopping
from runline.runs.webhooks import Webhooks
from runline.runs.worker import Worker
from runline.storage.runs import Admitted, RunFilter, RunStore
from runline.storage.threads import ThreadStore
from runline.storage.unseen import UnseenStore
from runline.streams.contracts import Batch, Bell, StreamBridge
from runline.tracing.tracer import Tracer

_STOP_OF = {CancelAction.INTERRUPT: StopReason.INTERRUPT, CancelAction.ROLLBACK: StopReason.ROLLBACK}


_Prepared = tuple[RunSpec, Assistant]
"""What a run is to be made of: what was asked for, with the assistant's config merged into it, and the assistant."""


@dataclass(frozen=True, slots=True)
class KnownRun:
    """A run, what its calls of models came to so far, and whether it is known from the store alone."""

    run: Run
    usage: Usage
    store_only: bool


@dataclass(frozen=True, slots=True)
class RunManager:
    """The engine's front: every door creates and controls runs through it."""

    registry: GraphRegistry
    assistants: AssistantGraphs
    runs: RunStore
    threads: ThreadStore
    unseen: UnseenStore
    saver: RunlineSaver
    states: ThreadStates
    slots: ThreadSlots
    rollback: Rollback
    webhooks: Webhooks
    worker: Worker
    bridge: StreamBridge
    streams: RunStreams
    bell: Bell
    stopping: Stopping
    recent: RecentRuns
    clock: Clock
    meters: Meters
    tracer: Tracer

    async def create(
        self,
        viewer: Viewer,
        thread_id: str | None,
        spec: RunSpec,
        key: IdempotencyKey | None = None,
        tick: Tick | None = None,
    ) -> Run:
        """Admit a run and start it at once if it may start and a slot is free.

        `spec` is as the caller sent it: its assistant is an id or the name of a graph, its config its own.
        A `key` that made a run before gives that run again, whatever has become of what the spec names. A cron's `tick`
        is used up in the same transaction.
        Raises NotFound (thread, assistant), Invalid, BadRequest, ThreadBusy, Conflict, GraphUnavailable, Unavailable.
        """
        if key and (earlier := await self.runs.made_by(viewer, key)):
            return earlier
        prepared = await self._prepare(viewer, spec)
        await self.webhooks.check(spec.webhook)
        return await self._make(viewer, thread_id, spec, prepared, key, tick)

    async def create_many(self, viewer: Viewer, specs: Sequence[RunSpec]) -> list[Run]:
        """Create stateless runs, all checked before the first is admitted. Raises as `create` does."""
        # read anew: none may turn out to have changed when others are admitted already
        prepared = [await self._prepare(viewer, spec, anew=True) for spec in specs]
        await self.webhooks.check(*(spec.webhook for spec in specs))
        return [await self._make(viewer, None, spec, ready) for spec, ready in zip(specs, prepared, strict=True)]

    async def _make(
        self,
        viewer: Viewer,
        thread_id: str | None,
        sent: RunSpec,
        prepared: _Prepared,
        key: IdempotencyKey | None = None,
        tick: Tick | None = None,
    ) -> Run:
        """Admit a run as it was prepared, or prepared anew if the assistant that was remembered has changed."""
        spec, assistant = prepared
        try:
            return await self._admit(self._new_run(viewer, thread_id, spec, assistant), assistant, key, tick)
        except AssistantChanged:
            spec, assistant = await self._prepare(viewer, sent, anew=True)
        return await self._admit(self._new_run(viewer, thread_id, spec, assistant), assistant, key, tick)

    async def _prepare(self, viewer: Viewer, spec: RunSpec, *, anew: bool = False) -> _Prepared:
        """Name the assistant by its id and merge its config into the run's. `anew`: read it, whatever is remembered."""
        if self.worker.draining:
            raise Unavailable("The gateway is shutting down and takes no new runs.")
        find = self.assistants.resolve if anew else self.assistants.recall
        assistant = await find(viewer, spec.assistant_id)
        self.registry.check(assistant.graph_id)
        config, context = merge_config(assistant, spec.config, spec.context)
        return replace(spec, assistant_id=assistant.assistant_id, config=config, context=context), assistant

    def _new_run(self, viewer: Viewer, thread_id: str | None, spec: RunSpec, assistant: Assistant) -> Run:
        now = self.clock.now()
        return Run(
            run_id=new_id(),
            thread_id=thread_id or new_id(),
            graph_id=assistant.graph_id,
            owner=viewer.identity,
            status=RunStatus.PENDING,
            spec=spec,
            metadata=spec.metadata,
            created_at=now,
            updated_at=now,
            due_at=now + timedelta(seconds=spec.after_seconds),
        )

    async def _admit(
        self, run: Run, assistant: Assistant, key: IdempotencyKey | None = None, tick: Tick | None = None
    ) -> Run:
        with self.tracer.creation(run) as traced, self.worker.slot() as claimant:
            admitted = await self.runs.admit(traced, assistant, claimant, key, tick)
            if not admitted.is_new:
                return admitted.run
            self._begin(admitted)
        return replace(admitted.run, status=RunStatus.PENDING)

    def _begin(self, admitted: Admitted) -> None:
        run = admitted.run
        if run.status is RunStatus.RUNNING:
            self.bridge.open(run.run_id)
        else:
            self.bridge.expect(run.run_id)
        if run.traceless:
            self.recent.remember(run)
        if admitted.reason:
            self.stopping.tell(admitted.evicted, admitted.reason)
        if run.status is RunStatus.RUNNING:
            self.worker.launch(run)
        else:
            self.bell.ring()

    async def get(self, viewer: Viewer, thread_id: str | None, run_id: str) -> KnownRun:
        """Return a run, perhaps only if it is of this thread; a live one is taken from memory. Raises RunNotFound."""
        return self._known(*await self.runs.get_counted(viewer, run_id, thread_id))

    async def list_of_thread(
        self, viewer: Viewer, thread_id: str, status: RunStatus | None, limit: int, offset: int
    ) -> list[KnownRun]:
        """A thread's runs, newest first, at most `limit`; live ones take precedence over their rows."""
        rows = await self.runs.list_of_thread(viewer, thread_id, status, limit, offset)
        return [self._known(row, usage) for row, usage in rows]

    def _known(self, row: Run, usage: Usage) -> KnownRun:
        # an end is committed before the live run knows of it, and others may have read it by now
        if is_active(row.status) and (live := self.worker.live.get(row.run_id)):
            return KnownRun(live.run, usage, store_only=False)
        return KnownRun(row, usage, store_only=True)

    async def usage_so_far(self, run: Run) -> Usage:
        """What the calls of a run came to that was just created, or long ago by the same Idempotency-Key."""
        if run.status is RunStatus.PENDING:
            return NO_USAGE
        return (await self.runs.get_counted(Viewer(run.owner), run.run_id, run.thread_id))[1]

    async def find(self, viewer: Viewer, run_id: str, thread_id: str | None = None) -> Run:
        """Return a run, or a stateless one that is gone but whose stream is still kept. Raises RunNotFound."""
        try:
            return await self.runs.get(viewer, run_id, thread_id)
        except RunNotFound:
            run = await self.recent.find(run_id)
            if run is None or run.owner != viewer.identity or thread_id not in (None, run.thread_id):
                raise
            return run

    async def follow(self, run: Run, after: int | None) -> AsyncIterator[Batch]:
        """The run's events after `after` (None: from now on), then Ended.

        Raises NotStreamable for a store-only run whose events are nowhere, RunNotFound if it is gone meanwhile.
        """
        return await self.streams.follow(run, after)

    async def result(self, run: Run) -> bytes:
        """Wait for a run's end and return its result document.

        Raises RunNotFound if it is gone meanwhile, Unavailable when this process shuts down.
        """
        while True:
            run = await self.streams.present(run)
            if not is_active(run.status) and not self.bridge.knows(run.run_id):
                return await self._stored_result(run)
            if (result := await self.streams.end(run)) is not None:
                return result

    async def _stored_result(self, run: Run) -> bytes:
        """The result of a run that ended before this process began: from its row and its newest checkpoint."""
        if run.error:
            return error_result(run.error)
        if (checkpoint_id := await self.saver.newest_of_run(run.run_id)) is None:
            return success_result(None)
        snapshot = await self.states.read(run.graph_id, run.thread_id, {"checkpoint_id": checkpoint_id})
        values = snapshot.values
        if snapshot.interrupts and isinstance(values, dict):
            values = {**values, "__interrupt__": list(snapshot.interrupts)}
        return success_result(values)

    async def cancel(self, viewer: Viewer, thread_id: str, run_id: str, action: CancelAction) -> None:
        """Ask a run to stop; asking again is accepted. Raises RunNotFound, NotCancellable (it has ended by itself)."""
        stopping = await self.stopping.request(viewer, RunFilter(thread_id, (run_id,)), _STOP_OF[action])
        if not stopping:
            run = await self.runs.get(viewer, run_id, thread_id)
            if run.status is not RunStatus.INTERRUPTED or action is not CancelAction.INTERRUPT:
                raise NotCancellable(run_id, run.status)

    async def cancel_many(self, viewer: Viewer, wanted: RunFilter, action: CancelAction) -> None:
        """Ask all the viewer's active runs among `wanted` to stop. Raises NotFound if there is none."""
        if not await self.stopping.request(viewer, wanted, _STOP_OF[action]):
            raise NotFound(
                "No matching runs to cancel. Please verify the thread ID and run IDs are correct, and the runs "
                "haven't been deleted or completed."
            )

    async def disconnect(self, viewer: Viewer, run_id: str) -> None:
        """The client that the run depends on is gone (`on_disconnect: cancel`)."""
        await self.stopping.request(viewer, RunFilter(run_ids=(run_id,)), StopReason.DISCONNECT)

    async def delete(self, viewer: Viewer, thread_id: str, run_id: str) -> None:
        """Delete a run and its checkpoints, stopping it first. Raises RunNotFound, ThreadBusy (another is active)."""
        await self.runs.get(viewer, run_id, thread_id)
        if await self.stopping.request(viewer, RunFilter(thread_id, (run_id,)), StopReason.DELETE):
            await self.stopping.ended(viewer, run_id)
            return
        async with self.slots.slot(viewer, thread_id) as slot:
            run = await self.runs.get(viewer, run_id, thread_id)
            await self.rollback.undo_ended(run, slot.hold)

    async def delete_thread(self, viewer: Viewer, thread_id: str) -> None:
        """Delete a thread with its runs and checkpoints, stopping what runs. Raises ThreadNotFound, ThreadBusy.

        Nothing new is created on it from the first moment, and the rows go last: until then the id is taken. Killed
        half-way, it is finished by whoever finds its slot abandoned, or by the next start (`Upkeep.finish_removals`).
        """
        async with self.slots.slot(viewer, thread_id, beside_runs=True) as slot:
            await self.unseen.hide(viewer, slot.hold, beside_runs=True)
            stopping = await self.stopping.request(viewer, RunFilter(thread_id), StopReason.DELETE)
            for run in stopping:
                await self.stopping.ended(viewer, run.run_id)
            await self.saver.adelete_thread(thread_id)
            newcomers = await self.threads.delete(viewer, thread_id, slot.hold)
            self.stopping.tell(newcomers, StopReason.DELETE)
