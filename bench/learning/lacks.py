"""`python -m bench.learning.lacks`: sources that lack a dataset of the same companies, learned from what was asked.

seeds -> true chances -> companies, asked one source after another -> families_of -> the policy -> its cost at the truth

Two of three sources resell one feed: of a company that is not in it, neither has the dataset. What each has of all
companies is known to start with, so only that they fail together is to be learned.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from bench.planner.policy_forecast import forecast
from enrichment.learning.families import Answered, families_of
from enrichment.policy.compiled import compile_enhanced
from enrichment.policy.problem import Family, Offer, Problem

SEEDS, COMPANIES = 100, 800
_FEED, _RESOLD, _OTHER = "feed", "resold", "other"
_DATASET = "revenue"


@dataclass(frozen=True, slots=True)
class World:
    """in_feed: share of the known companies of which the feed has the dataset. fills: given a match, of all."""

    in_feed: float
    matches: dict[str, float]
    fills: dict[str, float]
    prices: dict[str, int]
    worth: int

    @staticmethod
    def of(seed: int) -> "World":
        rng = Random(seed)
        in_feed = rng.uniform(0.45, 0.75)
        fills = {source: in_feed * rng.uniform(0.8, 0.98) for source in (_FEED, _RESOLD)}
        return World(
            in_feed,
            {source: rng.uniform(0.7, 0.95) for source in (_FEED, _RESOLD, _OTHER)},
            {**fills, _OTHER: rng.uniform(0.3, 0.6)},
            {source: rng.randint(5, 20) * 10_000 for source in (_FEED, _RESOLD, _OTHER)},
            rng.randint(20, 60) * 10_000,
        )

    def problem(self, in_feed: float | None) -> Problem:
        """in_feed: None: each source fails by itself."""
        family: tuple[tuple[str, Family], ...] = ()
        if in_feed is not None:
            known = min(0.99, max(in_feed, *(self.fills[source] / 0.99 for source in (_FEED, _RESOLD))))
            rates = tuple((source, self.matches[source] * self.fills[source]) for source in (_FEED, _RESOLD))
            family = ((_DATASET, Family(known, rates)),)
        offers = (
            Offer(
                source,
                self.prices[source],
                0,
                self.matches[source],
                ((_DATASET, fill),),
                fill_families=() if source == _OTHER else family,
            )
            for source, fill in sorted(self.fills.items())
        )
        return Problem(tuple(offers), frozenset(), ((_DATASET, self.worth),))


@dataclass(frozen=True, slots=True)
class Learned:
    """Objectives (spend and worth lost) in micro-USD of a request at the truth, by what the policy knows."""

    is_found: bool
    contains: bool
    apart: float
    learned: float
    true: float


def learned(seed: int, companies: int = COMPANIES) -> Learned:
    world, rng = World.of(seed), Random(seed + 1_000_000)
    counts = Counter[Answered]()
    for _ in range(companies):
        is_there, had = rng.random() < world.in_feed, dict[str, bool]()
        for source in rng.sample([_FEED, _RESOLD, _OTHER], 3):
            if rng.random() < world.matches[source]:
                chance = world.fills[source] if source == _OTHER else is_there * world.fills[source] / world.in_feed
                had[source] = rng.random() < chance
                if had[source]:
                    break
        counts[tuple(sorted(had.items()))] += 1
    families = families_of(counts, [(_FEED, _RESOLD, _OTHER)], world.fills)
    found = next((one for one in families if one.sources == {_FEED, _RESOLD}), None)
    truth = world.problem(world.in_feed)
    policies = [None, None if found is None else found.known.mean, world.in_feed]
    costs = [forecast(compile_enhanced(world.problem(share)), truth).objective for share in policies]
    contains = found is not None and found.known.low <= world.in_feed <= found.known.high
    return Learned(found is not None, contains, *costs)


def show(seeds: int) -> None:
    runs = [learned(seed) for seed in range(seeds)]
    found = [run for run in runs if run.is_found]
    print(f"two of three sources resell one feed, {COMPANIES} companies, seeds 0 to {seeds - 1}: the pair is found in")
    print(f"  {len(found)}; the 90 % interval contains the share of the feed in {sum(run.contains for run in found)}")
    for name in ("apart", "learned"):
        _show_above(name, [getattr(run, name) / run.true - 1 for run in runs])
    alone = sum(len(families_of(_by_themselves(seed), [(_FEED, _RESOLD, _OTHER)], {})) for seed in range(seeds))
    print(f"  sources that lack it by themselves: a family in {alone} of {seeds}")


def _show_above(name: str, above: Sequence[float]) -> None:
    what = {"apart": "as if each failed by itself", "learned": "with what was learned"}[name]
    print(f"  a policy {what} costs {np.mean(above):.2%} more than one that knows, at most {max(above):.2%}")


def _by_themselves(seed: int) -> Counter[Answered]:
    world, rng = World.of(seed), Random(seed + 2_000_000)
    counts = Counter[Answered]()
    for _ in range(COMPANIES):
        had = dict[str, bool]()
        for source in rng.sample([_FEED, _RESOLD, _OTHER], 3):
            had[source] = rng.random() < world.fills[source]
            if had[source]:
                break
        counts[tuple(sorted(had.items()))] += 1
    return counts


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--seeds", type=int, default=SEEDS)
    show(options.parse_args().seeds)


if __name__ == "__main__":
    main()
