"""Rate limits that all processes keep together: the log is in the store; this module asks it and waits.

    SharedLimiter(log, provider, limits).slot(patience) -> RateLimitSlot, when a call may be sent | NoSlot

Callers of one process that come at the same time share one transaction of the store. A window is kept longer than the
vendor's by as long as a slot is valid, so that calls sent late in their slots do not exceed the limit either.
"""

import asyncio
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from enrichment.rules.provider_rules import RateLimits
from resources.providers.rate_limiter import NoSlot, RateLimitSlot

if TYPE_CHECKING:
    from resources.store.purchases.rate_limit_log import ScheduledCall, SqlRateLimitLog

A_MOMENT = 1.0  # seconds without calls to a vendor that is asked too fast and does not report how long to wait
LONGEST_PAUSE = 3600.0  # seconds, whatever the vendor asks for: the longest of its windows
_VALID_SECONDS = (0.1, 1.0)  # how long a slot is valid, at least and at most
_SHARE_OF_WINDOW = 0.1


class SharedLimiter:
    """One provider's limits; one object per process and event loop.

    time_scale: the vendor's clock runs so much faster (sandbox). read_time: seconds since 1970.
    Raises StoreError besides NoSlot.
    """

    def __init__(
        self,
        log: "SqlRateLimitLog",
        provider: str,
        limits: RateLimits,
        *,
        time_scale: float = 1.0,
        read_time: Callable[[], float] = time.time,
    ) -> None:
        from resources.store.purchases.rate_limit_log import Window  # noqa: PLC0415  SQLAlchemy takes 0.3 s to import

        lengths = [(limits.per_minute, 60 / time_scale), (limits.per_hour, 3600 / time_scale)]
        kept = [(most, seconds) for most, seconds in lengths if most]
        least, longest = _VALID_SECONDS
        shortest = min((seconds for _, seconds in kept), default=math.inf)
        self._valid_seconds = max(least, min(longest, _SHARE_OF_WINDOW * shortest))
        self._windows = [Window(most, timedelta(seconds=seconds + self._valid_seconds)) for most, seconds in kept]
        self._log, self._provider, self._time_scale, self._read_time = log, provider, time_scale, read_time
        self._together: tuple[list[timedelta], asyncio.Task[list[ScheduledCall]]] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def slot(self, *, patience: float) -> RateLimitSlot:
        clock = asyncio.get_running_loop().time
        until = clock() + patience
        while True:
            given = await self._given(max(0.0, until - clock()))
            at = given.at.timestamp()
            if not given.taken:
                raise NoSlot(max(0.0, at - self._read_time()))
            waited = False
            while (wait := at - self._read_time()) > 0:
                waited = True
                await asyncio.sleep(wait)
            if not (waited and await self._is_paused()):
                return RateLimitSlot(at + self._valid_seconds, self._read_time)

    async def wait_for(self, calls: int) -> float:
        now = self._now()
        free_at = await asyncio.to_thread(self._log.free_at, self._provider, self._windows, calls, now)
        return max(0.0, (free_at - now).total_seconds())

    async def pause(self, seconds: float | None) -> None:
        lasts = min(A_MOMENT if seconds is None else seconds, LONGEST_PAUSE) / self._time_scale
        await asyncio.to_thread(self._log.pause, self._provider, self._now() + timedelta(seconds=lasts))

    async def _given(self, patience: float) -> "ScheduledCall":
        if self._together is None:
            waiting: list[timedelta] = []
            self._together = waiting, asyncio.create_task(self._take(waiting))
        waiting, taking = self._together
        waiting.append(timedelta(seconds=patience))
        position = len(waiting) - 1
        return (await asyncio.shield(taking))[position]

    async def _take(self, waiting: list[timedelta]) -> "list[ScheduledCall]":
        """Slots for all callers that have come by the time this process may use the store."""
        async with self._one_at_a_time:
            self._together = None
            return await asyncio.to_thread(self._log.take_slots, self._provider, self._windows, waiting, self._now)

    async def _is_paused(self) -> bool:
        """Whether a pause began after the slot was given: the vendor that asks for it knows nothing of slots."""
        return await asyncio.to_thread(self._log.paused_until, self._provider) > self._now()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._read_time(), UTC)
