"""Which arm of an experiment is better, however often one looks."""

import numpy as np
import pytest

from bench.learning.experiments import named
from enrichment.learning.pooled_rates import Count
from enrichment.learning.sequential_test import ArmSum, compare_arms, surely_another


@pytest.mark.parametrize("seed", [1, 2])
def test_where_arms_are_alike_daily_looks_name_a_winner_in_at_most_one_of_twenty(seed: int) -> None:
    winners, _ = named(1000, seed)
    assert winners <= 50


def test_an_arm_that_is_a_fifth_cheaper_is_named_and_never_the_other_one() -> None:
    winners, wrong = named(100, 3, difference=0.2)
    assert winners >= 95
    assert wrong == 0


def test_of_few_requests_nothing_is_decided() -> None:
    few = ArmSum(99, 1.0, 0.0001)
    assert not compare_arms(few, ArmSum(5000, 9.0, 0.0001)).decided


def test_two_arms_that_cost_the_same_fixed_price_are_no_winner_and_no_loser() -> None:
    for price in (0.1, 0.07, 0.0131):
        assert not compare_arms(ArmSum.of([price] * 111), ArmSum.of([price] * 207)).decided
        ratio = ArmSum.of_ratio([price] * 130, [1.0] * 130)
        assert not compare_arms(ArmSum.of([price] * 111), ratio).decided
    assert not compare_arms(ArmSum.of([0.0] * 111), ArmSum.of([0.0] * 207)).decided
    assert not compare_arms(ArmSum.of([0.1] * 111), ArmSum.of([0.1 + 1e-7] * 111)).decided
    assert compare_arms(ArmSum.of([0.1] * 111), ArmSum.of([0.12] * 111)).decided


def test_of_six_arms_that_are_alike_daily_looks_name_a_winner_in_at_most_one_of_twenty() -> None:
    """Five of them are compared with the first one, and share the error."""
    rng, named_one = np.random.default_rng(9), 0
    for _ in range(400):
        means = np.cumsum(rng.normal(1.0, 0.5 / 50**0.5, size=(6, 60)), axis=1) / np.arange(1, 61)
        sums = [[ArmSum(50 * day, float(mean), 0.25) for day, mean in enumerate(arm, start=1)] for arm in means]
        named_one += any(
            compare_arms(first, other, error=0.05 / 5).decided
            for others in sums[1:]
            for first, other in zip(sums[0], others, strict=True)
        )
    assert named_one <= 20


def test_the_interval_is_around_the_difference_and_narrows() -> None:
    wide = compare_arms(ArmSum(200, 1.0, 0.5), ArmSum(200, 1.4, 0.5))
    narrow = compare_arms(ArmSum(2000, 1.0, 0.5), ArmSum(2000, 1.4, 0.5))
    assert wide.low < narrow.low < 0.4 < narrow.high < wide.high
    assert (wide.low + wide.high) / 2 == pytest.approx(0.4)


def test_cost_for_each_complete_profile_is_a_ratio_of_sums() -> None:
    found = ArmSum.of_ratio([0.1, 0.3, 0.2, 0.2], [1.0, 1.0, 0.0, 1.0])
    assert found.mean == pytest.approx(0.8 / 3)
    assert found.variance > 0


def test_a_rate_that_is_as_stated_is_said_not_to_be_in_one_of_a_hundred_that_are_looked_at_daily() -> None:
    rng, wrong = np.random.default_rng(4), 0
    for _ in range(300):
        stated = rng.uniform(0.1, 0.95)
        hits = np.cumsum(rng.binomial(10, stated, size=90))
        wrong += any(surely_another(stated, Count(int(hit), 10 * day)) for day, hit in enumerate(hits, start=1))
    assert wrong <= 6


@pytest.mark.parametrize(("hits", "tries", "is_sure"), [(5, 10, False), (10, 30, True), (50, 100, True)])
def test_a_rate_is_surely_another_one_once_there_are_answers_enough(hits: int, tries: int, is_sure: bool) -> None:
    assert surely_another(0.75, Count(hits, tries)) is is_sure
