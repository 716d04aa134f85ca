"""What all would have cost under one arm, from the logs of all arms."""

import numpy as np
import pytest

from bench.learning.off_policy import errors
from enrichment.learning.off_policy import LoggedCompany, if_all


def test_kinds_that_an_arm_saw_less_of_count_by_how_many_there_are() -> None:
    """Small companies cost 1 and large ones 3 under `other`, which saw twice as many small ones; all are half large."""
    others = [("small", 1.0)] * 80 + [("large", 3.0)] * 40
    firsts = [("small", 9.0)] * 120 + [("large", 9.0)] * 160
    logged = [LoggedCompany("other", 0.3, kind, cost) for kind, cost in others]
    logged += [LoggedCompany("first", 0.7, kind, cost) for kind, cost in firsts]
    found = if_all(logged, "other")
    assert found is not None
    assert found.total == pytest.approx(400 * 2.0)
    assert found.seen == 120


def test_a_company_that_was_unlikely_to_be_in_the_arm_speaks_for_more() -> None:
    rare = [LoggedCompany("it", 0.1, "", 5.0)] * 20
    usual = [LoggedCompany("it", 0.9, "", 1.0)] * 180
    found = if_all([*rare, *usual], "it")
    assert found is not None
    assert found.total / 200 == pytest.approx((10 / 0.1 * 5 + 90 / 0.9 * 1) / (10 / 0.1 + 90 / 0.9))
    assert found.low < found.total < found.high


def test_of_an_arm_that_was_never_or_hardly_used_nothing_is_said() -> None:
    assert if_all([LoggedCompany("first", 0.5, "", 1.0)] * 900, "other") is None
    assert if_all([LoggedCompany("first", 0.5, "", 1.0)] * 99, "first") is None


def test_the_estimate_is_within_3_percent_of_what_the_other_strategy_did_cost() -> None:
    for error, _ in errors(7, companies=3_000).values():
        assert abs(error) < 0.03


def _kinds_at_random(rng: np.random.Generator, companies: int, *, kinds: int, sigma: float) -> list[LoggedCompany]:
    return [
        LoggedCompany(
            "other" if rng.random() < 0.15 else "first", 0.15, str(kind), 0.1 * kind * rng.lognormal(0, sigma)
        )
        for kind in rng.integers(1, kinds + 1, size=companies)
    ]


def test_the_interval_contains_the_truth_in_nine_of_ten_where_many_kinds_have_one_company() -> None:
    rng, inside = np.random.default_rng(3), []
    for _ in range(120):
        logged = _kinds_at_random(rng, 1_000, kinds=40, sigma=0.3)
        found = if_all(logged, "other")
        if found is not None:
            inside.append(found.low <= sum(one.cost for one in logged) <= found.high)
    assert len(inside) > 80
    assert sum(inside) / len(inside) > 0.85


def test_where_a_few_companies_cost_nearly_all_no_interval_is_made_up() -> None:
    rng = np.random.default_rng(4)
    shown = [if_all(_kinds_at_random(rng, 1_000, kinds=4, sigma=2.0), "other") is not None for _ in range(20)]
    assert sum(shown) <= 1
