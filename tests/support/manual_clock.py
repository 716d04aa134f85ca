"""A clock that moves only when a test moves it.

ManualClock().now() -> datetime, UTC;   .seconds() -> the same as seconds since 1970;   .advance(minutes=3)
"""

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
