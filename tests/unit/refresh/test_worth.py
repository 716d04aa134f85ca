"""What a refresh is worth: the formula against its average over drawn rates, and what must hold of any such order."""

import numpy as np
import pytest

from enrichment.refresh.change_rates import RateBelief
from enrichment.refresh.worth import stale_chance, worth_of_refresh

DAY = 86_400.0


@pytest.mark.parametrize("shape", [0.6, 1.0, 1.0000001, 2.5])
@pytest.mark.parametrize("days", [0.5, 20.0, 400.0])
def test_it_is_the_mean_of_the_known_rates_formula_over_what_is_believed(shape: float, days: float) -> None:
    belief, age = RateBelief.of(30 * DAY, shape=shape), days * DAY
    rates = np.random.default_rng(3).gamma(shape, 1 / float(belief.seconds), 2_000_000)
    rates = rates[rates > 0]
    known = (1 - (1 + rates * age) * np.exp(-rates * age)) / rates
    found = worth_of_refresh(belief, np.asarray(age), np.asarray(3.0), np.asarray(0.5))
    assert float(found) == pytest.approx(6 * known.mean(), rel=0.02)


def test_it_grows_with_age_and_reads_and_falls_with_cost() -> None:
    belief = RateBelief.of(30 * DAY)
    ages = np.array([1.0, 5, 50, 500]) * DAY
    worth = worth_of_refresh(belief, ages, np.ones(4), np.ones(4))
    assert (np.diff(worth) > 0).all()
    one = worth_of_refresh(belief, ages, np.full(4, 2.0), np.full(4, 4.0))
    assert one.tolist() == pytest.approx((worth / 2).tolist())


def test_what_was_bought_a_moment_ago_is_worth_nothing() -> None:
    assert float(worth_of_refresh(RateBelief.of(30 * DAY), np.asarray(0.0), np.asarray(9.0), np.asarray(1.0))) == 0


def test_what_never_seems_to_change_is_worth_less_than_what_does() -> None:
    age, one = np.asarray(60 * DAY), np.asarray(1.0)
    slow, quick = (worth_of_refresh(RateBelief.of(days * DAY), age, one, one) for days in (1_000, 60))
    assert float(slow) < float(quick)


def test_the_chance_to_be_stale_rises_from_none_to_certain() -> None:
    chances = stale_chance(RateBelief.of(30 * DAY), np.array([0.0, 30, 1e7]) * DAY)
    assert chances.tolist() == pytest.approx([0, 0.5, 1], abs=1e-3)
