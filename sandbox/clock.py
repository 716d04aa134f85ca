"""The sandbox's clock: calendar time as everywhere, waiting times `time_scale` times shorter.

a vendor's hour lasts 3600 / time_scale seconds; skip() moves the calendar on for good
"""

import time
from datetime import UTC, date, datetime

from sandbox.state_file import Disk


class Clock:
    """`now()` is seconds since 1970, UTC; `span(s)` is how long `s` vendor seconds last here."""

    def __init__(self, disk: Disk, *, time_scale: float) -> None:
        self.time_scale = time_scale
        self._disk = disk
        disk.run("CREATE TABLE IF NOT EXISTS clock (skipped REAL NOT NULL)")
        rows = disk.rows("SELECT skipped FROM clock")
        self._skipped = float(rows[0]["skipped"]) if rows else 0.0
        if not rows:
            disk.run("INSERT INTO clock VALUES (0)")

    def now(self) -> float:
        return time.time() + self._skipped

    def span(self, seconds: float) -> float:
        return seconds / self.time_scale

    def skip(self, seconds: float) -> None:
        self._skipped += seconds
        self._disk.run("UPDATE clock SET skipped = ?", self._skipped)

    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)

    def today(self) -> date:
        return self.moment().date()

    def written(self, at: float) -> str:
        """'2026-11-21T05:00:00.000Z'."""
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
