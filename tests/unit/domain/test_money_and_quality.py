"""Money is rounded once; quality follows its formula."""

from datetime import timedelta
from decimal import Decimal

import pytest

from enrichment.domain.money import charge, counted, in_usd, to_micro
from enrichment.domain.records import Cap
from enrichment.profiles.quality import Aged, profile_quality
from enrichment.purchasing.budgets import caps_of, tightest
from tests.support.examples import MATRIX, NOON

FRESH = Aged(0.9, NOON, NOON + timedelta(days=1))


@pytest.mark.parametrize(
    ("units", "prices", "micro_usd"),
    [
        ({"search": 1}, {"search": "0.05"}, 50_000),
        ({"input_token": 3, "output_token": 1}, {"input_token": "0.0000004", "output_token": "0.0000016"}, 3),
        ({"credit": 1}, {"credit": "0.0000005"}, 1),
        ({"credit": 3}, {"credit": "0.0000005"}, 2),
        ({}, {}, 0),
    ],
)
def test_a_charge_is_exact_and_rounded_once_half_up(
    units: dict[str, int], prices: dict[str, str], micro_usd: int
) -> None:
    assert charge(units, {unit: Decimal(price) for unit, price in prices.items()}) == micro_usd


def test_money_for_people_hides_no_fraction_of_a_cent() -> None:
    assert [in_usd(x) for x in (170_000, 400, 0, to_micro(Decimal("1.5")))] == ["0.17", "0.0004", "0.00", "1.50"]


def test_units_are_counted_in_words() -> None:
    units: tuple[dict[str, int], ...]
    units = ({"search": 30_000}, {"search": 1}, {"input_token": 900, "output_token": 1}, {"person_record": 0}, {})
    assert [counted(each) for each in units] == [
        "30,000 searches",
        "1 search",
        "900 input tokens, 1 output token",
        "0 person records",
        "no units",
    ]


def test_a_cap_carries_its_day_and_the_tightest_is_named() -> None:
    caps = caps_of(
        MATRIX, request_id="req_1", max_cost=500_000, consumer="profile", provider="snov", source="s", at=NOON
    )
    assert [cap.name for cap in caps if cap.limit_micro_usd is not None] == ["day:2026-03-02", "request:req_1"]
    assert tightest(caps, {"request:req_1": 480_000}) == ("request:req_1", 20_000)
    assert tightest([Cap("day:x", 10)], {"day:x": 50}) == ("day:x", 0)


def test_what_has_no_limit_is_added_up_all_the_same() -> None:
    caps = caps_of(MATRIX, request_id="req_1", max_cost=1, consumer="a+b", provider="snov", source="s", at=NOON)
    without = {cap.name for cap in caps if cap.limit_micro_usd is None}
    day = "2026-03-02"
    assert without == {f"consumer:a:{day}", f"consumer:b:{day}", f"provider:snov:{day}", f"source:s:{day}"}
    assert all(cap.allows(10**12) for cap in caps if cap.name in without)


def test_a_complete_fresh_profile_is_of_high_confidence() -> None:
    quality = profile_quality(required=[True] * 4, optional=[True], facts=[FRESH], now=NOON)
    assert (quality.completeness, quality.freshness, quality.confidence) == (1.0, 1.0, "High")
    assert quality.overall == pytest.approx(0.9**0.3)


def test_required_datasets_count_twice() -> None:
    quality = profile_quality(required=[True, False], optional=[True], facts=[FRESH], now=NOON)
    assert quality.completeness == pytest.approx(3 / 5)


def test_a_missing_required_dataset_keeps_confidence_from_high() -> None:
    quality = profile_quality(required=[True] * 9 + [False], optional=[], facts=[FRESH], now=NOON)
    assert quality.overall > 0.8
    assert quality.confidence == "Medium"


def test_freshness_falls_with_age_and_never_below_nothing() -> None:
    later = NOON + timedelta(hours=12)
    assert profile_quality(required=[True], optional=[], facts=[FRESH], now=later).freshness == pytest.approx(0.5)
    assert profile_quality(required=[True], optional=[], facts=[FRESH], now=NOON + timedelta(days=9)).freshness == 0


def test_a_profile_of_nothing_is_worth_nothing() -> None:
    assert profile_quality(required=[False], optional=[], facts=[], now=NOON).overall == 0
