"""Send what waits for webhooks: a task for each webhook, so that one that hangs keeps no other waiting.

tick, once a second: webhooks with something due -> claimed, sent some at a time -> delivered, again later, or given up
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial

from enrichment.domain.webhooks import Webhook, WebhookDelivery
from enrichment.ports import StoreError
from resources.store import SqlStore
from resources.webhooks.webhook_sender import WebhookSender
from service.observability.logs import log

_WEBHOOKS_AT_ONCE = 32
_SENT_AT_ONCE = 8


class Deliveries:
    """Used by one event loop."""

    def __init__(self, store: SqlStore, sender: WebhookSender, now: Callable[[], datetime]) -> None:
        self._store, self._sender, self._now = store, sender, now
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = False

    async def tick(self) -> None:
        """Starts a task for each webhook with something due. Called once a second."""
        room = _WEBHOOKS_AT_ONCE - len(self._tasks)
        if room <= 0 or self._stopping:
            return
        busy = list(self._tasks)
        due = await asyncio.to_thread(self._store.webhooks.due, self._now(), besides=busy, most=room)
        for webhook in due:
            task = asyncio.create_task(self._send_on(webhook))
            self._tasks[webhook.webhook_id] = task
            task.add_done_callback(partial(self._ended, webhook.webhook_id))

    async def stop(self) -> None:
        """Attempts under way end, which takes seconds; what waits is sent by the next process."""
        self._stopping = True
        if self._tasks:
            await asyncio.wait(set(self._tasks.values()))

    async def _send_on(self, webhook: Webhook) -> None:
        """Sends a webhook's deliveries until nothing is due."""
        while not self._stopping:
            claimed = await asyncio.to_thread(
                self._store.webhooks.claim, webhook.webhook_id, self._now(), most=_SENT_AT_ONCE
            )
            if not claimed:
                return
            await asyncio.gather(*(self._attempt(webhook, delivery) for delivery in claimed))

    async def _attempt(self, webhook: Webhook, delivery: WebhookDelivery) -> None:
        at = self._now()
        outcome = await self._sender.send(webhook.url, webhook.secret, delivery.delivery_id, delivery.body, at=at)
        kept = await asyncio.to_thread(
            self._store.webhooks.attempted, delivery, at=self._now(), problem=outcome.problem
        )
        if kept.state == "dead":
            log.warning("a webhook was given up", webhook=webhook.webhook_id, delivery=delivery.delivery_id)

    def _ended(self, webhook_id: str, task: asyncio.Task[None]) -> None:
        del self._tasks[webhook_id]
        error = None if task.cancelled() else task.exception()
        if isinstance(error, StoreError):  # what was claimed is sent again once its lease is over
            log.warning("webhooks wait", because=str(error))
        elif error is not None:
            log.error("sending to a webhook failed", webhook=webhook_id, exc_info=error)
