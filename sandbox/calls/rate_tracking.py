"""How fast each key calls each vendor: counts per window, and when a call exceeds a limit.

    count_call(vendor, key, windows) -> vendor seconds until it would be accepted, 0: it is
    counts() -> the largest number of calls ever seen in each window

A window without `most` is counted and has no limit. Refused calls are counted too, but take no place in a window.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sandbox.clock import SandboxClock


@dataclass(frozen=True)
class RateWindow:
    """At most `most` calls in so many seconds of the vendor's time."""

    seconds: int
    most: int | None = None


@dataclass
class _WindowCounts:
    """Times of one key's calls in one window, seconds since 1970. `accepted`: without the refused ones."""

    all: deque[float] = field(default_factory=deque)
    accepted: deque[float] = field(default_factory=deque)
    largest: int = 0

    def forget(self, before: float) -> None:
        for calls in (self.all, self.accepted):
            while calls and calls[0] <= before:
                calls.popleft()


@dataclass
class _KeyCounts:
    windows: dict[RateWindow, _WindowCounts] = field(default_factory=dict)
    calls: int = 0
    refused: int = 0
    in_flight: int = 0
    most_in_flight: int = 0


class RateTracker:
    """Kept in memory: a restart forgets it."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._keys: dict[tuple[str, str], _KeyCounts] = {}

    def count_call(self, vendor: str, key: str, windows: tuple[RateWindow, ...]) -> float:
        """Vendor seconds until this call would be accepted; 0: it is."""
        now, counts = self._clock.now(), self._of(vendor, key)
        counts.calls += 1
        waits = [self._count(counts, window, now) for window in windows]
        wait = max(waits, default=0.0)
        if wait:
            counts.refused += 1
        else:
            for window in windows:
                counts.windows[window].accepted.append(now)
        return wait

    def used(self, vendor: str, key: str, window: RateWindow) -> int:
        """Calls accepted in the window until now."""
        counts = self._of(vendor, key).windows.setdefault(window, _WindowCounts())
        counts.forget(self._clock.now() - self._clock.span(window.seconds))
        return len(counts.accepted)

    @contextmanager
    def in_flight(self, vendor: str, key: str) -> Iterator[None]:
        counts = self._of(vendor, key)
        counts.in_flight += 1
        counts.most_in_flight = max(counts.most_in_flight, counts.in_flight)
        try:
            yield
        finally:
            counts.in_flight -= 1

    def counts(self) -> dict[str, dict[str, Any]]:
        """vendor -> key -> calls, refused, most_in_flight, windows: [seconds, most, largest]."""
        found: dict[str, dict[str, Any]] = {}
        for (vendor, key), counts in self._keys.items():
            windows = [
                {"seconds": window.seconds, "most": window.most, "largest": one.largest}
                for window, one in counts.windows.items()
            ]
            totals = {"calls": counts.calls, "refused": counts.refused, "most_in_flight": counts.most_in_flight}
            found.setdefault(vendor, {})[key] = {**totals, "windows": windows}
        return found

    def _count(self, counts: _KeyCounts, window: RateWindow, now: float) -> float:
        length = self._clock.span(window.seconds)
        one = counts.windows.setdefault(window, _WindowCounts())
        one.forget(now - length)
        one.all.append(now)
        one.largest = max(one.largest, len(one.all))
        full = window.most is not None and len(one.accepted) >= window.most
        return (one.accepted[0] + length - now) * self._clock.time_scale if full else 0.0

    def _of(self, vendor: str, key: str) -> _KeyCounts:
        return self._keys.setdefault((vendor, key), _KeyCounts())
