"""Hits of layer 1, written before they are answered: those that come at once, in one transaction.

book(served): returns once its rows are on disk        written(id): waits for the same, in a thread

A process that is killed has answered no hit that is not in the store.
"""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from fastapi.concurrency import run_in_threadpool

from enrichment.domain.accepted_requests import ServedRequest
from enrichment.ports import StoreError
from resources.store import SqlStore
from service.observability.logs import log

_MOST_WAITING = 5_000
_MOST_AT_ONCE = 64
_PATIENCE_SECONDS = 5.0
_AGAIN_SECONDS = 1.0
_BUSY = "The store is busy, so nothing is booked at the moment: ask again."


@dataclass(eq=False, slots=True)
class _Round:
    """Bookings that are written together. ended: set once they are on disk, or could not be written."""

    ended: asyncio.Event = field(default_factory=asyncio.Event)
    too_late: bool = False
    deadline: asyncio.TimerHandle | None = None

    def end(self, *, too_late: bool = False) -> None:
        if not self.ended.is_set():
            self.too_late = too_late
            self.ended.set()
        if self.deadline is not None:
            self.deadline.cancel()


class HitBookings:
    """`written` may be called from any thread; the other methods from the event loop that made the object."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self._waiting: dict[str, ServedRequest] = {}
        self._lock = threading.Condition()
        self._some, self._next = asyncio.Event(), _Round()
        self._task = asyncio.create_task(self._write_on())

    async def book(self, served: ServedRequest) -> None:
        """Returns once it is written. Raises StoreError: the store takes nothing at the moment."""
        request_id = served.accepted.request_id
        with self._lock:
            if len(self._waiting) >= _MOST_WAITING:
                raise StoreError(_BUSY)
            self._waiting[request_id] = served
        this = self._next
        if this.deadline is None:
            this.deadline = asyncio.get_running_loop().call_later(_PATIENCE_SECONDS, partial(this.end, too_late=True))
        self._some.set()
        await this.ended.wait()
        if this.too_late:
            raise StoreError(_BUSY)

    def written(self, request_id: str) -> bool:
        """Waits until the booking of this request is written. False: there is no such booking. Blocks."""
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
            late: list[_Round] = []
            while self._waiting:
                await self._until_no_more_come()
                late.append(self._next)
                self._next = _Round()
                if await asyncio.shield(asyncio.ensure_future(self._are_written())):
                    for one in late:
                        one.end()
                    late.clear()

    async def _until_no_more_come(self) -> None:
        """Lets bookings of the same moment join one transaction, because a transaction costs as much as many hits."""
        seen = 0
        while seen < len(self._waiting) < _MOST_AT_ONCE:
            seen = len(self._waiting)
            await asyncio.sleep(0)

    async def _are_written(self) -> bool:
        """Whether the bookings could be written; if not, they go on waiting."""
        with self._lock:
            some = list(self._waiting.values())
        try:
            await run_in_threadpool(self._write, some)
        except StoreError as error:
            log.warning("bookings wait", because=str(error), waiting=len(some))
            await asyncio.sleep(_AGAIN_SECONDS)
            return False
        return True

    def _write(self, some: Sequence[ServedRequest]) -> None:
        self._store.accepted_requests.serve_many(some)
        with self._lock:
            for one in some:
                self._waiting.pop(one.accepted.request_id, None)
            self._lock.notify_all()
