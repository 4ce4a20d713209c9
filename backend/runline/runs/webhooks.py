"""Webhooks on behalf of those who create runs and end them: which may be named, that one is due, how it went."""

from __future__ import annotations

import asyncio
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

    async def check(self, *urls: str | None) -> None:
        """Raise Invalid if one of them may not be called; None is no webhook.

        All names are looked up side by side: many that take their time take no longer than one.
        """
        checks = [self.guard.check(url) for url in dict.fromkeys(urls) if url is not None]
        for answer in await asyncio.gather(*checks, return_exceptions=True):
            if isinstance(answer, BaseException):
                raise answer

    def ended(self, runs: Iterable[Run]) -> None:
        """The ends of these runs may be committed, and their webhooks due."""
        if any(run.spec.webhook for run in runs):
            self.bell.ring()

    async def list_of_run(self, viewer: Viewer, thread_id: str, run_id: str) -> list[Delivery]:
        """How far the telling of a run's end has come. Raises RunNotFound."""
        return await self.deliveries.list_of_run(viewer, thread_id, run_id)
