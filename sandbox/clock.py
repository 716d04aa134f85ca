"""The sandbox's clock: calendar time as everywhere, waiting times `time_scale` times shorter.

    a vendor's hour lasts 3600 / time_scale seconds; skip() moves the calendar on for good

Every reading of time in the sandbox goes through here, so that a test can hand in a clock which only it moves.
"""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime

from sandbox.state_file import StateFile


class SandboxClock:
    """`now()` is seconds since 1970, UTC; `span(s)` is how long `s` vendor seconds last here.

    read: where the time comes from, in seconds since 1970.
    """

    def __init__(self, state: StateFile, *, time_scale: float, read: Callable[[], float] = time.time) -> None:
        self.time_scale = time_scale
        self._state = state
        self._read = read
        state.run("CREATE TABLE IF NOT EXISTS clock (skipped REAL NOT NULL)")
        rows = state.rows("SELECT skipped FROM clock")
        self._skipped = float(rows[0]["skipped"]) if rows else 0.0
        if not rows:
            state.run("INSERT INTO clock VALUES (0)")

    def now(self) -> float:
        return self._read() + self._skipped

    def span(self, seconds: float) -> float:
        return seconds / self.time_scale

    def skip(self, seconds: float) -> None:
        self._skipped += seconds
        self._state.run("UPDATE clock SET skipped = ?", self._skipped)

    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)

    def today(self) -> date:
        return self.moment().date()

    def written(self, at: float) -> str:
        """'2026-11-21T05:00:00.000Z'."""
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
