"""How much of what is spent can belong to complete profiles at most, by the rates of the rules: an exact solution.

rules + consumer -> the policy that asks until all that is required is there or cannot be had, at the least cost

Any order of sources, chosen anew after each answer; sources answer independently, as the rules have it. What complete
companies cost besides, for optional datasets, is not in it, so that the share it shows is a little low.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from enrichment.rules import Rules
from enrichment.rules.loader import load_rules
from enrichment.rules.requirements import requirements_of

CONSUMERS = ("profile", "vendor_enrichment", "customer_enrichment")
CONFIG = Path(__file__).parents[2] / "config"


class SourceTest(NamedTuple):
    """One source as a test of what is required. price in USD. fills: dataset -> rate, where it matches."""

    price: float
    is_always_charged: bool
    match_rate: float
    fills: dict[str, float]


class CompleteShare(NamedTuple):
    """complete: chance. cost: expected, in USD; of_complete: the part of it for companies that end complete."""

    complete: float
    cost: float
    of_complete: float

    @property
    def share(self) -> float:
        return self.of_complete / self.cost if self.cost else 0.0


_HOPELESS = CompleteShare(0.0, 0.0, 0.0)


def complete_share(_: Path, *, companies: int | None, seed: int) -> None:
    del companies, seed  # nothing is drawn
    rules = load_rules(CONFIG)
    for consumer in CONSUMERS:
        analyses = requirements_of(rules, (consumer,)).analyses
        besides = sum(map(rules.expected_micro_usd_of_analysis, analyses)) / 1e6
        best = best_share(tests_of(rules, consumer), besides)
        print(
            f"share, {consumer}: at the least expected cost {best.cost:.4f} USD a company, {best.complete:.3f} end "
            f"complete, {best.share:.3f} of what is spent is spent on these",
            flush=True,
        )


def tests_of(rules: Rules, consumer: str) -> list[SourceTest]:
    """The sources that may satisfy what this consumer requires."""
    wanted = requirements_of(rules, (consumer,))
    tests = []
    for name, source in rules.sources.items():
        fills = {
            dataset: promise.fill_rate
            for dataset, promise in source.datasets.items()
            if dataset in wanted.collected_required
            and dataset != "domain"
            and name in rules.datasets[dataset].sources
            and promise.reliability >= wanted.threshold(rules, dataset)
        }
        if fills:
            always = source.charged == "always"
            tests.append(SourceTest(rules.expected_micro_usd(name) / 1e6, always, source.match_rate, fills))
    return tests


def best_share(tests: Sequence[SourceTest], besides: float = 0.0) -> CompleteShare:
    """besides: USD that a complete company costs in the end."""

    @lru_cache(None)
    def best(left: frozenset[str], unasked: frozenset[int]) -> CompleteShare:
        if not left:
            return CompleteShare(1.0, besides, besides)
        if left.difference(*(tests[one].fills for one in unasked)):
            return _HOPELESS
        useful = (one for one in unasked if left.intersection(tests[one].fills))
        return min((asked(one, left, unasked - {one}) for one in useful), key=lambda share: share.cost)

    def asked(one: int, left: frozenset[str], unasked: frozenset[int]) -> CompleteShare:
        complete = cost = of_complete = 0.0
        for chance, price, filled in _outcomes(tests[one], left):
            after = best(left - filled, unasked)
            complete += chance * after.complete
            cost += chance * (price + after.cost)
            of_complete += chance * (price * after.complete + after.of_complete)
        return CompleteShare(complete, cost, of_complete)

    wanted = frozenset[str]().union(*(test.fills for test in tests))
    return best(wanted, frozenset(range(len(tests))))


def _outcomes(test: SourceTest, left: frozenset[str]) -> list[tuple[float, float, frozenset[str]]]:
    """(chance, price, datasets it fills): none where it does not match, else any of those that are left."""
    names = sorted(left.intersection(test.fills))
    outcomes = [(1 - test.match_rate, test.price if test.is_always_charged else 0.0, frozenset[str]())]
    for number in range(1 << len(names)):
        filled = frozenset(name for bit, name in enumerate(names) if number >> bit & 1)
        chance = math.prod(test.fills[name] if name in filled else 1 - test.fills[name] for name in names)
        outcomes.append((test.match_rate * chance, test.price, filled))
    return [outcome for outcome in outcomes if outcome[0] > 0]
