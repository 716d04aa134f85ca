"""What is believed of a rate: few observations say little, many say what they show, and like kinds help each other."""

import numpy as np
import pytest

from enrichment.learning.pooled_rates import Count, pooled_rates

FEW, MANY = Count(9, 10), Count(9_000, 10_000)


def test_without_observations_the_figure_of_the_rules_is_believed() -> None:
    (unseen,) = pooled_rates(0.7, [Count(0, 0)])
    assert unseen.mean == pytest.approx(0.7, abs=0.02)
    assert unseen.low < 0.55
    assert unseen.high > 0.8
    assert pooled_rates(0.7, []) == ()


def test_many_observations_outweigh_the_figure_of_the_rules() -> None:
    (found,) = pooled_rates(0.2, [MANY])
    assert found.mean == pytest.approx(0.9, abs=0.001)
    assert 0.89 < found.low < 0.9 < found.high < 0.91


def test_where_the_rate_has_changed_the_figure_of_the_rules_counts_for_less() -> None:
    (usual,), (changed,) = (pooled_rates(0.8, [Count(4, 20)], weight) for weight in (20.0, 4.0))
    assert 4 / 20 < changed.mean < usual.mean


def test_a_kind_with_few_observations_leans_on_kinds_that_are_alike() -> None:
    alike = [Count(90, 100)] * 10
    alone = pooled_rates(0.5, [Count(1, 3)])
    among = pooled_rates(0.5, [*alike, Count(1, 3)])
    assert among[-1].mean > 0.8 > alone[0].mean


def test_kinds_that_differ_are_not_drawn_together() -> None:
    low, high = pooled_rates(0.5, [Count(100, 1_000), Count(900, 1_000)])
    assert low.high < 0.2
    assert high.low > 0.8


def test_an_interval_narrows_with_what_is_seen() -> None:
    few, many = pooled_rates(0.9, [FEW, MANY])
    assert many.high - many.low < (few.high - few.low) / 5


@pytest.mark.parametrize("hits", [0, 40])
def test_what_always_or_never_happened_is_nearly_sure(hits: int) -> None:
    (found,) = pooled_rates(0.5, [Count(hits, 40)])
    assert abs(found.mean - hits / 40) < 0.25
    assert 0 <= found.low < found.mean < found.high <= 1


def test_nine_in_ten_intervals_contain_the_truth_of_rare_kinds_too() -> None:
    rng, inside, rare, worlds = np.random.default_rng(11), [], [], 120
    for _ in range(worlds):
        prior = rng.uniform(0.2, 0.95)
        mean, strength = rng.beta(prior * 20, (1 - prior) * 20), np.exp(rng.uniform(np.log(2), np.log(256)))
        truth = rng.beta(mean * strength, (1 - mean) * strength, size=12)
        tries = np.round(np.exp(rng.uniform(0, 6, size=12))).astype(int)
        counts = [Count(int(h), int(n)) for h, n in zip(rng.binomial(tries, truth), tries, strict=True)]
        for rate, found in zip(truth, pooled_rates(prior, counts), strict=True):
            inside.append(found.low <= rate <= found.high)
            if found.tries <= 10:
                rare.append(inside[-1])
    assert 0.87 <= np.mean(inside) <= 0.93
    assert 0.86 <= np.mean(rare) <= 0.94
