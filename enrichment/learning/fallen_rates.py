"""Whether a rate has fallen below what it was, and since when. Pure.

counts by day, the oldest first  ->  Fall: the first day of the lower rate, its interval before and its rate since
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from enrichment.learning.drift import counts_since
from enrichment.learning.estimate_reliability import wilson
from enrichment.learning.pooled_rates import Count


@dataclass(frozen=True, slots=True)
class Fall:
    """low, high: the 90 % interval of the rate before; rate: the share since then."""

    since: date
    low: float
    high: float
    rate: float


def fall_of(days: Sequence[tuple[date, Count]]) -> Fall | None:
    """None: no change was seen, or the rate is not below the interval that it had before it."""
    first = counts_since([count for _, count in days])
    if first == 0:
        return None
    before, after = _total(days[:first]), _total(days[first:])
    low, high = wilson(before.hits, before.tries)
    rate = after.hits / after.tries
    return Fall(days[first][0], low, high, rate) if rate < low else None


def _total(days: Sequence[tuple[date, Count]]) -> Count:
    return Count(sum(count.hits for _, count in days), sum(count.tries for _, count in days))
