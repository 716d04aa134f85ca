"""What a look at a fact shows of its change rate, against the exact posterior by numbers."""

import numpy as np
import pytest

from enrichment.refresh.change_rates import RateBelief, priors_of

DAY = 86_400.0
RATES = np.linspace(1e-4, 20, 400_000) / (30 * DAY)


def gamma(shape: float, seconds: float) -> np.ndarray:
    density = RATES ** (shape - 1) * np.exp(-seconds * RATES)
    return np.asarray(density / density.sum())


@pytest.mark.parametrize("shape", [1.0, 1.5, 3.0])
@pytest.mark.parametrize("days", [1.0, 30.0, 200.0])
@pytest.mark.parametrize("changed", [True, False])
def test_a_look_moves_mean_and_variance_to_those_of_the_exact_posterior(
    shape: float, days: float, changed: bool
) -> None:
    before = RateBelief.of(30 * DAY, shape=shape)
    after = before.observed(np.asarray(days * DAY), np.asarray(changed))
    same = np.exp(-RATES * days * DAY)
    exact = gamma(shape, shape * 30 * DAY) * ((1 - same) if changed else same)
    exact /= exact.sum()
    mean = (exact * RATES).sum()
    variance = (exact * RATES**2).sum() - mean**2
    assert float(after.rate) == pytest.approx(mean, rel=2e-3)
    assert float(after.shape / after.seconds**2) == pytest.approx(variance, rel=5e-3)


def test_a_change_makes_it_quicker_and_none_makes_it_slower() -> None:
    before, week = RateBelief.of(30 * DAY), np.asarray(7 * DAY)
    assert before.observed(week, np.asarray(True)).rate > before.rate > before.observed(week, np.asarray(False)).rate


def test_arrays_are_looked_at_one_by_one() -> None:
    one = RateBelief.of(30 * DAY)
    many = RateBelief(np.full(2, one.shape), np.full(2, one.seconds))
    after = many.observed(np.full(2, 7 * DAY), np.array([True, False]))
    alone = [float(one.observed(np.asarray(7 * DAY), np.asarray(changed)).rate) for changed in (True, False)]
    assert after.rate.tolist() == pytest.approx(alone)


@pytest.mark.parametrize(("days", "shape"), [(14.0, 2.0), (120.0, 1.0)])
def test_the_prior_of_a_dataset_is_found_from_looks_at_many_of_its_facts(days: float, shape: float) -> None:
    chance = np.random.default_rng(7)
    rates = chance.gamma(shape, 1 / (shape * days * DAY), 4_000)
    ages = chance.uniform(1, 3 * days, 4_000) * DAY
    changed = chance.random(4_000) < -np.expm1(-rates * ages)
    prior = priors_of(np.zeros(4_000, np.int64), ages, changed, groups=1)
    assert (1 / prior.rate / DAY).tolist() == pytest.approx([days], rel=0.2)
