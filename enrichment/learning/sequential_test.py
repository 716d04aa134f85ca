"""Whether one arm of an experiment is better than another, or a rate not as stated, however often one looks. Pure.

values of two arms  ->  ArmComparison: difference with an always-valid interval, and the winner, if there is one

The mixture sequential probability ratio test of Johari, Koomen, Pekelis and Walsh (Always Valid Inference, Operations
Research 70, 2022), with normal approximation: its interval contains the true difference at all times at once.
"""

from dataclasses import dataclass
from math import inf, log, sqrt
from typing import Self

import numpy as np

from enrichment.learning.pooled_rates import Count, log_beta

ERROR = 0.05
_FEWEST = 100
"""Below this many requests of an arm means of costs are not normal yet, and no winner is named."""
_EXPECTED_EFFECT = 0.1
"""The mixture is as wide as this many standard deviations of one request: smaller effects take longer to be seen."""
_LEAST_SPREAD = 1e-3
"""Of one request, as a share of the mean: arms with one fixed price differ by rounding alone, or not at all."""
_LIKELIER = 100
"""So much likelier another rate has to make the counts than the stated one: one of 100 rates that are as stated is ever
said not to be, at most (Ville's inequality)."""
_VAGUE = 4.0


@dataclass(frozen=True, slots=True)
class ArmSum:
    """The count of an arm's requests, and the mean and variance of a metric over them."""

    count: int
    mean: float
    variance: float

    @classmethod
    def of(cls, values: list[float]) -> Self:
        count = len(values)
        mean = sum(values) / count if count else 0.0
        return cls(count, mean, sum((v - mean) ** 2 for v in values) / (count - 1) if count > 1 else 0.0)

    @classmethod
    def of_ratio(cls, above: list[float], below: list[float]) -> Self:
        """The sum for a ratio of sums, such as cost for each complete profile: by the delta method. sum(below) > 0."""
        count, part = len(above), sum(below) / len(below)
        ratio = sum(above) / sum(below)
        rests = [(a - ratio * b) / part for a, b in zip(above, below, strict=True)]
        return cls(count, ratio, sum(rest * rest for rest in rests) / (count - 1) if count > 1 else 0.0)


@dataclass(frozen=True, slots=True)
class ArmComparison:
    """difference: second minus first arm; low, high: of 95 %, at all looks at once. decided: 0 is outside it."""

    difference: float
    low: float
    high: float

    @property
    def decided(self) -> bool:
        return not self.low <= 0 <= self.high


def compare_arms(first: ArmSum, second: ArmSum, *, error: float = ERROR) -> ArmComparison:
    """error: the chance that the interval ever misses the true difference; where several are looked at, its share."""
    difference = second.mean - first.mean
    if min(first.count, second.count) < _FEWEST:
        return ArmComparison(difference, -inf, inf)
    least = (_LEAST_SPREAD * max(abs(first.mean), abs(second.mean))) ** 2
    if least == 0:
        return ArmComparison(0.0, 0.0, 0.0)
    one, other = max(first.variance, least), max(second.variance, least)
    variance = one / first.count + other / second.count
    mixture = _EXPECTED_EFFECT**2 * (one + other) / 2
    spread = 2 * variance * (variance + mixture) / mixture * log(sqrt((variance + mixture) / variance) / error)
    return ArmComparison(difference, difference - sqrt(spread), difference + sqrt(spread))


def surely_another(stated: float, seen: Count, beginnings: int = 1) -> bool:
    """Whether a rate is another one than is stated, however often one looked.

    The other one is supposed to be anywhere around it, as if _VAGUE answers had been seen. beginnings: one of so many
    days was chosen, by what was seen, as the first one that counts: it has to be likelier by as much more.
    """
    rate, misses = min(max(stated, 0.001), 0.999), seen.tries - seen.hits
    a, b = rate * _VAGUE, (1 - rate) * _VAGUE
    before, after = log_beta(np.array([a, a + seen.hits]), np.array([b, b + misses]))
    return bool(after - before - seen.hits * log(rate) - misses * log(1 - rate) > log(_LIKELIER * beginnings))
