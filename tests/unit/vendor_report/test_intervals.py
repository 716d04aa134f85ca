"""Figures of the vendor report: their intervals contain the truth, or there is none."""

import numpy as np
import pytest

from resources.vendor_report.intervals import Figure, RatioSums, share


def test_intervals_of_a_price_contain_the_truth_in_nine_of_ten() -> None:
    """Purchases of 0.03 USD, of which 7 in 10 find the company and have 0 to 4 good facts: 0.03 / 1.4 USD for each."""
    rng, inside = np.random.default_rng(5), 0
    for _ in range(500):
        good = rng.integers(0, 5, size=60) * (rng.random(60) < 0.7)
        found = RatioSums.of([(0.03, float(number)) for number in good]).figure()
        assert found is not None
        assert found.interval is not None
        inside += found.interval[0] <= 0.03 / 1.4 <= found.interval[1]
    assert 0.86 <= inside / 500 <= 0.94


def test_what_rests_on_few_cases_has_no_interval_and_what_rests_on_none_no_value() -> None:
    assert RatioSums.of([(1.0, 2.0)] * 29).figure() == Figure(0.5, None)
    assert RatioSums.of([(1.0, 2.0)] * 10).figure(10) == Figure(0.5, (0.5, 0.5))
    assert RatioSums.of([(1.0, 0.0)] * 50).figure() is None
    assert Figure.total([1.0] * 29) == Figure(29.0, None)
    assert share(0, 0) is None


def test_a_total_is_as_sure_as_its_cases_are_alike() -> None:
    alike, apart = Figure.total([2.0] * 50), Figure.total([0.0, 4.0] * 25)
    assert alike.interval == (100.0, 100.0)
    assert apart.interval is not None
    assert apart.value == 100.0
    assert apart.interval[1] - apart.value == pytest.approx(1.676 * 2 * (50 * 50 / 49) ** 0.5, rel=0.01)
