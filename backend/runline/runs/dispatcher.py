"""Tells receivers how runs ended: takes what is due from the outbox, calls, and writes down how it went.

No receiver takes more than half of the slots that the others leave, however slow it is.

At least once: a receiver may be called again whose answer did not come through, and tells so by `Webhook-Id`.

Divergence 51: officially a call is tried three times within seconds, and lost when the server stops.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from runline.kit.clock import Clock
from runline.kit.json import dumps
from runline.kit.tasks import TaskSet
from runline.model.delivery import Delivery, RunEnd, full_receivers, pause_after, receiver_of
from runline.runs.meters import Meters
from runline.runs.webhooks import Webhooks
from runline.storage.deliveries import Result, Taken
from runline.webhooks.guard import Refused, Unresolved, WebhookGuard
from runline.webhooks.sender import Sender, SendError
from runline.webhooks.signature import Signer

log = structlog.get_logger()

_LEASE_SLACK_SECONDS = 10.0
"""Beside the call itself: to resolve the name, and to write down how it went."""

_DRAIN_SECONDS = 2.0

WebhookBody = Callable[[RunEnd, datetime], Any]
"""What a receiver is told of a run's end, at the time of the call, as anything that has a JSON form."""


@dataclass(frozen=True, slots=True)
class DispatcherOptions:
    """How many calls at once and how long each may take; when and how often one that failed is made again."""

    concurrency: int = 32
    timeout_seconds: float = 10.0
    max_attempts: int = 12
    retry_seconds: float = 1.0
    poll_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Caller:
    """What a call takes: judging its URL, its body, its signature, and the wire."""

    guard: WebhookGuard
    body: WebhookBody
    signer: Signer
    sender: Sender

    async def call(self, taken: Taken, now: datetime) -> int:
        """Call the receiver and return the status code of its answer. Raises Refused, SendError."""
        target = await self.guard.check(taken.delivery.url)
        body = dumps(self.body(taken.end, now))
        return await self.sender.post(target, self.signer.headers(taken.delivery.delivery_id, now, body), body)


class Dispatcher:
    """Empties the outbox."""

    def __init__(
        self,
        webhooks: Webhooks,
        caller: Caller,
        clock: Clock,
        tasks: TaskSet,
        options: DispatcherOptions,
        meters: Meters,
    ) -> None:
        self._deliveries = webhooks.deliveries
        self._caller = caller
        self._bell = webhooks.bell
        self._clock = clock
        self._tasks = tasks
        self._options = options
        self._meters = meters
        # what is under way, and to whom
        self._calls: dict[asyncio.Task[Any], str] = {}

    async def dispatch_step(self) -> None:
        """Wait for something to be due, and begin the calls that there are slots for."""
        await self._bell.wait(await self._pause())
        lease_seconds = self._options.timeout_seconds + _LEASE_SLACK_SECONDS
        while free := self._free:
            taken = await self._deliveries.take(free, lease_seconds, Counter(self._calls.values()))
            for each in taken:
                self._begin(each)
            if len(taken) < free:
                return

    async def drain(self) -> None:
        """Give calls that are under way a moment to end; the others are made again after the next start."""
        if self._calls:
            await asyncio.wait(self._calls, timeout=_DRAIN_SECONDS)

    @property
    def _free(self) -> int:
        return self._options.concurrency - len(self._calls)

    @property
    def _full(self) -> list[str]:
        """The receivers that are not called again before a call ends."""
        return full_receivers(Counter(self._calls.values()), self._free)

    async def _pause(self) -> float:
        if not self._free:
            # the first call to end rings
            return self._options.poll_seconds
        due = await self._deliveries.next_due(self._full)
        wait = (due - self._clock.now()).total_seconds() if due else self._options.poll_seconds
        return min(max(wait, 0.0), self._options.poll_seconds)

    def _begin(self, taken: Taken) -> None:
        call = self._tasks.spawn(f"webhook {taken.delivery.delivery_id}", self._deliver(taken))
        self._calls[call] = receiver_of(taken.delivery.url)
        call.add_done_callback(self._done)

    def _done(self, call: asyncio.Task[Any]) -> None:
        if self._full:
            self._bell.ring()
        del self._calls[call]

    async def _deliver(self, taken: Taken) -> None:
        delivery = taken.delivery
        result = await self._attempt(taken)
        await self._deliveries.record(delivery, result)
        facts = {"delivery_id": delivery.delivery_id, "run_id": delivery.run_id, "attempt": delivery.attempts}
        if result.error is None:
            self._meters.webhook("delivered")
            log.debug("webhook delivered", **facts, status_code=result.status_code)
        elif result.again_at:
            self._meters.webhook("retried")
            log.info("webhook will be called again", **facts, reason=result.error)
            # that may be sooner than the loop meant to look again
            self._bell.ring()
        else:
            self._meters.webhook("given_up")
            log.warning("webhook given up", **facts, reason=result.error)

    async def _attempt(self, taken: Taken) -> Result:
        """Call once. What was refused is not called again, whatever a resolver says next time."""
        delivery = taken.delivery
        if delivery.attempts > self._options.max_attempts:
            return Result(error="The gateway stopped during the last attempt")
        try:
            code = await self._caller.call(taken, self._clock.now())
        except (SendError, Unresolved) as exc:
            return self._again(delivery, Result(error=str(exc)))
        except Refused as exc:
            return Result(error=str(exc))
        if 200 <= code < 300:
            return Result(code)
        return self._again(delivery, Result(code, f"The receiver answered {code}"))

    def _again(self, delivery: Delivery, result: Result) -> Result:
        if delivery.attempts >= self._options.max_attempts:
            return result
        pause = pause_after(delivery.attempts, self._options.retry_seconds, random.random())  # noqa: S311 - spreads load
        return replace(result, again_at=self._clock.now() + timedelta(seconds=pause))
