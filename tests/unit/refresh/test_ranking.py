"""What is refreshed first, within what each consumer may spend, and what that spares."""

import numpy as np
import pytest

from enrichment.domain.companies import Company
from enrichment.refresh.change_rates import RateBelief
from enrichment.refresh.ranking import DueProfile, KnownFacts, RefreshPlan, in_batches, refresh_plan, worth_of
from tests.support.examples import NOON

DAY = 86_400.0
DATASETS = ("industry", "key_contacts")
FOUND = np.array([0.8, 0.4])


def company(key: str) -> Company:
    return Company(key, key, None, key, NOON)


def due(key: str, *renews: str, consumer: str = "profile", cost: int = 100_000) -> DueProfile:
    return DueProfile(company(key), consumer, f"pro_{key}", "", NOON, frozenset(renews), frozenset(), cost)


def facts(rows: dict[str, tuple[list[float], list[float]]], days: float = 30) -> KnownFacts:
    """company -> ages in days, reads a day, of both datasets."""
    age = np.array([ages for ages, _ in rows.values()]) * DAY
    belief = RateBelief(np.ones_like(age), np.full_like(age, days * DAY))
    return KnownFacts(list(rows), DATASETS, age, np.array([reads for _, reads in rows.values()]), belief, FOUND)


def test_the_most_worth_for_a_dollar_comes_first_and_what_does_not_fit_is_passed_over() -> None:
    known = facts({"old": ([40, 1], [1, 0]), "read": ([40, 1], [9, 0]), "dear": ([40, 1], [9, 0])})
    profiles = [due("old", "industry"), due("read", "industry"), due("dear", "industry", cost=700_000)]
    plan = refresh_plan(profiles, known, {"profile": 250_000}, {})
    assert [profile.company.key for profile in plan.picked] == ["read", "old"]
    assert (plan.cost, plan.too_dear) == (200_000, 1)


def test_a_profile_is_worth_the_sum_of_what_its_plan_would_renew() -> None:
    known = facts({"a": ([40, 20], [2, 3])})
    both, one, other = worth_of([due("a", *DATASETS), due("a", "industry"), due("a", "key_contacts")], known)
    assert float(both) == pytest.approx(float(one + other))


def test_what_costs_nothing_comes_first_and_what_no_consumer_reads_is_not_bought() -> None:
    known = facts({"free": ([40, 1], [0, 0]), "read": ([40, 1], [1, 0]), "unread": ([400, 400], [0, 0])})
    profiles = [due("read", "industry"), due("unread", *DATASETS), due("free", cost=0)]
    plan = refresh_plan(profiles, known, {"profile": 10_000_000}, {})
    assert [profile.company.key for profile in plan.picked] == ["free", "read"]
    assert plan.unread == 1


def test_what_was_never_known_is_worth_what_is_surely_out_of_date_times_the_chance_to_find_it() -> None:
    known = facts({"never": ([np.inf, np.inf], [1, 1]), "old": ([9_999, 1], [1, 0])})
    often, seldom, old = worth_of(
        [due("never", "industry"), due("never", "key_contacts"), due("old", "industry")], known
    )
    assert float(often) == pytest.approx(0.8 * float(old), rel=0.02)
    assert float(seldom) == pytest.approx(float(often) / 2)


def test_each_consumer_has_a_budget_of_its_own() -> None:
    known = facts({"a": ([40, 40], [1, 1]), "b": ([40, 40], [1, 1])})
    profiles = [due("a", "industry"), due("b", "industry"), due("a", "key_contacts", consumer="other")]
    plan = refresh_plan(profiles, known, {"profile": 100_000}, {})
    assert [(p.company.key, p.consumer) for p in plan.picked] == [("a", "profile")]
    assert plan.too_dear == 2


def stale(plan: RefreshPlan) -> tuple[float, float, float]:
    """Reads a day: all, stale before, stale after."""
    assert plan.stale is not None
    return plan.stale.all, plan.stale.before, plan.stale.after


def test_stale_reads_are_those_of_all_known_facts_and_fall_by_what_is_refreshed() -> None:
    known = facts({"a": ([30, 0], [10, 5]), "b": ([30, np.inf], [4, 100])})
    plan = refresh_plan([due("a", "industry"), due("b", *DATASETS, cost=9)], known, {"profile": 9}, {})
    assert stale(plan) == pytest.approx((19, 7, 5))  # at 30 days it has changed with a chance of one half
    both = refresh_plan([due("a", "industry"), due("b", *DATASETS)], known, {"profile": 10**6}, {})
    assert stale(both) == pytest.approx((19, 7, 0))


def test_nothing_due_is_a_plan_too() -> None:
    plan = refresh_plan([], facts({"a": ([30, 0], [10, 5])}), {"profile": 9}, {"idle": 3})
    assert (plan.picked, plan.left_alone) == ((), {"idle": 3})
    assert stale(plan) == pytest.approx((15, 5, 5))


def test_companies_picked_for_the_same_consumers_share_a_batch_and_the_budget_is_shared_out() -> None:
    known = facts({key: ([40, 40], [1, 1]) for key in "abc"})
    profiles = [due("a", "industry"), due("b", "industry", cost=300_000), due("c", "industry", cost=100_000)]
    profiles.append(due("a", "key_contacts", consumer="other", cost=50_000))
    left = {"profile": 1_000_000, "other": 80_000}
    batches = in_batches(refresh_plan(profiles, known, left, {}), left, largest=1)
    shown = [(batch.consumers, [c.key for c in batch.companies], batch.max_cost) for batch in batches]
    assert sorted(shown) == [
        (("other", "profile"), ["a"], 280_000),
        (("profile",), ["b"], 600_000),
        (("profile",), ["c"], 200_000),
    ]
