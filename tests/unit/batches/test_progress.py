"""How far a batch is: pace, time left and money to come, by what has ended."""

from datetime import UTC, datetime, timedelta

import pytest

from enrichment.batches.progress import pace_in_words, pace_of
from enrichment.domain.batches import Batch, BatchSummary

BEGAN = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOW = BEGAN + timedelta(minutes=1)


def summary(*, complete: int, waiting: int, taken: int = 0, max_cost: int | None = None) -> BatchSummary:
    batch = Batch("bat_x", BEGAN, ("profile",), "cli", max_cost=max_cost)
    ends = (BEGAN, NOW) if complete else (None, None)
    return BatchSummary(batch, {"complete": complete, "waiting": waiting}, taken, 0, *ends)


def test_what_is_left_takes_as_long_as_what_ended_did() -> None:
    assert pace_of(summary(complete=31, waiting=60), NOW).seconds_left == 120
    assert pace_in_words(summary(complete=31, waiting=60), NOW) == "30.0 companies a minute, about 0:02:00 left"


@pytest.mark.parametrize(
    ("taken", "max_cost", "to_come"), [(100, None, 300), (100, 250, 150), (100, 90, 0), (100, 1_000, 300)]
)
def test_what_is_left_costs_what_ended_did_and_never_more_than_the_budget_leaves(
    taken: int, max_cost: int | None, to_come: int
) -> None:
    assert pace_of(summary(complete=10, waiting=30, taken=taken, max_cost=max_cost), NOW).to_come == to_come


def test_before_a_company_has_ended_nothing_is_foretold() -> None:
    pace = pace_of(summary(complete=0, waiting=5), NOW)
    assert (pace.per_second, pace.seconds_left, pace.to_come) == (None, None, None)
    assert pace_in_words(summary(complete=0, waiting=5), NOW) == "no company has ended yet"


def test_nothing_is_left_of_a_batch_that_is_done() -> None:
    pace = pace_of(summary(complete=5, waiting=0, taken=50), NOW)
    assert (pace.left, pace.seconds_left, pace.to_come) == (0, None, 0)
