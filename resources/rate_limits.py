"""Vendors' limits, kept by all processes together: the store holds the log, this asks it and waits.

    SharedLimiter(store, provider, limits).turn(patience) -> Turn, when a call may be sent | NoTurn

Callers of one process that come at the same time share one transaction of the store. A window is kept longer than the
vendor's by as long as a turn is good for, so that calls sent late in their turns are not too many either.
"""

import asyncio
import math
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from enrichment.rules.models import RateLimits
from resources.providers.rate_limiter import NoTurn, Turn

if TYPE_CHECKING:
    from resources.store.rate_limit_log import Given, Turns

A_MOMENT = 1.0  # seconds everybody leaves a vendor alone that is asked too fast and does not say for how long
LONGEST_PAUSE = 3600.0  # seconds, whatever the vendor says: the longest of its windows
_GOOD_FOR = (0.1, 1.0)  # seconds a turn is good for, at least and at most
_SHARE_OF_WINDOW = 0.1


class SharedLimiter:
    """One provider's limits; one object per process and event loop. time_scale: the vendor's time runs so much faster.

    Raises StoreError besides NoTurn.
    """

    def __init__(self, store: "Turns", provider: str, limits: RateLimits, *, time_scale: float = 1.0) -> None:
        from resources.store.rate_limit_log import Window  # noqa: PLC0415  SQLAlchemy takes 0.3 s to import

        lengths = [(limits.per_minute, 60 / time_scale), (limits.per_hour, 3600 / time_scale)]
        kept = [(most, seconds) for most, seconds in lengths if most]
        least, longest = _GOOD_FOR
        shortest = min((seconds for _, seconds in kept), default=math.inf)
        self._good_for = max(least, min(longest, _SHARE_OF_WINDOW * shortest))
        self._windows = [Window(most, timedelta(seconds=seconds + self._good_for)) for most, seconds in kept]
        self._store, self._provider, self._time_scale = store, provider, time_scale
        self._together: tuple[list[timedelta], asyncio.Task[list[Given]]] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def turn(self, *, patience: float) -> Turn:
        until = time.monotonic() + patience
        while True:
            given = await self._given(max(0.0, until - time.monotonic()))
            at = given.at.timestamp()
            if not given.taken:
                raise NoTurn(max(0.0, at - time.time()))
            waited = False
            while (wait := at - time.time()) > 0:
                waited = True
                await asyncio.sleep(wait)
            if not (waited and await self._is_paused()):
                return Turn(at + self._good_for)

    async def pause(self, seconds: float | None) -> None:
        lasts = min(A_MOMENT if seconds is None else seconds, LONGEST_PAUSE) / self._time_scale
        await asyncio.to_thread(self._store.pause, self._provider, _now() + timedelta(seconds=lasts))

    async def _given(self, patience: float) -> "Given":
        if self._together is None:
            waiting: list[timedelta] = []
            self._together = waiting, asyncio.create_task(self._take(waiting))
        waiting, taking = self._together
        waiting.append(timedelta(seconds=patience))
        place = len(waiting) - 1
        return (await asyncio.shield(taking))[place]

    async def _take(self, waiting: list[timedelta]) -> "list[Given]":
        """Turns for all who have come by the time the store is free for us."""
        async with self._one_at_a_time:
            self._together = None
            return await asyncio.to_thread(self._store.take_turns, self._provider, self._windows, waiting, _now)

    async def _is_paused(self) -> bool:
        """Since our turn was given: a vendor that asks for a pause does not know of turns."""
        return await asyncio.to_thread(self._store.paused_until, self._provider) > _now()


def _now() -> datetime:
    return datetime.now(UTC)
