"""Sources that repeat one another: what one of them misses, the others miss more often than chance would have it.

A dataset may have such a family too: if one source that knows the company lacks it, the others probably do.

what was answered together, counted -> groups, joined while the likelihood grows -> FamilyEstimate

A latent class: a company is one that they can know, with chance q, and then each matches by itself; else all miss.
Which source was asked next depended on the answers so far alone, so the likelihood of what was answered needs no model
of it (Rubin, Inference and Missing Data, Biometrika 63, 1976).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
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
_CODES_IN_A_TABLE = 1_000_000
"""Up to so many, a table of all is faster than to sort the rows."""


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
    answers = _Answers(Counter(counts) + before)
    groups = [frozenset({source}) for source in sorted({source for sources in alike for source in sources})]
    together = [frozenset(sources) for sources in alike]
    gains: dict[tuple[frozenset[str], frozenset[str]], float] = {}
    while True:
        for one, other in combinations(groups, 2):
            if (one, other) not in gains:
                comparable = any(one & sources and other & sources for sources in together)
                gains[one, other] = _gain(answers, one, other) if comparable else 0.0
        best = max(combinations(groups, 2), key=lambda pair: gains[pair], default=None)
        if best is None or gains[best] <= _CLEAR:
            return [_family_estimate(answers, group) for group in groups if len(group) > 1]
        groups = sorted([best[0] | best[1], *(group for group in groups if group not in best)], key=sorted)


def _family_estimate(answers: "_Answers", sources: Collection[str]) -> FamilyEstimate:
    """The estimate of a family whose sources are known."""
    seen = answers.of(sorted(sources))
    grid = np.linspace(0.01, 1.0, _GRID)
    likely = np.array([seen.fitted(known)[0] for known in grid])
    best = int(likely.argmax())
    within = np.flatnonzero(likely >= likely[best] - _WITHIN)
    low, high = grid[max(within[0] - 1, 0)], grid[min(within[-1] + 1, _GRID - 1)]  # it ends between two points
    rates = seen.fitted(float(grid[best]))[1] * grid[best]
    known = RateEstimate(float(grid[best]), float(low), float(high), seen.companies)
    return FamilyEstimate(frozenset(sources), known, dict(zip(sorted(sources), map(float, rates), strict=True)))


def _gain(answers: "_Answers", one: frozenset[str], other: frozenset[str]) -> float:
    """How much the log likelihood grows if two groups of sources are taken as one family."""
    both = answers.of(sorted(one | other))
    if both.with_a_miss_beside < _ENOUGH:
        return 0.0
    return both.likelihood() - sum(answers.of(sorted(group)).likelihood() for group in (one, other))


class _Answers:
    """All that was answered together, as numbers: (row, source) is 0 where it was not asked, 1 missed, 2 matched."""

    def __init__(self, counts: Mapping[Answered, int]) -> None:
        self._column = {source: at for at, source in enumerate(sorted({s for row in counts for s, _ in row}))}
        self._found = np.zeros((len(counts), len(self._column)), dtype=np.int8)
        self._times = np.fromiter(counts.values(), dtype=float, count=len(counts))
        for number, answered in enumerate(counts):
            for source, is_match in answered:
                self._found[number, self._column[source]] = 1 + is_match

    def of(self, sources: Sequence[str]) -> "_Seen":
        """Rows that are alike for these sources are one; rows in which none of them was asked are none."""
        code = np.zeros(len(self._times), dtype=np.int64)
        for place, source in enumerate(sources):
            if source in self._column:
                code += 3**place * self._found[:, self._column[source]].astype(np.int64)
        rows, times = _added_up(code, self._times, 3 ** len(sources))
        found = rows[:, None] // 3 ** np.arange(len(sources)) % 3
        return _Seen(matched=found == 2, missed=found == 1, times=times)


def _added_up(
    code: NDArray[np.int64], times: NDArray[np.float64], most: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Each code that occurs, besides 0, and how often; all are below `most`."""
    if most > _CODES_IN_A_TABLE:
        rows, at = np.unique(code, return_inverse=True)
        totals = np.bincount(at, weights=times).astype(float)
        return rows[rows > 0], totals[rows > 0]
    totals = np.bincount(code, weights=times, minlength=most).astype(float)
    rows = np.flatnonzero(totals[1:]) + 1
    return rows, totals[rows]


class _Seen:
    """The answers of some sources: rows of (matched, missed, neither: not asked), and how often each was seen."""

    def __init__(self, *, matched: NDArray[np.bool_], missed: NDArray[np.bool_], times: NDArray[np.float64]) -> None:
        self._matched, self._missed, self._times = matched.astype(float), missed.astype(float), times
        self._none = ~matched.any(axis=1)
        self.companies = int(times.sum())

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
