"""What a vendor's account shows of the ledger: whether they agree, what explains it, and what ends by it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichment.purchasing.reconciliation import (
    Agreement,
    BalanceComparison,
    BalanceReading,
    Conclusion,
    LedgerTotals,
    OpenPurchase,
    bounds,
    compare,
    conclude,
    in_words,
    uncertain_after,
)
from tests.support.examples import MATRIX, NOON

HOUR = timedelta(hours=1)
PATIENCE = timedelta(minutes=2)
NOTHING, TWELVE = Decimal(0), Decimal(12)


def reading(
    amount: int | str,
    *,
    settled: int = 0,
    uncertain: int = 0,
    hours: int = 0,
    counts: str = "left",
    unit: str = "credit",
) -> BalanceReading:
    return BalanceReading(
        provider="snov",
        at=NOON + hours * HOUR,
        unit=unit,
        amount=Decimal(amount),
        counts="used" if counts == "used" else "left",
        settled=settled,
        uncertain=uncertain,
    )


def uncertain_of(*units: int, minutes_ago: int = 30) -> tuple[OpenPurchase, ...]:
    """Asked so long before one o'clock, when the second reading is taken."""
    at = NOON + HOUR - timedelta(minutes=minutes_ago)
    return tuple(OpenPurchase(f"pur_{number}", count, at) for number, count in enumerate(units, start=1))


def concluded(
    left: int, *, settled: int = 0, uncertain: Sequence[OpenPurchase] = (), before: BalanceReading | None = None
) -> tuple[BalanceComparison, Conclusion]:
    """The second reading, an hour after one of 1000 credits when nothing was open."""
    totals = LedgerTotals(settled, tuple(uncertain))
    low, wide = bounds(totals, totals)
    comparison = compare(reading(left, settled=low, uncertain=wide, hours=1), [before or reading(1000)])
    return comparison, conclude(comparison, totals, totals, patience=PATIENCE)


def test_the_first_reading_has_nothing_to_agree_with() -> None:
    found = compare(reading(1000, settled=7), [])
    assert (found.agreement, found.since, found.unexplained) == (Agreement.FIRST, None, NOTHING)
    assert "from the next one on" in in_words(found)


def test_a_vendor_that_took_what_the_ledger_settled_agrees() -> None:
    found = compare(reading(988, settled=12, hours=1), [reading(1000)])
    assert (found.agreement, found.change, found.bought, found.drift) == (Agreement.AGREES, TWELVE, 12, NOTHING)


def test_a_vendor_that_counts_what_was_used_agrees_as_well() -> None:
    found = compare(reading(52, settled=12, hours=1, counts="used"), [reading(40, counts="used")])
    assert (found.agreement, found.change) == (Agreement.AGREES, TWELVE)


def test_what_the_ledger_knows_nothing_of_is_drift_and_shows_how_much_and_of_which_vendor() -> None:
    found = compare(reading("984.50", settled=12, hours=1), [reading(1000)])
    assert (found.agreement, found.drift, found.unexplained) == (Agreement.DRIFT, Decimal("3.5"), Decimal("3.5"))
    assert in_words(found).startswith("3.5 credits more were billed than the ledger knows of: somebody else uses")


def test_what_the_ledger_has_and_the_vendor_has_not_is_drift_too() -> None:
    found = compare(reading(990, settled=12, hours=1), [reading(1000)])
    assert (found.agreement, found.unexplained) == (Agreement.DRIFT, Decimal(-2))
    assert in_words(found).startswith("the ledger has 2 credits more than were billed")


@pytest.mark.parametrize(("taken", "unexplained"), [(0, 0), (3, 0), (8, 0), (9, 1), (20, 12)])
def test_uncertain_purchases_explain_what_they_may_have_cost_and_no_more(taken: int, unexplained: int) -> None:
    found, _ = concluded(1000 - taken, uncertain=uncertain_of(4, 4))
    assert found.unexplained == unexplained
    assert (found.agreement is Agreement.DRIFT) == bool(unexplained)


def test_a_plan_that_was_renewed_starts_anew() -> None:
    found = compare(reading(1000, settled=50, hours=2), [reading(40, settled=30, hours=1), reading(60)])
    assert (found.agreement, found.since, found.unexplained) == (Agreement.RENEWED, None, NOTHING)
    after = compare(reading(990, settled=60, hours=3), [found.now, reading(40, settled=30, hours=1), reading(60)])
    assert (after.agreement, after.since) == (Agreement.AGREES, found.now)


def test_a_plan_counted_in_other_units_starts_anew() -> None:
    found = compare(reading(10, hours=1), [reading(1000, unit="token")])
    assert found.agreement is Agreement.RENEWED


def test_a_reading_is_compared_with_the_last_one_the_ledger_was_sure_of() -> None:
    sure, unsure = reading(1000), reading(995, uncertain=8, hours=1)
    found = compare(reading(992, settled=8, hours=2), [unsure, sure])
    assert (found.since, found.agreement) == (sure, Agreement.AGREES)


def test_purchases_uncertain_at_the_only_earlier_reading_explain_drift_in_both_directions() -> None:
    unsure = reading(1000, uncertain=5)
    assert compare(reading(1000, settled=5, hours=1), [unsure]).agreement is Agreement.UNCERTAIN
    assert compare(reading(1000, settled=6, hours=1), [unsure]).unexplained == -1
    assert compare(reading(999, settled=0, hours=1), [unsure]).unexplained == 1


def test_nothing_taken_besides_releases_what_was_uncertain() -> None:
    found, end = concluded(988, settled=12, uncertain=uncertain_of(4, 1))
    assert (found.agreement, found.drift) == (Agreement.UNCERTAIN, NOTHING)
    assert end == Conclusion(release=uncertain_of(4, 1))


def test_all_of_it_taken_settles_what_was_uncertain() -> None:
    assert concluded(983, settled=12, uncertain=uncertain_of(4, 1))[1] == Conclusion(settle=uncertain_of(4, 1))


def test_a_part_of_it_taken_is_left_for_people() -> None:
    _, end = concluded(984, settled=12, uncertain=uncertain_of(4, 1))
    assert (end.settle, end.release, end.left) == ((), (), uncertain_of(4, 1))
    assert end.why == "it billed 4 of the 5 they may have cost"


def test_drift_ends_no_purchase() -> None:
    found, end = concluded(900, settled=12, uncertain=uncertain_of(4))
    assert found.agreement is Agreement.DRIFT
    assert end == Conclusion(left=uncertain_of(4))


def test_what_was_asked_a_moment_ago_may_still_be_billed_and_is_not_released() -> None:
    old, young = uncertain_of(4), (replace(uncertain_of(4, minutes_ago=1)[0], purchase_id="pur_2"),)
    _, end = concluded(1000, uncertain=(*old, *young))
    assert (end.release, end.left) == (old, young)
    assert "in the last 2 min" in (end.why or "")


def test_what_was_asked_a_moment_ago_and_has_been_billed_is_settled() -> None:
    assert concluded(996, uncertain=uncertain_of(4, minutes_ago=0))[1].settle == uncertain_of(4, minutes_ago=0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (LedgerTotals(0, uncertain_of(4)), LedgerTotals(0, uncertain_of(4), under_way=uncertain_of(1))),
        (LedgerTotals(0, uncertain_of(4)), LedgerTotals(1, uncertain_of(4))),
        (LedgerTotals(0, (), under_way=uncertain_of(4)), LedgerTotals(0, uncertain_of(4))),
    ],
)
def test_nothing_ends_by_a_reading_during_which_the_provider_was_at_work(
    before: LedgerTotals, after: LedgerTotals
) -> None:
    settled, uncertain = bounds(before, after)
    comparison = compare(reading(1000, settled=settled, uncertain=uncertain, hours=1), [reading(1000)])
    end = conclude(comparison, before, after, patience=PATIENCE)
    assert (end.left, end.why) == (after.uncertain, "purchases were under way: ask again when they are done")


def test_what_happens_during_a_reading_may_be_in_it_or_not() -> None:
    assert bounds(LedgerTotals(10, uncertain_of(2)), LedgerTotals(13, uncertain_of(2), under_way=uncertain_of(5))) == (
        10,
        10,
    )


def test_nothing_ends_by_a_reading_after_only_an_unsure_one() -> None:
    _, end = concluded(996, uncertain=uncertain_of(4), before=reading(1000, uncertain=4))
    assert (end.left, end.why) == (uncertain_of(4), "some were uncertain at the earlier reading already")


def test_nothing_ends_by_readings_that_both_came_after_it_was_sent() -> None:
    _, end = concluded(1000, uncertain=uncertain_of(4, minutes_ago=61))
    assert (end.left, end.why) == (
        uncertain_of(4, minutes_ago=61),
        "some were uncertain at the earlier reading already",
    )


def test_the_first_reading_ends_no_purchase() -> None:
    totals = LedgerTotals(0, uncertain_of(4))
    assert conclude(compare(reading(1000, uncertain=4), []), totals, totals, patience=PATIENCE).left == uncertain_of(4)


def test_a_provider_that_the_rules_name_no_more_is_uncertain_for_a_week() -> None:
    rules = {"snov": MATRIX.providers["snov"].model_copy(update={"uncertain_after": 60})}
    ages = uncertain_after(rules, ["snov", "gone"])
    assert ages == {"snov": timedelta(minutes=1), "gone": timedelta(days=7)}


@given(
    bought=st.integers(0, 50),
    uncertain=st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=6),
    first=st.integers(0, 10_000),
)
def test_a_ledger_that_is_right_never_drifts_and_no_purchase_ends_against_the_truth(
    bought: int, uncertain: list[tuple[int, bool]], first: int
) -> None:
    open_ = uncertain_of(*(units for units, _ in uncertain))
    truth = {one.purchase_id: billed for one, (_, billed) in zip(open_, uncertain, strict=True)}
    taken = bought + sum(one.units for one in open_ if truth[one.purchase_id])
    totals = LedgerTotals(bought, open_)
    settled, wide = bounds(totals, totals)
    now = reading(10_000 - taken, settled=settled, uncertain=wide, hours=1)
    comparison = compare(replace(now, settled=now.settled + first), [reading(10_000, settled=first)])
    end = conclude(comparison, totals, totals, patience=PATIENCE)
    assert comparison.agreement is not Agreement.DRIFT
    assert all(truth[one.purchase_id] or not one.units for one in end.settle)
    assert not any(truth[one.purchase_id] and one.units for one in end.release)
    assert {*end.settle, *end.release, *end.left} == set(open_)
