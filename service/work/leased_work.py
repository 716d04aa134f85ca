"""Work that is a row with a lease: renewed while this process is at it, taken over where a process is gone.

tick: leases renewed, rows that wait claimed -> begun, each a task        stop: calls under way end, rows handed back

A row stays open until its work has ended, whatever becomes of the process.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from enrichment.pipeline.enrich import LeftOpen
from enrichment.ports import StoreError
from service.observability.logs import log

LEASE_SECONDS = 20.0
GRACE_SECONDS = 30.0
_RENEWAL_SECONDS = 5.0


class Stoppable(Protocol):
    """The row of a piece of work."""

    @property
    def stop_asked_at(self) -> datetime | None:
        """When it was asked to stop (UTC): from then on nothing more is bought for it."""
        ...


Work = TypeVar("Work", bound=Stoppable)
Work_co = TypeVar("Work_co", bound=Stoppable, covariant=True)


class LeasedRows(Protocol[Work_co]):
    """The store's part; every method blocks."""

    def claim(self, worker: str, *, at: datetime, lease_until: datetime, most: int) -> Sequence[Work_co]:
        """Claims rows that no process works on, oldest first, for this worker."""
        ...

    def renew(self, worker: str, row_ids: Collection[str], /, *, lease_until: datetime) -> Collection[str]:
        """Renews the leases of these rows. Returns the ids of rows that were asked to stop."""
        ...

    def hand_back(self, worker: str) -> None:
        """The worker's open rows wait for another process."""
        ...


@dataclass(eq=False, slots=True)
class Run(Generic[Work]):
    """One row's work in this process. stop: nothing more is bought for it. done: it has ended here."""

    work: Work
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Place:
    """Room that is kept for one run, which may never begin. leave() frees it; a second call does nothing."""

    def __init__(self, leave: Callable[[], None]) -> None:
        self._leave, self.is_kept = leave, True

    def leave(self) -> None:
        if self.is_kept:
            self.is_kept = False
            self._leave()


async def raised_by(work: Coroutine[Any, Any, None]) -> BaseException | None:
    """Waits for the work and returns what it raised. If this is cancelled, the work is cancelled and waited for."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait({task})
        raise
    return task.exception()


CarryOut = Callable[[Run[Work]], Coroutine[Any, Any, None]]


class LeasedWork(ABC, Generic[Work]):
    """Used by one event loop. worker: the name of this process. most: how many may be under way at once, as of now."""

    def __init__(
        self, rows: LeasedRows[Work], worker: str, now: Callable[[], datetime], *, most: Callable[[], int]
    ) -> None:
        self.worker = worker
        self._rows, self._now, self._most = rows, now, most
        self._runs: dict[str, Run[Work]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._coming, self._stopping = 0, False
        self._renewed_at = 0.0
        self._one_claim_at_a_time = asyncio.Lock()

    @abstractmethod
    def _id_of(self, work: Work) -> str: ...

    @abstractmethod
    async def _carry_out(self, run: Run[Work]) -> None:
        """Does the work of a claimed row, which another process may have begun. Raises LeftOpen: the row stays open."""

    @abstractmethod
    async def _end(self, run: Run[Work], error: BaseException | None) -> None:
        """Writes how a run's row ended, now that its work is over. error: what it raised.

        Raises StoreError: the row stays open.
        """

    @property
    def stopping(self) -> bool:
        return self._stopping

    @property
    def under_way(self) -> int:
        return len(self._runs)

    @property
    def room(self) -> int:
        """How many more rows this process may begin now."""
        return 0 if self._stopping else max(0, self._most() - len(self._runs) - self._coming)

    @property
    def most(self) -> int:
        return self._most()

    @contextmanager
    def place(self) -> Iterator[Place]:
        """Keeps room for one run that is begun inside the block, or for none. Call it only where there is room."""
        self._coming += 1
        place = Place(self._left)
        try:
            yield place
        finally:
            place.leave()

    def _left(self) -> None:
        self._coming -= 1

    def lease_until(self) -> datetime:
        return self._now() + timedelta(seconds=LEASE_SECONDS)

    def run(self, row_id: str) -> Run[Work] | None:
        """The run of this row; None: it is not under way in this process."""
        return self._runs.get(row_id)

    def ask_to_stop(self, row_id: str) -> None:
        if run := self._runs.get(row_id):
            run.stop.set()

    def begin(self, work: Work, carry_out: CarryOut[Work] | None = None) -> None:
        """Begins work on a row that this process has claimed. carry_out: what to run instead of the usual work."""
        run = Run(work)
        if work.stop_asked_at is not None:
            run.stop.set()
        self._runs[self._id_of(work)] = run
        self._in_the_background(self._to_its_end(run, carry_out or self._carry_out))

    def poll_soon(self) -> None:
        """Looks for waiting rows in a moment, without waiting for the next tick."""
        if not self._stopping:
            self._in_the_background(self._look())

    async def tick(self) -> None:
        """Renews leases and claims rows. Called once a second. Raises StoreError."""
        await self._renew()
        await self._claim()

    async def stop(self) -> None:
        """Nothing more is begun; calls under way end; what is not finished then waits for the next process."""
        self._stopping = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=GRACE_SECONDS)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await asyncio.to_thread(self._rows.hand_back, self.worker)

    async def _renew(self) -> None:
        loop_time = asyncio.get_running_loop().time()
        if not self._runs or loop_time - self._renewed_at < _RENEWAL_SECONDS:
            return
        self._renewed_at, until = loop_time, self.lease_until()
        for row_id in await asyncio.to_thread(self._rows.renew, self.worker, list(self._runs), lease_until=until):
            self.ask_to_stop(row_id)

    async def _claim(self) -> None:
        async with self._one_claim_at_a_time:
            if not self.room:
                return
            claimed = await asyncio.to_thread(
                self._rows.claim, self.worker, at=self._now(), lease_until=self.lease_until(), most=self.room
            )
            for work in claimed:
                if self._id_of(work) not in self._runs:  # its lease ran out while this process was suspended
                    self.begin(work)

    async def _look(self) -> None:
        try:
            await self._claim()
        except StoreError as error:  # the next tick looks again
            log.warning("a look failed", because=str(error))

    async def _to_its_end(self, run: Run[Work], carry_out: CarryOut[Work]) -> None:
        """Runs one row's work. A bug ends this work and no other."""
        try:
            error = await raised_by(carry_out(run))
            if not isinstance(error, LeftOpen):
                await self._end(run, error)
        except StoreError as error:  # the row stays open: it is claimed again once the store can be used
            log.warning("a row stays open", id=self._id_of(run.work), because=str(error))
        finally:
            del self._runs[self._id_of(run.work)]
            run.done.set()
        self.poll_soon()

    def _in_the_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
