"""How many requests a key may make: a bucket for each, filled evenly, as full as a minute's worth at most."""

import math
import time
from collections.abc import Callable

from service.problems import ApiProblem

PER_MINUTE = 60_000
"""Requests a minute of a key that has no rate of its own."""


class KeyRateLimits:
    """The rate limits of keys in one process; used by its event loop alone. seconds: a clock that only goes forward."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, owner: str, per_minute: int | None) -> None:
        """Counts one request. Raises ApiProblem where the bucket is empty."""
        most, now = per_minute or PER_MINUTE, self._seconds()
        left, since = self._buckets.get(owner, (float(most), now))
        left = min(float(most), left + (now - since) * most / 60)
        if left < 1:
            self._buckets[owner] = (left, now)
            wait = math.ceil((1 - left) * 60 / most)
            detail = f"This key may make {most:,} requests a minute: go on in {wait} s."
            raise ApiProblem("too_many", detail, headers={"Retry-After": str(wait)})
        self._buckets[owner] = (left - 1, now)
