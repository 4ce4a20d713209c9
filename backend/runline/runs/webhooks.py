"""Webhooks on behalf of those who create runs and end them: which may be named, that one is due, how it went."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from runline.model.delivery import Delivery
from runline.model.run import Run
from runline.model.viewer import Viewer
from runline.storage.deliveries import DeliveryStore
from runline.streams.contracts import Bell
from runline.webhooks.guard import WebhookGuard


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The engine's side of webhooks; `Dispatcher` makes the calls."""

    guard: WebhookGuard
    deliveries: DeliveryStore
    bell: Bell

    async def check(self, url: str | None) -> None:
        """Raise Invalid for a URL that may not be called; None is no webhook."""
        if url is not None:
            await self.guard.check(url)

    def ended(self, runs: Iterable[Run]) -> None:
        """The ends of these runs may be committed, and their webhooks due."""
        if any(run.spec.webhook for run in runs):
            self.bell.ring()

    async def list_of_run(self, viewer: Viewer, thread_id: str, run_id: str) -> list[Delivery]:
        """How far the telling of a run's end has come. Raises RunNotFound."""
        return await self.deliveries.list_of_run(viewer, thread_id, run_id)
