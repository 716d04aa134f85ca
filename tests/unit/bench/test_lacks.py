"""Sources that resell one feed are found from what was asked, and planning with that costs less."""

from bench.learning.lacks import learned


def test_two_that_resell_one_feed_are_found_and_the_policy_costs_no_more_than_without() -> None:
    runs = [learned(seed) for seed in range(6)]
    assert sum(run.is_found for run in runs) >= 5
    assert sum(run.learned for run in runs) < sum(run.apart for run in runs)
    assert sum(run.learned for run in runs) < 1.02 * sum(run.true for run in runs)
