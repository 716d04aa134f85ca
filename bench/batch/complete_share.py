"""How much of what is spent can belong to complete profiles at most, by the rates of the rules: two exact solutions.

rules + consumer -> the policy that finds out at the least cost whether all that is required can be had
                 -> the policy that spends the greatest share on complete profiles, whatever these then cost

Any order of sources, chosen anew after each answer; the second may give a company up at any time. Sources answer
independently, as the rules have it. No order, and no choice of companies of which nothing is known, can do better.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from enrichment.rules import Rules
from enrichment.rules.loader import load_rules
from enrichment.rules.requirements import Requirements, requirements_of

CONSUMERS = ("profile", "vendor_enrichment", "customer_enrichment")
CONFIG = Path(__file__).parents[2] / "config"
_CLOSE = 1e-6


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

    def above(self, share: float) -> float:
        """USD by which more is spent on complete companies than this share of the cost."""
        return self.of_complete - share * self.cost


_HOPELESS = CompleteShare(0.0, 0.0, 0.0)


def complete_share(_: Path, *, companies: int | None, seed: int) -> None:
    del companies, seed  # exact: no random numbers
    rules = load_rules(CONFIG)
    for consumer in CONSUMERS:
        tests, besides = tests_of(rules, consumer), besides_of(rules, consumer)
        least, greatest = best_share(tests, besides), greatest_share(tests, besides)
        print(
            f"share, {consumer}: at the least expected cost {least.cost / least.complete:.4f} USD a complete company, "
            f"{least.complete:.3f} end complete, {least.share:.3f} of what is spent is spent on these; at most "
            f"{greatest.share:.3f}, for {greatest.cost / greatest.complete:.4f} USD",
            flush=True,
        )


def tests_of(rules: Rules, consumer: str) -> list[SourceTest]:
    """The sources that may satisfy what this consumer requires, and what may be lacking of it."""
    wanted = requirements_of(rules, (consumer,))
    doubtful = {d for d in wanted.collected_required if d != "domain" and not _is_certain(rules, wanted, d)}
    tests = []
    for name, source in rules.sources.items():
        fills = {
            dataset: promise.fill_rate
            for dataset, promise in source.datasets.items()
            if dataset in doubtful
            and name in rules.datasets[dataset].sources
            and promise.reliability >= wanted.threshold(rules, dataset)
        }
        if fills:
            tests.append(SourceTest(_price(rules, name), source.charged == "always", source.match_rate, fills))
    return tests


def besides_of(rules: Rules, consumer: str) -> float:
    """USD that a complete company costs besides: its analyses, and datasets of which the sources tested have none."""
    wanted = requirements_of(rules, (consumer,))
    tested = frozenset[str]().union(*(test.fills for test in tests_of(rules, consumer)))
    sources = [name for name, source in rules.sources.items() if tested.intersection(source.datasets)]
    brought = {dataset for name in sources for dataset in rules.sources[name].datasets}
    worth = {**dict.fromkeys(wanted.collected_required, math.inf), **wanted.collected_optional}
    bought = [
        least
        for dataset in worth
        if dataset not in brought or _is_certain(rules, wanted, dataset)
        if (least := min(_expected(rules, name) for name in rules.datasets[dataset].sources)) <= worth[dataset] / 1e6
    ]
    return sum(bought) + sum(map(rules.expected_micro_usd_of_analysis, wanted.analyses)) / 1e6


def best_share(tests: Sequence[SourceTest], besides: float = 0.0) -> CompleteShare:
    """The policy with the least expected cost. besides: USD that a complete company costs in addition at its end."""

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


def greatest_share(tests: Sequence[SourceTest], besides: float = 0.0) -> CompleteShare:
    """The greatest share of all policies: the ratio above which no policy gains anything (Dinkelbach, 1967)."""
    found = best_share(tests, besides)
    while (better := _most_above(found.share, tests, besides)).share > found.share + _CLOSE:
        found = better
    return found


def _most_above(share: float, tests: Sequence[SourceTest], besides: float) -> CompleteShare:
    """The policy with the most above this share; what was spent so far belongs to the state."""
    outcomes = lru_cache(None)(lambda one, left: _outcomes(tests[one], left))

    @lru_cache(None)
    def best(left: frozenset[str], unasked: frozenset[int], spent: float) -> CompleteShare:
        if not left:
            return CompleteShare(1.0, spent + besides, spent + besides)
        given_up = CompleteShare(0.0, spent, 0.0)
        useful = frozenset(one for one in unasked if left.intersection(tests[one].fills))
        if left.difference(*(tests[one].fills for one in useful)):
            return given_up
        return max(
            (given_up, *(asked(one, left, useful - {one}, spent) for one in useful)),
            key=lambda reached: reached.above(share),
        )

    def asked(one: int, left: frozenset[str], unasked: frozenset[int], spent: float) -> CompleteShare:
        complete = cost = of_complete = 0.0
        for chance, price, filled in outcomes(one, left):
            after = best(left - filled, unasked, round(spent + price, 6))
            complete += chance * after.complete
            cost += chance * after.cost
            of_complete += chance * after.of_complete
        return CompleteShare(complete, cost, of_complete)

    wanted = frozenset[str]().union(*(test.fills for test in tests))
    return best(wanted, frozenset(range(len(tests))), 0.0)


def _outcomes(test: SourceTest, left: frozenset[str]) -> list[tuple[float, float, frozenset[str]]]:
    """(chance, price, datasets it fills): none where it does not match, else any of those that are left."""
    names = sorted(left.intersection(test.fills))
    outcomes = [(1 - test.match_rate, test.price if test.is_always_charged else 0.0, frozenset[str]())]
    for number in range(1 << len(names)):
        filled = frozenset(name for bit, name in enumerate(names) if number >> bit & 1)
        chance = math.prod(test.fills[name] if name in filled else 1 - test.fills[name] for name in names)
        outcomes.append((test.match_rate * chance, test.price, filled))
    return [outcome for outcome in outcomes if outcome[0] > 0]


def _is_certain(rules: Rules, wanted: Requirements, dataset: str) -> bool:
    """Whether a source satisfies it by reporting that there is none."""
    threshold = wanted.threshold(rules, dataset)
    return any(rules.silence_means_none(source, dataset, threshold) for source in rules.datasets[dataset].sources)


def _price(rules: Rules, source: str) -> float:
    return rules.expected_micro_usd(source) / 1e6


def _expected(rules: Rules, source: str) -> float:
    entry = rules.sources[source]
    return _price(rules, source) * (1.0 if entry.charged == "always" else entry.match_rate)
