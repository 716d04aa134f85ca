"""Sources that repeat one another: what one of them misses, or lacks, is a reason not to ask the other.

A family by match misses the same companies; a family by fill lacks a dataset of the same companies. What is true of
any policy with families is asked of both kinds.
"""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from bench.planner.brute_force import BruteForce, brute_force, judged
from bench.planner.instances import instances, with_families, with_fill_families
from bench.planner.policy_forecast import forecast, simulate
from enrichment.policy.compiled import compile_enhanced, compile_policy
from enrichment.policy.greedy import Greedy
from enrichment.policy.lower_bound import LowerBound
from enrichment.policy.problem import Family, Offer, Problem, State, parts, start
from enrichment.policy.serialization import digest, from_bytes, to_bytes

NOTHING = frozenset[str]()
COPIES = Family(0.8, (("copy", 0.7), ("feed", 0.76)))
LACKING = (("revenue", Family(0.6, (("copy", 0.9 * 0.5), ("feed", 0.8 * 0.55)))),)


def matching(source: str, price: int, rate: float, family: Family | None = None) -> Offer:
    return Offer(source, 0, price, rate, (("industry", 1.0),), family=family)


def filling(source: str, price: int, match: float, fill: float, lacking: tuple[tuple[str, Family], ...] = ()) -> Offer:
    return Offer(source, 0, price, match, (("revenue", fill),), fill_families=lacking)


FEED, COPY = matching("feed", 90, 0.76, COPIES), matching("copy", 100, 0.7, COPIES)
FREE, DEAR = replace(FEED, price_matched=0), replace(COPY, price_asked=20)
BY_MATCH = Problem((FREE, DEAR, matching("other", 140, 0.6)), NOTHING, (("industry", 160),))
LACKING_FEED, LACKING_COPY = filling("feed", 90, 0.8, 0.55, LACKING), filling("copy", 100, 0.9, 0.5, LACKING)
BY_FILL = Problem((LACKING_FEED, LACKING_COPY, filling("other", 140, 0.5, 0.5)), NOTHING, (("revenue", 300),))

Drawn = Callable[[Random, Problem], Problem]
"""The problem, with families of one kind among its sources."""

of_both_kinds = pytest.mark.parametrize("drawn", [with_families, with_fill_families], ids=["by match", "by fill"])


def test_a_miss_lowers_the_rate_of_the_others_as_bayes_has_it_and_a_match_raises_it() -> None:
    after_miss = 0.7 * (1 - 0.95) / (1 - 0.76)
    assert COPY.given(frozenset({"feed"}), NOTHING).match_rate == pytest.approx(after_miss)
    assert COPY.given(NOTHING, frozenset({"feed"})).match_rate == pytest.approx(0.7 / 0.8)
    assert COPY.given(frozenset({"other"}), NOTHING) == COPY
    average = 0.76 * 0.7 / 0.8 + (1 - 0.76) * after_miss
    assert average == pytest.approx(COPY.match_rate)


def test_a_source_that_did_not_have_it_lowers_the_fill_rate_of_the_others_as_bayes_has_it() -> None:
    none_had_it = 0.6 * (1 - 0.8 * 0.55 / 0.6)
    after = 0.5 / 0.6 * none_had_it / (none_had_it + 0.4)
    for answered in ((frozenset({"feed"}), NOTHING), (NOTHING, frozenset({"feed"}))):
        assert dict(LACKING_COPY.given(*answered).fill_rates)["revenue"] == pytest.approx(after)
    assert LACKING_COPY.given(frozenset({"other"}), NOTHING) == LACKING_COPY
    had_it = 0.8 * 0.55 * 0.5 / 0.6
    assert had_it + (1 - 0.8 * 0.55) * after == pytest.approx(0.5)


def test_after_the_miss_of_a_feed_its_copy_is_not_asked_any_more() -> None:
    policy = compile_enhanced(BY_MATCH)
    assert policy.next(start(BY_MATCH)) == {"feed"}
    here = State(frozenset({"industry"}), frozenset({"copy", "other"}), missed=frozenset({"feed"}))
    assert policy.next(here) == {"other"}
    apart = replace(BY_MATCH, offers=tuple(replace(offer, family=None) for offer in BY_MATCH.offers))
    assert compile_enhanced(apart).next(here) == {"copy"}


def test_after_one_that_did_not_have_it_the_other_is_not_asked_any_more() -> None:
    policy = compile_enhanced(BY_FILL)
    here = State(frozenset({"revenue"}), frozenset({"copy", "other"}), matched=frozenset({"feed"}))
    apart = replace(BY_FILL, offers=tuple(replace(offer, fill_families=()) for offer in BY_FILL.offers))
    assert compile_enhanced(apart).next(here) == {"copy"}
    assert policy.next(here) == {"other"}
    ruled_out = replace(here, matched=NOTHING)
    assert policy.next(ruled_out) == {"copy"}
    assert digest(apart) != digest(BY_FILL)


def test_a_source_that_was_ruled_out_without_an_answer_tells_nothing_of_the_others() -> None:
    policy = compile_enhanced(BY_MATCH)
    ruled_out = State(frozenset({"industry"}), frozenset({"copy", "other"}))
    assert policy.next(ruled_out) == {"copy"}


def test_what_is_compiled_is_restored_and_named_by_its_families() -> None:
    compiled = compile_enhanced(BY_MATCH)
    kept = from_bytes(to_bytes(compiled), BY_MATCH)
    state = State(frozenset({"industry"}), frozenset({"copy", "other"}), missed=frozenset({"feed"}))
    assert kept.next(state) == compiled.next(state)
    apart = replace(BY_MATCH, offers=tuple(replace(offer, family=None) for offer in BY_MATCH.offers))
    assert digest(apart) != digest(BY_MATCH)


def test_a_family_ends_where_a_part_does() -> None:
    elsewhere = Offer("copy", 0, 100, 0.7, (("news", 1.0),), family=COPIES)
    both = Problem((FEED, elsewhere), frozenset({"industry", "news"}), ())
    assert [part.offers[0].family for part in parts(both)] == [None, None]


@of_both_kinds
def test_from_any_state_it_is_the_optimum_also_where_sources_are_ruled_out(drawn: Drawn) -> None:
    for seed, plain in instances(60, first_seed=500):
        for part in parts(drawn(Random(seed), replace(plain, value_of_time=0))):
            rng, here = Random(seed), start(part)
            usable = frozenset(source for source in sorted(here.usable) if rng.random() < 0.7)
            answered = frozenset(source for source in sorted(here.usable - usable) if rng.random() < 0.5)
            matched = frozenset(source for source in sorted(answered) if rng.random() < 0.5)
            state = replace(here, usable=usable, missed=answered - matched, matched=matched)
            best, found = BruteForce(part).best(state), forecast(compile_enhanced(part), part, state)
            pair = found.expected_unsatisfied_required, found.objective
            assert pair == pytest.approx((float(best[0]), float(best[1])), abs=1e-6), f"seed {seed}"


def test_with_calls_that_start_together_it_is_the_optimum_too() -> None:
    for seed, plain in instances(60, first_seed=1_500):
        problem = with_fill_families(Random(seed), plain)
        best, reached = brute_force(problem), judged(compile_enhanced(problem), problem)
        assert float(reached[0]) == pytest.approx(float(best[0]), abs=1e-6), f"seed {seed}"
        assert float(reached[1]) == pytest.approx(float(best[1]), abs=1e-5), f"seed {seed}"


def test_in_whatever_order_all_are_asked_a_dataset_ends_with_the_same_chance() -> None:
    for seed, plain in instances(40, first_seed=700):
        problem = with_fill_families(Random(seed), replace(plain, worth=(), value_of_time=0))
        ends = [forecast(compile_policy(how, problem), problem) for how in ("enhanced", "priority")]
        one, other = (found.expected_unsatisfied_required for found in ends)
        assert one == pytest.approx(other, abs=1e-9), f"seed {seed}"


@of_both_kinds
def test_the_spend_from_a_state_is_that_of_the_whole_execution(drawn: Drawn) -> None:
    for seed, plain in instances(60, first_seed=900):
        problem = drawn(Random(seed), replace(plain, value_of_time=0))
        for strategy in ("enhanced", "priority"):
            policy = compile_policy(strategy, problem)
            spend = policy.expected_spend(start(problem))  # type: ignore[attr-defined]  # of these two strategies
            assert spend == pytest.approx(forecast(policy, problem).expected_cost, abs=1e-6), f"seed {seed}"


@pytest.mark.parametrize(("problem", "dataset"), [(BY_MATCH, "industry"), (BY_FILL, "revenue")])
def test_simulated_executions_cost_what_is_forecast(problem: Problem, dataset: str) -> None:
    problem = replace(problem, required=frozenset({dataset}), worth=())
    policy, rng = compile_enhanced(problem), Random(3)
    runs = [simulate(policy, problem, rng) for _ in range(5_000)]
    expected = forecast(policy, problem)
    assert sum(run.cost for run in runs) / len(runs) == pytest.approx(expected.expected_cost, rel=0.05)
    unsatisfied = sum(bool(run.unsatisfied) for run in runs) / len(runs)
    assert unsatisfied == pytest.approx(expected.expected_unsatisfied_required, abs=0.02)


@of_both_kinds
def test_no_policy_of_a_part_is_below_its_lower_bound(drawn: Drawn) -> None:
    for seed, plain in instances(100, first_seed=2_000):
        for part in parts(drawn(Random(seed), plain)):
            found = forecast(compile_enhanced(part), part)
            assert LowerBound(part).under(start(part)) <= found.objective + 1e-6, f"seed {seed}"
            greedy = forecast(Greedy(part), part)
            assert greedy.expected_unsatisfied_required == pytest.approx(found.expected_unsatisfied_required), (
                f"seed {seed}"
            )
