"""How far a batch is: pace, time left and money to come, by what has ended."""

from datetime import UTC, datetime, timedelta

import pytest

from enrichment.batches.progress import budget_too_small, pace_in_words, pace_of, span_in_words
from enrichment.domain.batches import Batch, BatchState, BatchSummary, Span

BEGAN = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOW = BEGAN + timedelta(minutes=1)
A_NIGHT = timedelta(hours=10)


def each_after_the_other(number: int, *, seconds: float = 2, since: datetime = BEGAN) -> tuple[Span, ...]:
    """Companies, one at a time."""
    step = timedelta(seconds=seconds)
    return tuple((since + n * step, since + (n + 1) * step) for n in range(number))


def summary(
    *,
    complete: int,
    waiting: int,
    taken: int = 0,
    max_cost: int | None = None,
    recent: tuple[Span, ...] | None = None,
    at_work: tuple[Span, ...] = (),
    state: BatchState = "open",
) -> BatchSummary:
    batch = Batch("bat_x", BEGAN, ("profile",), "cli", state, max_cost=max_cost)
    spans = each_after_the_other(complete) if recent is None else recent
    counts = {"complete": complete, "waiting": waiting, "under_way": len(at_work)}
    return BatchSummary(batch, counts, taken, 0, recent=spans, at_work=at_work)  # type: ignore[arg-type]


def test_what_is_left_takes_as_long_as_what_ended_did() -> None:
    assert pace_of(summary(complete=30, waiting=60), NOW).seconds_left == 120
    assert pace_in_words(summary(complete=30, waiting=60), NOW) == "30.0 companies a minute, about 2 min left"


def test_a_night_in_which_nothing_was_at_work_makes_a_batch_no_slower() -> None:
    before, after = each_after_the_other(10), each_after_the_other(20, since=BEGAN + A_NIGHT)
    resumed = summary(complete=30, waiting=60, recent=before + after)
    assert pace_of(resumed, BEGAN + A_NIGHT + timedelta(seconds=40)).seconds_left == 120
    later = pace_of(resumed, BEGAN + 2 * A_NIGHT)
    assert later.per_second == 0.5


def test_what_is_under_way_for_long_makes_a_batch_slower_while_its_worker_lives() -> None:
    slow = summary(complete=30, waiting=60, at_work=((NOW, NOW + timedelta(seconds=20)),))
    assert pace_of(slow, NOW + timedelta(seconds=10)).per_second == 30 / 70
    assert pace_of(slow, NOW + A_NIGHT).per_second == 30 / 80


def test_the_first_companies_count_from_when_they_were_begun() -> None:
    side_by_side = tuple((BEGAN, BEGAN + timedelta(seconds=2, milliseconds=n)) for n in range(5))
    assert pace_in_words(summary(complete=5, waiting=0, recent=side_by_side), NOW) == "2.5 companies a second"


def test_of_many_the_latest_tell_how_fast_it_goes() -> None:
    latest = each_after_the_other(100, seconds=0.5)
    assert pace_of(summary(complete=5_000, waiting=60, recent=latest), NOW).per_second == 2


def test_of_a_stopped_batch_no_time_left_is_told() -> None:
    stopped = summary(complete=30, waiting=60, state="stopped")
    assert pace_of(stopped, NOW).seconds_left is None
    assert pace_in_words(stopped, NOW) == "stopped: nothing more is begun until it is resumed"


def test_what_the_budget_is_not_enough_for_takes_no_time() -> None:
    assert pace_of(summary(complete=30, waiting=6_000, taken=300, max_cost=400), NOW).seconds_left == 20


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"), (60, "60 s"), (61, "2 min"), (1_563, "27 min"), (3_600, "1 h"), (7_500, "2 h 5 min"),
        (153_261, "1 d 18 h"), (86_400, "1 d"),
    ],
)  # fmt: skip
def test_a_span_is_told_in_two_units_at_most(seconds: float, words: str) -> None:
    assert span_in_words(seconds) == words


@pytest.mark.parametrize(("max_cost", "fits"), [(None, True), (600_000, True), (599_999, False), (0, False)])
def test_a_new_budget_is_not_below_what_is_taken(max_cost: int | None, fits: bool) -> None:
    said = budget_too_small(summary(complete=1, waiting=1, taken=600_000), max_cost)
    assert (said is None) == fits
    assert said is None or "0.60 USD are taken" in said


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
    assert pace_in_words(summary(complete=0, waiting=0, state="done"), NOW) == "none was begun"


def test_nothing_is_left_of_a_batch_that_is_done() -> None:
    pace = pace_of(summary(complete=5, waiting=0, taken=50), NOW)
    assert (pace.left, pace.seconds_left, pace.to_come) == (0, None, 0)
