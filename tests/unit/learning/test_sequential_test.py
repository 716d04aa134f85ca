"""Which arm of an experiment is better, however often one looks."""

import pytest

from bench.learning.experiments import named
from enrichment.learning.sequential_test import ArmSum, compare_arms


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


def test_the_interval_is_around_the_difference_and_narrows() -> None:
    wide = compare_arms(ArmSum(200, 1.0, 0.5), ArmSum(200, 1.4, 0.5))
    narrow = compare_arms(ArmSum(2000, 1.0, 0.5), ArmSum(2000, 1.4, 0.5))
    assert wide.low < narrow.low < 0.4 < narrow.high < wide.high
    assert (wide.low + wide.high) / 2 == pytest.approx(0.4)


def test_cost_for_each_complete_profile_is_a_ratio_of_sums() -> None:
    found = ArmSum.of_ratio([0.1, 0.3, 0.2, 0.2], [1.0, 1.0, 0.0, 1.0])
    assert found.mean == pytest.approx(0.8 / 3)
    assert found.variance > 0
