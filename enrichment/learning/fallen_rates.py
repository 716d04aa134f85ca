"""Whether a rate has fallen below what it was, and since when. Pure.

counts by day, the oldest first  ->  Fall: the first day of the lower rate, its interval before and its answers since
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from enrichment.learning.drift import counts_since
from enrichment.learning.pooled_rates import Count
from enrichment.learning.share_interval import wilson


@dataclass(frozen=True, slots=True)
class Fall:
    """low, high: the 90 % interval of the rate before, since the change before that. now: the answers since then."""

    since: date
    low: float
    high: float
    now: Count


def fall_of(days: Sequence[tuple[date, Count]], accepted: float | None = None) -> Fall | None:
    """None: no change was seen, the rate is not below the interval that it had before it, or people know.

    accepted: the rate that people have accepted; they know where it is in the 90 % interval of the rate since the fall.
    """
    counts = [count for _, count in days]
    first = counts_since(counts)
    if first == 0:
        return None
    before, after = _total(counts[counts_since(counts[:first]) : first]), _total(counts[first:])
    (low, high), (_, highest) = wilson(before.hits, before.tries), wilson(after.hits, after.tries)
    is_known = accepted is not None and accepted <= highest
    return Fall(days[first][0], low, high, after) if after.hits < low * after.tries and not is_known else None


def _total(counts: Sequence[Count]) -> Count:
    return Count(sum(count.hits for count in counts), sum(count.tries for count in counts))
