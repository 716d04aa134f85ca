"""Learned rates: how often intervals contain the truth, how soon a change is seen.

Each world has a true rate for each kind of company, drawn around a figure of the rules that is itself off.
"""

import numpy as np

from enrichment.learning.drift import counts_since
from enrichment.learning.pooled_rates import Count, pooled_rates

_WORLDS, _RARE = 300, 10
_SERIES, _DAYS, _A_DAY = 2_000, 90, 10


def coverage(seed: int) -> None:
    rng, inside, rare = np.random.default_rng(seed), [], []
    for _ in range(_WORLDS):
        prior = rng.uniform(0.2, 0.95)
        mean, strength = rng.beta(prior * 20, (1 - prior) * 20), np.exp(rng.uniform(np.log(2), np.log(256)))
        kinds = int(rng.integers(3, 25))
        truth = rng.beta(mean * strength, (1 - mean) * strength, size=kinds)
        tries = np.round(np.exp(rng.uniform(0, 6, size=kinds))).astype(int)
        counts = [Count(int(h), int(n)) for h, n in zip(rng.binomial(tries, truth), tries, strict=True)]
        for rate, found in zip(truth, pooled_rates(prior, counts), strict=True):
            inside.append(found.low <= rate <= found.high)
            if found.tries <= _RARE:
                rare.append(inside[-1])
    print(f"90 % intervals contain the truth: {np.mean(inside):.1%} of {len(inside):,} kinds (goal: 88 to 92 %)")
    print(f"  of kinds with at most {_RARE} answers: {np.mean(rare):.1%} of {len(rare):,}")


def drift(seed: int) -> None:
    rng = np.random.default_rng(seed)
    same = [rng.binomial(_A_DAY, rng.uniform(0.1, 0.95), size=_DAYS) for _ in range(_SERIES)]
    wrong = sum(counts_since([Count(int(hits), _A_DAY) for hits in one]) > 0 for one in same)
    print(f"{_DAYS} days without a change: one is seen in {wrong / _SERIES:.2%} of {_SERIES:,} series")
    for drop in (0.2, 0.3, 0.4):
        seen = [_seen_after(rng, drop) for _ in range(200)]
        p50, p95 = np.percentile(seen, [50, 95])
        print(f"a rate that falls by {drop} on day 30 is seen after {p50:.0f} answers (p50), {p95:.0f} (p95; goal: 60)")


def _seen_after(rng: np.random.Generator, drop: float) -> int:
    before = rng.uniform(0.6, 0.9)
    series = [Count(int(rng.binomial(_A_DAY, before)), _A_DAY) for _ in range(30)]
    for day in range(60):
        series.append(Count(int(rng.binomial(_A_DAY, before - drop)), _A_DAY))
        if counts_since(series) > 0:
            return (day + 1) * _A_DAY
    return 60 * _A_DAY
