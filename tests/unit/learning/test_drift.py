"""Since when a rate is as it is now."""

import numpy as np

from enrichment.learning.drift import counts_since
from enrichment.learning.pooled_rates import Count


def days(rate: float, count: int) -> list[Count]:
    """Ten answers a day, as many of them hits as the rate says."""
    return [Count(round(rate * 10), 10)] * count


def test_a_rate_that_stays_has_no_beginning() -> None:
    assert counts_since(days(0.8, 60)) == 0
    assert counts_since([]) == 0
    assert counts_since([Count(0, 0)] * 3) == 0


def test_what_came_before_a_change_does_not_count() -> None:
    assert counts_since([*days(0.9, 30), *days(0.4, 10)]) == 30


def test_of_two_changes_the_last_one_counts() -> None:
    assert counts_since([*days(0.9, 30), *days(0.3, 30), *days(0.9, 20)]) == 60


def test_one_bad_day_is_no_change() -> None:
    assert counts_since([*days(0.8, 30), Count(6, 10), *days(0.8, 5)]) == 0


def test_days_that_differ_as_lists_do_are_no_change_of_the_rate() -> None:
    rng, wrong = np.random.default_rng(7), 0
    for _ in range(200):
        rate = rng.uniform(0.3, 0.9)
        of_day = rng.beta(rate * 30, (1 - rate) * 30, size=60)
        wrong += counts_since([Count(int(hits), 100) for hits in rng.binomial(100, of_day)]) > 0
    assert wrong <= 16


def test_a_rate_that_never_changed_is_seldom_said_to_have_changed() -> None:
    rng = np.random.default_rng(5)
    series = [rng.binomial(12, rng.uniform(0.1, 0.95), size=90) for _ in range(400)]
    wrong = sum(counts_since([Count(int(hits), 12) for hits in one]) > 0 for one in series)
    assert wrong <= 8


def test_a_drop_is_seen_within_sixty_answers_nearly_always() -> None:
    rng, late = np.random.default_rng(6), 0
    for _ in range(100):
        before = rng.uniform(0.7, 0.9)
        series = [Count(int(rng.binomial(10, before)), 10) for _ in range(30)]
        series += [Count(int(rng.binomial(10, before - 0.4)), 10) for _ in range(6)]
        late += counts_since(series) == 0
    assert late <= 5
