"""What caps leave for purchases that are about to begin."""

from dataclasses import replace

import pytest

from enrichment.domain.purchases import Cap
from enrichment.policy.execution_model import RemainingCap
from enrichment.purchasing.caps import RemainingCaps, caps_of, remaining_caps, tightest, too_dear
from enrichment.rules.requirements import Requirements, requirements_of
from tests.support.examples import MATRIX, NOON

SNOV, JOBS, NEWS = "snov_contacts", "serp_jobs", "serp_news"
ALL_SOURCES = frozenset(MATRIX.sources)


def caps_left(left: int, **of_providers: int) -> RemainingCaps:
    limits = {"request:req_1": RemainingCap(left, ALL_SOURCES)}
    for provider, amount in of_providers.items():
        over = frozenset(name for name, source in MATRIX.sources.items() if source.provider == provider)
        limits[f"provider:{provider}:2026-03-02"] = RemainingCap(amount, over)
    return RemainingCaps(MATRIX, limits)


def test_a_purchase_fits_where_the_most_it_may_cost_is_left() -> None:
    """Snov is expected to take 0.10 and may take 0.14."""
    assert caps_left(140_000).fits(SNOV)
    assert not caps_left(139_999).fits(SNOV)


def test_every_cap_it_is_under_must_allow_it() -> None:
    assert not caps_left(1_000_000, snov=100_000).fits(SNOV)
    assert caps_left(1_000_000, snov=100_000).fits(JOBS)


def test_those_that_begin_together_fit_one_after_another() -> None:
    assert caps_left(110_000).together([JOBS, SNOV, NEWS]) == (JOBS, NEWS)
    assert caps_left(1_000_000, serpapi=60_000).together([JOBS, NEWS, SNOV]) == (JOBS, SNOV)
    assert caps_left(189_999).together([SNOV, JOBS]) == (SNOV,)
    assert caps_left(190_000).together([SNOV, JOBS]) == (SNOV, JOBS)


def test_what_does_not_fit_is_explained_by_the_cap_that_leaves_least() -> None:
    assert caps_left(100_000).why_not(SNOV) == "may cost 0.14 USD, this request leaves 0.10: raise --max-cost"
    assert "today's cap on snov leaves 0.05: raise it in config/caps.yaml" in caps_left(100_000, snov=50_000).why_not(
        SNOV
    )


@pytest.mark.parametrize(
    ("cap", "what_to_do"),
    [
        ("request:req_1", "ask in a session with a larger budget"),
        ("batch:bat_1", "resume the batch with a larger budget"),
        ("day:2026-03-02", "raise it in config/caps.yaml"),
        ("key:crm:2026-03-02", "ask for a key with a higher cap, or tomorrow (UTC)"),
    ],
)
def test_what_to_do_is_said_for_the_cap_that_binds_and_the_way_in_that_set_it(cap: str, what_to_do: str) -> None:
    assert too_dear(50_000, cap, 0, "ask in a session with a larger budget").endswith(f"leaves 0.00: {what_to_do}")


def test_a_cap_that_a_vendor_has_overrun_leaves_nothing_but_what_is_free() -> None:
    day = Cap("day:2026-03-02", 100_000)
    caps = {SNOV: (day,), JOBS: (day, Cap("source:serp_jobs:2026-03-02", 30_000))}
    assert remaining_caps(caps, {"day:2026-03-02": 120_000}) == {
        "day:2026-03-02": RemainingCap(0, frozenset({SNOV, JOBS})),
        "source:serp_jobs:2026-03-02": RemainingCap(30_000, frozenset({JOBS})),
    }


def wanted(max_cost: int, consumer: str) -> Requirements:
    return replace(requirements_of(MATRIX, ["profile"]), max_cost=max_cost, consumer=consumer)


def test_a_cap_carries_its_day_and_the_tightest_is_named() -> None:
    caps = caps_of(MATRIX, wanted(500_000, "profile"), "req_1", NOON, provider="snov", source="s")
    assert [cap.name for cap in caps if cap.most_micro_usd is not None] == ["day:2026-03-02", "request:req_1"]
    assert tightest(caps, {"request:req_1": 480_000}) == ("request:req_1", 20_000)
    assert tightest([Cap("day:x", 10)], {"day:x": 50}) == ("day:x", 0)


def test_what_has_no_limit_is_added_up_all_the_same() -> None:
    caps = caps_of(MATRIX, wanted(1, "a+b"), "req_1", NOON, provider="snov", source="s")
    without = {cap.name for cap in caps if cap.most_micro_usd is None}
    day = "2026-03-02"
    assert without == {f"consumer:a:{day}", f"consumer:b:{day}", f"provider:snov:{day}", f"source:s:{day}"}
    assert all(cap.allows(10**12) for cap in caps if cap.name in without)
