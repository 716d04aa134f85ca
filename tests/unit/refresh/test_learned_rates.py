"""Rates by dataset, by group, by company: each where there is enough to know it by."""

import numpy as np
import pytest

from enrichment.refresh.change_rates import RateBelief, priors_of
from enrichment.refresh.history import Traits
from enrichment.refresh.learned_rates import ENOUGH, LearnedRates
from enrichment.refresh.observed_renewals import ObservedRenewal
from tests.support.examples import NOON

DAY = 86_400.0
SOFTWARE, BANK = Traits("Software", "11-50"), Traits("Banking", "10001+")


def renewals(company: str, dataset: str, days: float, changes: list[bool]) -> list[ObservedRenewal]:
    """One look each so many days, with these results."""
    return [
        ObservedRenewal(company, dataset, NOON.timestamp() + days * DAY * (n + 1), days * DAY, changed)
        for n, changed in enumerate(changes)
    ]


def drawn(prefix: str, days: float, *, companies: int = 400, seed: int = 1) -> list[ObservedRenewal]:
    """One look at each of many companies, after a different time; changes come once in so many days on average."""
    chance = np.random.default_rng(seed)
    rates = chance.gamma(2.0, 1 / (2 * days), companies)
    every = chance.uniform(1, 3 * days, companies)
    changed = (chance.random(companies) < -np.expm1(-rates * every)).tolist()
    each = (renewals(f"{prefix}{n}", "industry", float(every[n]), [changed[n]]) for n in range(companies))
    return [look for its in each for look in its]


def days_of(rates: LearnedRates, company: str, dataset: str = "industry", **pinned: float) -> float:
    belief = rates.beliefs([company], [dataset], valid_seconds={dataset: 7 * DAY}, pinned=pinned)
    return float((1 / belief.rate)[0, 0]) / DAY


def test_the_priors_of_all_groups_at_once_are_those_of_each() -> None:
    chance = np.random.default_rng(5)
    group = chance.integers(0, 3, 6_000)
    ages = chance.uniform(1, 200, 6_000) * DAY
    rates = chance.gamma(2.0, 1 / (2 * np.array([10.0, 60.0, 300.0])[group] * DAY))
    changed = chance.random(6_000) < -np.expm1(-rates * ages)
    together = priors_of(group, ages, changed, groups=3)
    for n in range(3):
        alone = priors_of(np.zeros((group == n).sum(), np.int64), ages[group == n], changed[group == n], groups=1)
        assert (together.shape[n], together.seconds[n]) == (alone.shape[0], alone.seconds[0])
    assert (1 / together.rate / DAY).tolist() == pytest.approx([10, 60, 300], rel=0.3)


@pytest.mark.parametrize("looks_each", [60, 6_000])
def test_looks_of_one_age_cannot_tell_how_much_companies_differ(looks_each: int) -> None:
    changed = np.arange(looks_each) % 3 == 0
    found = priors_of(np.zeros(looks_each, np.int64), np.full(looks_each, 28 * DAY), changed, groups=1)
    assert found.shape.tolist() == [1.0]
    assert (1 / found.rate / DAY).tolist() == pytest.approx([56], rel=0.08)  # (s / (s + 28)) is two thirds at 56


def test_before_any_look_a_fact_is_supposed_to_change_as_fast_as_its_sources_answers_expire() -> None:
    assert days_of(LearnedRates([], {}), "com_1") == pytest.approx(7)


def test_many_looks_set_the_rate_of_a_dataset_for_companies_not_looked_at_yet() -> None:
    assert days_of(LearnedRates(drawn("a", 90), {}), "com_new") == pytest.approx(90, rel=0.25)


def test_too_few_looks_leave_it_at_what_was_supposed() -> None:
    few = drawn("a", 90, companies=ENOUGH - 1)
    assert days_of(LearnedRates(few, {}), "com_new") == pytest.approx(7)
    [row] = LearnedRates(few, {}).rows()
    assert (row.renewals, row.days_between_changes) == (ENOUGH - 1, None)


def test_a_group_with_enough_looks_has_its_own_rate_and_others_have_that_of_all() -> None:
    seen = [*drawn("soft", 20, seed=2), *drawn("bank", 300, seed=3)]
    traits = {f"soft{n}": SOFTWARE for n in range(400)} | {f"bank{n}": BANK for n in range(400)}
    rates = LearnedRates(seen, traits | {"new_soft": SOFTWARE, "new_bank": BANK, "half": Traits("Software")})
    assert days_of(rates, "new_soft") == pytest.approx(20, rel=0.25)
    assert days_of(rates, "new_bank") == pytest.approx(300, rel=0.3)
    assert days_of(rates, "half") == pytest.approx(20, rel=0.25)
    assert 20 < days_of(rates, "unknown") < 300
    rows = {(row.industry, row.size_band): row.renewals for row in rates.rows()}
    assert rows == {
        (None, None): 800, ("Software", None): 400, ("Banking", None): 400, (None, "11-50"): 400,
        (None, "10001+"): 400, ("Software", "11-50"): 400, ("Banking", "10001+"): 400,
    }  # fmt: skip


def test_a_company_s_own_looks_sharpen_its_rate_one_after_another() -> None:
    seen = [
        *drawn("a", 90),
        *renewals("quick", "industry", 30, [True] * 6),
        *renewals("slow", "industry", 30, [False] * 6),
    ]
    rates = LearnedRates(seen, {})
    group = next(row for row in rates.rows() if row.industry is None).belief
    assert group is not None
    expected = group
    for _ in range(6):
        expected = expected.observed(np.asarray(30 * DAY), np.asarray(True))
    assert days_of(rates, "quick") == pytest.approx(float(1 / expected.rate) / DAY)
    assert days_of(rates, "quick") < days_of(rates, "com_new") < days_of(rates, "slow")


def test_a_pinned_rate_is_as_it_is_pinned_whatever_the_looks_show() -> None:
    rates = LearnedRates([*drawn("a", 90), *renewals("quick", "industry", 30, [True] * 6)], {})
    belief = rates.beliefs(["quick"], ["industry"], valid_seconds={"industry": DAY}, pinned={"industry": 45 * DAY})
    assert (1 / belief.rate / DAY).tolist() == [[pytest.approx(45)]]
    surely = RateBelief.of(45 * DAY, shape=1_000).unchanged(np.asarray(45 * DAY))
    assert float(belief.unchanged(np.asarray(45 * DAY))[0, 0]) == pytest.approx(float(surely))


def test_looks_at_other_companies_and_datasets_change_nothing_of_a_fact() -> None:
    seen = renewals("other", "industry", 30, [True] * 6) + renewals("com_1", "founded", 30, [True] * 6)
    assert days_of(LearnedRates(seen, {}), "com_1") == pytest.approx(7)
