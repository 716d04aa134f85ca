"""Means, ratios and shares of a vendor with their 90 % intervals, or none where too few cases would make one up.

values, or the sums of two of them -> Figure
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from enrichment.learning.share_interval import wilson

FEWEST = 30
"""Below so many cases a mean is not normal yet: its interval would say more than is known."""
FEWEST_DAYS = 10
"""The same limit for days, where each day is one mean."""


@dataclass(frozen=True, slots=True)
class Figure:
    """interval: of 90 %; None: it rests on too few cases for one."""

    value: float
    interval: tuple[float, float] | None

    @classmethod
    def total(cls, values: Sequence[float]) -> "Figure":
        """The figure of a sum over cases that are alike: what as many others would bring."""
        count, total = len(values), sum(values)
        if count < FEWEST:
            return cls(total, None)
        rests = sum((value - total / count) ** 2 for value in values)
        half = _deviations(count) * sqrt(rests * count / (count - 1))
        return cls(total, (total - half, total + half))


def _deviations(count: int) -> float:
    """The deviations for 90 % of Student's distribution, near enough from ten cases on."""
    return 1.645 + 1.52 / (count - 1)


def share(hits: float, tries: float) -> Figure | None:
    """The share with its interval; None: there are no cases."""
    return Figure(hits / tries, wilson(hits, tries)) if tries else None


@dataclass(frozen=True, slots=True)
class RatioSums:
    """For a number of cases, the sums of `above` and `below`, and of their squares and products."""

    count: int
    above: float
    below: float
    squares_above: float
    products: float
    squares_below: float

    @classmethod
    def of(cls, cases: Sequence[tuple[float, float]]) -> "RatioSums":
        return cls(
            len(cases),
            sum(above for above, _ in cases),
            sum(below for _, below in cases),
            sum(above * above for above, _ in cases),
            sum(above * below for above, below in cases),
            sum(below * below for _, below in cases),
        )

    def figure(self, fewest: int = FEWEST) -> Figure | None:
        """The sum of `above` for each of `below`, by the delta method; None: there is nothing of `below`."""
        if not self.below:
            return None
        ratio = self.above / self.below
        if self.count < fewest:
            return Figure(ratio, None)
        rests = self.squares_above - 2 * ratio * self.products + ratio * ratio * self.squares_below
        half = _deviations(self.count) * sqrt(max(rests, 0.0) * self.count / (self.count - 1)) / self.below
        return Figure(ratio, (max(ratio - half, 0.0), ratio + half))
