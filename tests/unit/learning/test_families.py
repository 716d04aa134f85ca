"""Which sources repeat one another, from what was answered together, however the order of asking came about."""

from collections import Counter
from random import Random

import pytest

from enrichment.learning.families import Answered, families_of

RATES = {"apollo": 0.8, "feed": 0.9, "other": 0.7}
"""Of companies that they can know."""


def answered(rng: Random, companies: int, known: float, *orders: tuple[str, ...]) -> Counter[Answered]:
    """Asked one after another until one matches, as plans do; what `other` knows does not depend on the rest."""
    counts = Counter[Answered]()
    for number in range(companies):
        exists, found = rng.random() < known, dict[str, bool]()
        for source in orders[number % len(orders)]:
            found[source] = (exists or source == "other") and rng.random() < RATES[source]
            if found[source]:
                break
        counts[tuple(sorted(found.items()))] += 1
    return counts


def test_sources_that_miss_the_same_companies_are_one_family_and_the_rest_is_left_apart() -> None:
    orders = ("feed", "apollo", "other"), ("apollo", "other", "feed")
    counts = answered(Random(1), 2_000, 0.7, *orders)
    (family,) = families_of(counts, [("apollo", "feed", "other")], {})
    assert family.sources == {"apollo", "feed"}
    assert family.known.low <= 0.7 <= family.known.high
    assert family.known.mean == pytest.approx(0.7, abs=0.04)
    assert family.rates["apollo"] == pytest.approx(0.7 * 0.8, abs=0.03)
    assert family.rates["feed"] == pytest.approx(0.7 * 0.9, abs=0.03)


def test_of_sources_always_asked_in_one_order_what_the_rules_state_tells_a_family_from_a_poor_source() -> None:
    counts = answered(Random(1), 2_000, 0.7, ("feed", "apollo"))
    (family,) = families_of(counts, [("apollo", "feed")], {"apollo": 0.56, "feed": 0.63})
    assert family.rates["apollo"] == pytest.approx(0.56, abs=0.1)
    assert families_of(counts, [("apollo", "feed")], {"apollo": 0.2, "feed": 0.63}) == []


def test_sources_that_fail_by_themselves_are_no_family() -> None:
    for seed in range(20):
        counts = answered(Random(seed), 1_000, 1.0, ("feed", "apollo", "other"))
        assert families_of(counts, [("apollo", "feed", "other")], {}) == [], f"seed {seed}"


def test_sources_that_are_never_asked_one_after_another_are_not_compared() -> None:
    counts = answered(Random(1), 2_000, 0.7, ("feed", "apollo"))
    assert families_of(counts, [("apollo", "other"), ("feed", "other")], {}) == []
