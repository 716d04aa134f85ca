"""Hits of layer 1, written before they are answered: those that come at once, in one transaction.

book(served): returns once its rows are on disk        written(id): waits for the same, in a thread

A process that is killed has answered no hit that is not in the store.
"""

import asyncio
import threading
from collections.abc import Sequence

from fastapi.concurrency import run_in_threadpool

from enrichment.domain.accepted import ServedRequest
from enrichment.ports import StoreError
from resources.store import SqlStore
from service.logs import log

_MOST_WAITING = 5_000
_PATIENCE_SECONDS = 5.0
_AGAIN_SECONDS = 1.0
_BUSY = "The store is busy, so nothing is booked at the moment: ask again."


class HitBookings:
    """written: from any thread; the others: from the loop it was made in."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self._waiting: dict[str, ServedRequest] = {}
        self._lock = threading.Condition()
        self._some, self._round = asyncio.Event(), asyncio.Event()
        self._task = asyncio.create_task(self._write_on())

    async def book(self, served: ServedRequest) -> None:
        """Returns once it is written. Raises StoreError: the store takes nothing at the moment."""
        request_id = served.accepted.request_id
        with self._lock:
            if len(self._waiting) >= _MOST_WAITING:
                raise StoreError(_BUSY)
            self._waiting[request_id] = served
        self._some.set()
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while request_id in self._waiting:
                    await self._round.wait()
        except TimeoutError as error:
            raise StoreError(_BUSY) from error

    def written(self, request_id: str) -> bool:
        """Waits until it is written. False: it is none that waits. Blocks."""
        with self._lock:
            if request_id not in self._waiting:
                return False
            return self._lock.wait_for(lambda: request_id not in self._waiting, _PATIENCE_SECONDS)

    async def stop(self) -> None:
        """Writes what waits."""
        self._task.cancel()
        await asyncio.wait({self._task})
        if self._waiting:
            await run_in_threadpool(self._write, list(self._waiting.values()))

    async def _write_on(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            while self._waiting:
                await asyncio.shield(asyncio.ensure_future(self._written_or_later()))

    async def _written_or_later(self) -> None:
        with self._lock:
            some = list(self._waiting.values())
        try:
            await run_in_threadpool(self._write, some)
        except StoreError as error:
            log.warning("bookings wait", because=str(error), waiting=len(some))
            await asyncio.sleep(_AGAIN_SECONDS)
        self._round.set()
        self._round = asyncio.Event()

    def _write(self, some: Sequence[ServedRequest]) -> None:
        self._store.accepted_requests.serve_many(some)
        with self._lock:
            for one in some:
                self._waiting.pop(one.accepted.request_id, None)
            self._lock.notify_all()
