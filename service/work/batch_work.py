"""The batches that clients of the service asked for or resumed, carried out: one worker each in this process.

A batch is a row of the store: another process of the service, or `enrich batch work`, goes on with it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from enrichment.batches.begin_order import begin_best_first, companies_left
from enrichment.batches.quote import quote_batch
from enrichment.batches.worker import WorkerOptions, work
from enrichment.context.run_context import RunContext
from enrichment.domain.batches import Batch
from enrichment.rules import Rules
from resources.store import SqlStore
from service.observability.logs import log
from service.work.runs import InUse

ASKED_BY = "service"
"""What requests, batches and the ledger name as what asked, before a colon and the name of the key."""


class BatchWork:
    """Used by one event loop. override: ENRICH_STRATEGY."""

    def __init__(self, store: SqlStore, in_use: InUse, *, override: str | None, stopping: Callable[[], bool]) -> None:
        self._store, self._in_use, self._override, self._stopping = store, in_use, override, stopping
        self._workers: dict[str, asyncio.Task[None]] = {}

    async def tick(self) -> None:
        """Starts a worker for each batch that waits. Called once a second."""
        for batch in await asyncio.to_thread(self._store.batches.open_ones, f"{ASKED_BY}:"):
            if batch.batch_id not in self._workers and not self._stopping():
                task = asyncio.create_task(self._work(batch))
                self._workers[batch.batch_id] = task
                task.add_done_callback(partial(self._ended, batch.batch_id))

    async def stop(self, grace_seconds: float) -> None:
        """Ends all workers after their calls under way; the remaining companies wait for another process."""
        tasks = set(self._workers.values())
        if tasks:
            _, left = await asyncio.wait(tasks, timeout=grace_seconds)
            for task in left:
                task.cancel()
            await asyncio.wait(tasks)

    async def _work(self, batch: Batch) -> None:
        options = WorkerOptions(strategy_override=self._override)
        async with self._in_use() as (rules, context):
            if batch.max_cost is not None and batch.requested_by.startswith(f"{ASKED_BY}:"):
                await self._put_in_order(batch, rules, context)
            await work(batch, rules=rules, context=replace(context, stopping=self._stopping), options=options)

    async def _put_in_order(self, batch: Batch, rules: Rules, context: RunContext) -> None:
        """A refresh, which the command line or Dagster made and a client resumed, keeps the order it has."""
        companies = await asyncio.to_thread(companies_left, batch, self._store)
        quoted = await quote_batch(companies, batch, rules=rules, context=context, override=self._override)
        await begin_best_first(batch, companies, quoted, self._store)

    def _ended(self, batch_id: str, task: asyncio.Task[None]) -> None:
        self._workers.pop(batch_id, None)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("a batch's worker ended", batch_id=batch_id, exc_info=error)
