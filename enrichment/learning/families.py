"""Sources that repeat one another: what one of them misses, the others miss more often than chance would have it.

A dataset may have such a family too: if one source that knows the company lacks it, the others probably do.

what was answered together, counted -> groups, joined while the likelihood grows -> FamilyEstimate

A latent class: a company is one that they can know, with chance q, and then each matches by itself; else all miss.
Which source was asked next depended on the answers so far alone, so the likelihood of what was answered needs no model
of it (Rubin, Inference and Missing Data, Biometrika 63, 1976).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from enrichment.learning.pooled_rates import PRIOR_OBSERVATIONS, RateEstimate

Answered = tuple[tuple[str, bool], ...]
"""Source and whether it matched, of one company in one request, by name."""
_ENOUGH = 30
"""Companies about which several were asked, one of which missed."""
_CLEAR = 6.0
"""Log of the likelihood ratio between one family and two: of pairs that are none, 0.03 % reach it by chance."""
_WITHIN = 1.35
"""Log likelihood below the best of a 90 % interval: half the 90 % point of chi-squared with one degree."""
_GRID = 200
_COARSE = np.linspace(0.1, 1.0, 19)
_ROUNDS = 40


@dataclass(frozen=True, slots=True)
class FamilyEstimate:
    """known: the share of companies that any of it can know. rates: source -> match rate over all companies.

    dataset: it is one of sources that lack it of the same companies; known, rates: of those that a source knows.
    """

    sources: frozenset[str]
    known: RateEstimate
    rates: Mapping[str, float]
    dataset: str = ""


def families_of(
    counts: Mapping[Answered, int], alike: Iterable[Collection[str]], stated: Mapping[str, float]
) -> list[FamilyEstimate]:
    """The families, by the names of their sources.

    alike: sources that answer the same dataset, which alone are ever asked one after another. stated: source -> match
    rate of the rules, which counts as some answers of it alone: where a source was asked after another had missed and
    never otherwise, nothing else tells a family from a source that knows few companies.
    """
    before = Counter[Answered]()
    for source, rate in stated.items():
        hits = round(PRIOR_OBSERVATIONS * rate)
        before |= {((source, True),): hits, ((source, False),): round(PRIOR_OBSERVATIONS) - hits}
    counts = Counter(counts) + before
    groups = [frozenset({source}) for source in sorted({source for sources in alike for source in sources})]
    together = [frozenset(sources) for sources in alike]
    gains: dict[tuple[frozenset[str], frozenset[str]], float] = {}
    while True:
        for one, other in combinations(groups, 2):
            if (one, other) not in gains:
                comparable = any(one & sources and other & sources for sources in together)
                gains[one, other] = _gain(counts, one, other) if comparable else 0.0
        best = max(combinations(groups, 2), key=lambda pair: gains[pair], default=None)
        if best is None or gains[best] <= _CLEAR:
            return [family_estimate(counts, group) for group in groups if len(group) > 1]
        groups = sorted([best[0] | best[1], *(group for group in groups if group not in best)], key=sorted)


def family_estimate(counts: Mapping[Answered, int], sources: Collection[str]) -> FamilyEstimate:
    """The estimate of a family whose sources are known."""
    seen = _Seen(counts, sorted(sources))
    grid = np.linspace(0.01, 1.0, _GRID)
    likely = np.array([seen.fitted(known)[0] for known in grid])
    best = int(likely.argmax())
    within = np.flatnonzero(likely >= likely[best] - _WITHIN)
    low, high = grid[max(within[0] - 1, 0)], grid[min(within[-1] + 1, _GRID - 1)]  # it ends between two points
    rates = seen.fitted(float(grid[best]))[1] * grid[best]
    known = RateEstimate(float(grid[best]), float(low), float(high), seen.companies)
    return FamilyEstimate(frozenset(sources), known, dict(zip(sorted(sources), map(float, rates), strict=True)))


def _gain(counts: Mapping[Answered, int], one: frozenset[str], other: frozenset[str]) -> float:
    """How much the log likelihood grows if two groups of sources are taken as one family."""
    both = _Seen(counts, sorted(one | other))
    if both.with_a_miss_beside < _ENOUGH:
        return 0.0
    return both.likelihood() - sum(_Seen(counts, sorted(group)).likelihood() for group in (one, other))


class _Seen:
    """The answers of some sources: rows of (1 matched, 0 missed, nan not asked), and how often each was seen."""

    def __init__(self, counts: Mapping[Answered, int], sources: list[str]) -> None:
        rows = Counter[tuple[bool | None, ...]]()
        for answered, times in counts.items():
            found = dict(answered)
            row = tuple(found.get(source) for source in sources)
            if any(one is not None for one in row):
                rows[row] += times
        ordered = sorted(rows.items(), key=lambda item: [str(one) for one in item[0]])
        shape = len(ordered), len(sources)
        self._matched = np.array([[one is True for one in row] for row, _ in ordered], dtype=float).reshape(shape)
        self._missed = np.array([[one is False for one in row] for row, _ in ordered], dtype=float).reshape(shape)
        self._times = np.array([times for _, times in ordered], dtype=float)
        self._none = self._matched.sum(axis=1) == 0
        self.companies = int(self._times.sum())

    @property
    def with_a_miss_beside(self) -> int:
        """How many companies several of these sources were asked about, at least one of which missed."""
        several = (self._matched + self._missed).sum(axis=1) > 1
        return int(self._times[several & (self._missed.sum(axis=1) > 0)].sum())

    def likelihood(self) -> float:
        """The highest log likelihood; for a single source that of its match rate alone."""
        if self._matched.shape[1] == 1:
            return self.fitted(1.0)[0]
        return max(self.fitted(known)[0] for known in _COARSE)

    def fitted(self, known: float) -> tuple[float, NDArray[np.float64]]:
        """Log likelihood, and each source's match rate among what the family can know: expectation maximisation."""
        asked = self._matched + self._missed
        rates = np.full(asked.shape[1], 0.5)
        for _ in range(_ROUNDS):
            weight = self._weights(known, rates)[1] * self._times
            tried = np.maximum(weight @ asked, 1e-9)
            rates = np.clip((weight @ self._matched + 0.5) / (tried + 1), 1e-4, 1 - 1e-4)
        chance, _ = self._weights(known, rates)
        return float(self._times @ np.log(np.maximum(chance, 1e-300))), rates

    def _weights(self, known: float, rates: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The chance of each row, and the chance that its company is one the family can know."""
        if_known = known * np.prod(np.where(self._matched > 0, rates, np.where(self._missed > 0, 1 - rates, 1)), axis=1)
        chance = if_known + (1 - known) * self._none
        return chance, if_known / np.maximum(chance, 1e-300)
