"""A worker of a batch as a process of its own, which may be killed at any moment."""

import asyncio
from multiprocessing.context import BaseContext
from typing import Any

from bench.money.worker import SharedClock, WorkerSetup
from enrichment.batches.worker import WorkerOptions, work
from resources.store import SqlStore, open_store
from resources.wiring import open_context


def started_worker(setup: WorkerSetup, batch_id: str, *, name: str, at_once: int, context: BaseContext) -> Any:
    """The process. at_once: companies under way in it."""
    started: Any = context
    process = started.Process(target=work_on_batch, args=(setup, batch_id, name, at_once), daemon=True)
    process.start()
    return process


def work_on_batch(setup: WorkerSetup, batch_id: str, name: str, at_once: int) -> None:
    """Works until nothing of the batch is left."""
    store = open_store(setup.store_url, world="sandbox")
    try:
        asyncio.run(_work(setup, store, batch_id, WorkerOptions(name=name, at_once=at_once)))
    finally:
        store.close()


async def _work(setup: WorkerSetup, store: SqlStore, batch_id: str, options: WorkerOptions) -> None:
    batch, rules = store.batches.by_id(batch_id), setup.rules()
    assert batch is not None
    async with open_context(setup.settings, rules, store=store, now=SharedClock(setup.clock).now) as context:
        await work(batch, rules=rules, context=context, options=options)
