"""Wait for our turn to call a vendor: a window a minute and one an hour, kept in this process.

RateLimits -> RateLimiter.turn(patience) -> returns when it is our turn, or NoTurn: it would take too long
"""

import asyncio
from collections import deque
from typing import Protocol

from enrichment.rules.types import RateLimits


class NoTurn(Exception):
    """It would take `seconds` until the next call is allowed, which is more than the caller can wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the next call is allowed in {seconds:.0f} s")
        self.seconds = seconds


class Limiter(Protocol):
    async def turn(self, *, patience: float) -> None:
        """Returns when a call may be sent. Raises NoTurn at once if that takes longer than `patience` seconds."""
        ...


class RateLimiter:
    """Sliding windows, first come first served. A window lasts its length divided by time_scale."""

    def __init__(self, limits: RateLimits, *, time_scale: float = 1.0) -> None:
        windows = ((limits.per_minute, 60.0), (limits.per_hour, 3600.0))
        self._windows = [(most, seconds / time_scale, deque[float](maxlen=most)) for most, seconds in windows if most]

    async def turn(self, *, patience: float) -> None:
        now = asyncio.get_running_loop().time()
        at = max([now, *(turns[0] + seconds for most, seconds, turns in self._windows if len(turns) == most)])
        if at - now > patience:
            raise NoTurn(at - now)
        for _, _, turns in self._windows:
            turns.append(at)
        await asyncio.sleep(at - now)
