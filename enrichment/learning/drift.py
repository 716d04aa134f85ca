"""Since when a rate has been as it is now: what came before a change is no evidence of the present.

Counts in order of time -> the place of the first that still counts

Of each day a change may have been on: how much likelier two rates make the counts than one does, whatever the rates
are; added up over the days, an e-detector (Shin, Ramdas and Rinaldo, New England Journal of Statistics in Data Science
2, 2024). Repeated on what is left, until no change is seen.
"""

from collections.abc import Mapping, Sequence
from math import sqrt

import numpy as np

from enrichment.learning.pooled_rates import Count, Floats, log_beta

_THRESHOLD = 6.0
"""Log of the sum. Looked at daily, a rate that never changes is said to have changed once in exp(6) = 403 days at most,
on average."""

_PAIR_VARIANCE = 3.0
"""Of the mean over pairs, times their number, where days are alike: neighbouring pairs share a day."""


def counts_since(counts: Sequence[Count]) -> int:
    """Index of the first count after the last change; 0 where none is seen."""
    hits = np.array([count.hits for count in counts], dtype=np.float64)
    tries = np.array([count.tries for count in counts], dtype=np.float64)
    spread = _spread(hits, tries)
    hits, tries = hits / spread, tries / spread
    first = 0
    while (place := _change(hits[first:], tries[first:])) is not None:
        first += place
    return first


def _spread(hits: Floats, tries: Floats) -> float:
    """The factor by which the variance between consecutive days exceeds chance: answers are not independent.

    A change is one pair of days among all. 1: no more than two standard deviations above what chance brings.
    """
    asked = tries > 0
    hits, tries = hits[asked], tries[asked]
    pairs = len(tries) - 1
    if pairs < 2:
        return 1.0
    rate = hits.sum() / tries.sum()
    usual = rate * (1 - rate) * (1 / tries[1:] + 1 / tries[:-1])
    if not usual.all():
        return 1.0
    found = float(np.mean(np.diff(hits / tries) ** 2 / usual))
    return max(1.0, found / (1 + 2 * sqrt(_PAIR_VARIANCE / pairs)))


def _change(hits: Floats, tries: Floats) -> int | None:
    """The likeliest place of a change, if there was one."""
    if len(tries) < 2 or not tries.sum():
        return None
    before, tried_before = np.cumsum(hits)[:-1], np.cumsum(tries)[:-1]
    after, tried_after = hits.sum() - before, tries.sum() - tried_before
    ratio = _likelihood(before, tried_before) + _likelihood(after, tried_after)
    ratio -= _likelihood(hits.sum(keepdims=True), tries.sum(keepdims=True))
    place, highest = int(ratio.argmax()), float(ratio.max())
    return place + 1 if highest + np.log(np.exp(ratio - highest).sum()) > _THRESHOLD else None


def _likelihood(hits: Floats, tries: Floats) -> Floats:
    """Log likelihood of counts at a rate of which nothing is known: uniform."""
    return log_beta(1 + hits, 1 + tries - hits)


def levels_since(days: Sequence[Mapping[int, int]]) -> int:
    """Index of the first day after the last change of a whole number; 0 where none is seen.

    days: number -> how often it was seen that day. A change is one of the share above some number, so that a single
    one that is far off makes none.
    """
    levels = sorted({number for its in days for number in its})[1:]
    return max((counts_since([_above(its, level) for its in days]) for level in levels), default=0)


def _above(day: Mapping[int, int], level: int) -> Count:
    return Count(sum(times for number, times in day.items() if number >= level), sum(day.values()))
