"""90 simulated days of 30,000 facts with Zipf demand: which share of reads is stale under each order of refreshing.

    python -m bench.refresh [stale | deciding] [--seeds N] [--companies N]

Every order meets the same facts, changes and reads, and the same budget a day. Ratios are those of one run. `deciding`:
how long it takes to decide what to refresh (deciding.py).
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.refresh.deciding import MOST_BEYOND_THE_READ, MOST_WITH_NOTHING_DUE, SEED, show_deciding
from bench.refresh.ranking import show_ranking
from enrichment.refresh.change_rates import Floats, RateBelief, priors_of
from enrichment.refresh.learned_rates import ENOUGH
from enrichment.refresh.worth import worth_of_refresh

FACTS, DAYS, DAY = 30_000, 90, 86_400.0
BUDGETS = (0.05, 0.02, 0.005)
DAYS_BETWEEN_CHANGES = np.array([7.0, 14, 30, 45, 90, 120, 180, 365])
SHAPES = np.array([1.0, 1.5, 2.0, 1.0, 1.5, 2.0, 1.0, 1.5])
TTL_DAYS = np.array([7.0, 7, 14, 30, 30, 90, 90, 90])
PRICES = np.array([0.02, 0.05, 0.05, 0.10, 0.15, 0.20])
_RENEWED_EVERY = 10
"""Days between two looks at what all facts of a dataset show of its change rate."""

Order = Callable[["ChangingFacts", Floats, NDArray[np.bool_]], Floats]


@dataclass
class ChangingFacts:
    """Facts with their true rates (changes a second), reads a day, cost; which change on which day."""

    dataset: NDArray[np.int64]
    rate: Floats
    reads: Floats
    cost: Floats
    ttl: Floats
    age: Floats
    stale: NDArray[np.bool_]
    changes: NDArray[np.bool_]

    @classmethod
    def of(cls, seed: int) -> "ChangingFacts":
        chance = np.random.default_rng(seed)
        dataset = chance.integers(0, len(TTL_DAYS), FACTS)
        rate = chance.gamma(SHAPES[dataset], 1 / (SHAPES * DAYS_BETWEEN_CHANGES)[dataset]) / DAY
        reads = 1 / np.arange(1, FACTS + 1)
        chance.shuffle(reads)
        age = chance.uniform(0, 60 * DAY, FACTS)
        return cls(
            dataset=dataset,
            rate=rate,
            reads=reads,
            cost=chance.choice(PRICES, FACTS),
            ttl=TTL_DAYS[dataset] * DAY,
            age=age,
            stale=chance.random(FACTS) < -np.expm1(-rate * age),
            changes=chance.random((DAYS, FACTS)) < -np.expm1(-rate * DAY),
        )


class ByWorth:
    """The order of the system: beliefs that begin at the TTL and learn from each refresh, alone and by dataset."""

    def __init__(self, facts: ChangingFacts) -> None:
        self._facts = facts
        self._belief = RateBelief(np.ones(FACTS), facts.ttl.copy())
        self._prior = self._belief
        self._renewals: list[tuple[NDArray[np.int64], Floats, NDArray[np.bool_]]] = []
        self._days = 0

    def order(self, age: Floats) -> Floats:
        return worth_of_refresh(self._belief, age, self._facts.reads, self._facts.cost)

    def learn(self, picked: NDArray[np.int64], age: Floats, changed: NDArray[np.bool_]) -> None:
        self._renewals.append((picked, age, changed))
        self._belief = _updated(self._belief, picked, age, changed)
        self._days += 1
        if self._days % _RENEWED_EVERY == 0:
            self._renew()

    def _renew(self) -> None:
        """The priors from all renewals so far, and every fact's own renewals once more from there."""
        picked = np.concatenate([one[0] for one in self._renewals])
        ages, changed = (
            np.concatenate([one[1] for one in self._renewals]),
            np.concatenate([one[2] for one in self._renewals]),
        )
        shape, seconds = self._prior.shape.copy(), self._prior.seconds.copy()
        dataset = self._facts.dataset[picked]
        priors = priors_of(dataset, ages, changed, groups=len(TTL_DAYS))
        for number in np.flatnonzero(np.bincount(dataset, minlength=len(TTL_DAYS)) >= ENOUGH):
            shape[self._facts.dataset == number] = priors.shape[number]
            seconds[self._facts.dataset == number] = priors.seconds[number]
        belief = RateBelief(shape, seconds)
        for look in self._renewals:
            belief = _updated(belief, *look)
        self._belief = belief


def _updated(belief: RateBelief, picked: NDArray[np.int64], age: Floats, changed: NDArray[np.bool_]) -> RateBelief:
    shape, seconds = belief.shape.copy(), belief.seconds.copy()
    after = RateBelief(shape[picked], seconds[picked]).observed(age, changed)
    shape[picked], seconds[picked] = after.shape, after.seconds
    return RateBelief(shape, seconds)


def stale_reads(seed: int, share: float, name: str) -> float:
    """The share of reads that are stale, when each day `share` of the catalogue's cost is spent in this order."""
    facts, chance = ChangingFacts.of(seed), np.random.default_rng(seed + 1)
    budget, ours, stale_now, all_reads = facts.cost.sum() * share, ByWorth(facts), 0.0, 0.0
    age, stale = facts.age.copy(), facts.stale.copy()
    for day in range(DAYS):
        age += DAY
        stale |= facts.changes[day]
        stale_now += facts.reads[stale].sum()
        all_reads += facts.reads.sum()
        match name:
            case "oracle":
                a = facts.rate * age
                first = facts.reads / (facts.rate * facts.cost) * (1 - (1 + a) * np.exp(-a))
            case "by worth":
                first = ours.order(age)
            case "overdue times reads over cost":
                first = np.maximum(age - facts.ttl, 0) * facts.reads / facts.cost
            case "TTL":
                first = age - facts.ttl
            case _:
                first = chance.random(FACTS)
        order = np.argsort(-first, kind="stable")
        picked = order[: np.searchsorted(np.cumsum(facts.cost[order]), budget)]
        if name == "by worth":
            ours.learn(picked, age[picked], stale[picked])
        stale[picked], age[picked] = False, 0.0
    return float(stale_now / all_reads)


ORDERS = ("oracle", "by worth", "overdue times reads over cost", "TTL", "random")


def show_stale(seeds: range) -> bool:
    """Whether the goal is met."""
    print(f"{FACTS:,} facts, {DAYS} days, seeds {seeds[0]} to {seeds[-1]}: stale reads, and beside the oracle's")
    print(f"{'budget a day':<14}" + "".join(f"{name:>32}" for name in ORDERS))
    worst = 0.0
    for share in BUDGETS:
        means = {name: float(np.mean([stale_reads(seed, share, name) for seed in seeds])) for name in ORDERS}
        cells = (f"{means[name]:.1%} ({means[name] / means['oracle']:.3f})" for name in ORDERS)
        print(f"{share:<14.1%}" + "".join(f"{cell:>32}" for cell in cells))
        worst = max(worst, means["by worth"] / means["oracle"])
    print(f"by worth beside the oracle: {worst:.3f} at most (goal 1.05)")
    return worst <= 1.05


def show_all_deciding(companies: int) -> bool:
    """Whether the goals are met."""
    print(f"What to refresh, seed {SEED}:")
    ranked = show_ranking(companies, SEED)
    show_deciding(companies, consumer="profile", kind="expired")
    nothing_due = sum(show_deciding(companies // 10, consumer="profile", kind="fresh"))
    show_deciding(companies // 10, consumer="profile", kind="incomplete")
    print(
        f"seconds of CPU: ranked {ranked:.2f} s beyond the read (goal {MOST_BEYOND_THE_READ:.0f}); "
        f"nothing due: {nothing_due:.2f} s (goal {MOST_WITH_NOTHING_DUE:.0f})"
    )
    return ranked <= MOST_BEYOND_THE_READ and nothing_due <= MOST_WITH_NOTHING_DUE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("section", nargs="*", choices=["stale", "deciding", []], default=[])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--companies", type=int, default=100_000, help="how many for section deciding")
    chosen = parser.parse_args()
    sections: dict[str, Callable[[], bool]] = {
        "stale": lambda: show_stale(range(1, chosen.seeds + 1)),
        "deciding": lambda: show_all_deciding(chosen.companies),
    }
    met = [show() for name, show in sections.items() if not chosen.section or name in chosen.section]
    sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
