"""Clocks for tests: none reads the calendar, so no test knows which day it is.

ManualClock().now() -> datetime, UTC;   .seconds() -> the same as seconds since 1970;   .advance(minutes=3)
running_from(NOON)() -> seconds since 1970, counted on from noon: for a sandbox whose jobs must come to an end
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class ManualClock:
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def seconds(self) -> float:
        return self.at.timestamp()

    def advance(self, **span: float) -> None:
        """span: as of timedelta."""
        self.at += timedelta(**span)


def running_from(instant: datetime) -> Callable[[], float]:
    """Seconds since 1970 as if now were this instant; runs as fast as real time."""
    began = time.monotonic()
    return lambda: instant.timestamp() + time.monotonic() - began
