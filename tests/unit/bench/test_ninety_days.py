"""A planner that learns at night leaves a source whose match rate fell, and costs no more where nothing changed."""

from bench.learning.ninety_days import ninety_days


def test_it_leaves_a_source_that_fell_and_loses_little_until_then() -> None:
    run = ninety_days(0, fall=0.4)
    fell, _ = run.moves
    assert fell.is_due
    assert fell.observations is not None
    assert fell.observations <= 60
    assert run.least <= run.spent <= 1.1 * run.least


def test_where_nothing_changes_learned_rates_cost_what_true_ones_do() -> None:
    run = ninety_days(0, fall=0.0)
    assert run.least <= run.spent <= 1.01 * run.least
