"""How fast each key calls each vendor: what was seen, and when it is too much.

    came(vendor, key, windows) -> the vendor's seconds until it would be let in, 0: it is;  seen() -> the largest counts

A window without `most` is counted and never too full. Refused calls are seen too, but take no place.
"""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sandbox.clock import Clock


@dataclass(frozen=True)
class Window:
    """At most `most` calls in so many seconds of the vendor's time."""

    seconds: int
    most: int | None = None


@dataclass
class _Seen:
    """What one key did in one window."""

    all: deque[float] = field(default_factory=deque)
    taken: deque[float] = field(default_factory=deque)
    largest: int = 0

    def forget(self, before: float) -> None:
        for calls in (self.all, self.taken):
            while calls and calls[0] <= before:
                calls.popleft()


@dataclass
class _Key:
    windows: dict[Window, _Seen] = field(default_factory=dict)
    calls: int = 0
    refused: int = 0
    in_flight: int = 0
    most_in_flight: int = 0


class Traffic:
    """Kept in memory: a restart forgets it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._keys: dict[tuple[str, str], _Key] = {}

    def came(self, vendor: str, key: str, windows: tuple[Window, ...]) -> float:
        """The vendor's seconds until it would be taken; 0: it is."""
        now, seen = time.monotonic(), self._of(vendor, key)
        seen.calls += 1
        waits = [self._count(seen, window, now) for window in windows]
        wait = max(waits, default=0.0)
        if wait:
            seen.refused += 1
        else:
            for window in windows:
                seen.windows[window].taken.append(now)
        return wait

    def used(self, vendor: str, key: str, window: Window) -> int:
        """Calls taken in the window until now."""
        seen = self._of(vendor, key).windows.setdefault(window, _Seen())
        seen.forget(time.monotonic() - self._clock.span(window.seconds))
        return len(seen.taken)

    @contextmanager
    def in_flight(self, vendor: str, key: str) -> Iterator[None]:
        seen = self._of(vendor, key)
        seen.in_flight += 1
        seen.most_in_flight = max(seen.most_in_flight, seen.in_flight)
        try:
            yield
        finally:
            seen.in_flight -= 1

    def seen(self) -> dict[str, dict[str, Any]]:
        """vendor -> key -> calls, refused, most_in_flight, windows: [seconds, most, largest]."""
        found: dict[str, dict[str, Any]] = {}
        for (vendor, key), seen in self._keys.items():
            windows = [
                {"seconds": window.seconds, "most": window.most, "largest": one.largest}
                for window, one in seen.windows.items()
            ]
            counts = {"calls": seen.calls, "refused": seen.refused, "most_in_flight": seen.most_in_flight}
            found.setdefault(vendor, {})[key] = {**counts, "windows": windows}
        return found

    def _count(self, seen: _Key, window: Window, now: float) -> float:
        length = self._clock.span(window.seconds)
        one = seen.windows.setdefault(window, _Seen())
        one.forget(now - length)
        one.all.append(now)
        one.largest = max(one.largest, len(one.all))
        full = window.most is not None and len(one.taken) >= window.most
        return (one.taken[0] + length - now) * self._clock.time_scale if full else 0.0

    def _of(self, vendor: str, key: str) -> _Key:
        return self._keys.setdefault((vendor, key), _Key())
