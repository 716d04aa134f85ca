"""Whether a rate fell, and since when."""

from datetime import date, timedelta

import pytest

from enrichment.learning.fallen_rates import fall_of
from enrichment.learning.pooled_rates import Count

FIRST = date(2026, 6, 1)


def days(*hits_of_ten: int) -> list[tuple[date, Count]]:
    return [(FIRST + timedelta(days=n), Count(hits, 10)) for n, hits in enumerate(hits_of_ten)]


def test_a_rate_that_fell_says_since_when_and_what_it_was() -> None:
    fall = fall_of(days(*[8] * 20, *[2] * 10))
    assert fall is not None
    assert fall.since == FIRST + timedelta(days=20)
    assert fall.now == Count(20, 100)
    assert 0.2 < fall.low < 0.8 < fall.high


def test_what_it_was_is_the_rate_between_the_last_two_changes() -> None:
    fall = fall_of(days(*[5] * 60, *[9] * 30, *[6] * 30))
    assert fall is not None
    assert fall.since == FIRST + timedelta(days=90)
    assert fall.low < 0.9 < fall.high


def test_a_fall_that_people_have_accepted_is_said_no_more() -> None:
    seen = days(*[8] * 20, *[4] * 20)
    assert fall_of(seen, accepted=0.8) is not None
    assert fall_of(seen, accepted=0.42) is None


@pytest.mark.parametrize("counts", [[], [8] * 30, [2] * 20 + [8] * 10])
def test_a_rate_that_stayed_or_rose_did_not_fall(counts: list[int]) -> None:
    assert fall_of(days(*counts)) is None
