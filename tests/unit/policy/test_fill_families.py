"""Sources that lack a dataset of the same companies: what one of them did not have is a reason not to ask the other."""

from dataclasses import replace
from random import Random

import pytest

from bench.planner.brute_force import BruteForce, brute_force, judged
from bench.planner.instances import instances, with_fill_families
from bench.planner.policy_forecast import forecast, simulate
from enrichment.policy.compiled import compile_enhanced, compile_policy
from enrichment.policy.greedy import Greedy
from enrichment.policy.lower_bound import LowerBound
from enrichment.policy.problem import Family, Offer, Problem, State, parts, start
from enrichment.policy.serialization import digest

NOTHING = frozenset[str]()
LACKING = (("revenue", Family(0.6, (("copy", 0.9 * 0.5), ("feed", 0.8 * 0.55)))),)


def selling(source: str, price: int, match: float, fill: float, lacking: tuple[tuple[str, Family], ...] = ()) -> Offer:
    return Offer(source, 0, price, match, (("revenue", fill),), fill_families=lacking)


FEED, COPY = selling("feed", 90, 0.8, 0.55, LACKING), selling("copy", 100, 0.9, 0.5, LACKING)
OTHER = selling("other", 140, 0.5, 0.5)
OPTIONAL = Problem((FEED, COPY, OTHER), NOTHING, (("revenue", 300),))


def test_a_source_that_did_not_have_it_lowers_the_fill_rate_of_the_others_as_bayes_has_it() -> None:
    none_had_it = 0.6 * (1 - 0.8 * 0.55 / 0.6)
    after = 0.5 / 0.6 * none_had_it / (none_had_it + 0.4)
    for answered in ((frozenset({"feed"}), NOTHING), (NOTHING, frozenset({"feed"}))):
        assert dict(COPY.given(*answered).fill_rates)["revenue"] == pytest.approx(after)
    assert COPY.given(frozenset({"other"}), NOTHING) == COPY
    had_it = 0.8 * 0.55 * 0.5 / 0.6
    assert had_it + (1 - 0.8 * 0.55) * after == pytest.approx(0.5)


def test_after_one_that_did_not_have_it_the_other_is_not_asked_any_more() -> None:
    policy = compile_enhanced(OPTIONAL)
    here = State(frozenset({"revenue"}), frozenset({"copy", "other"}), matched=frozenset({"feed"}))
    apart = replace(OPTIONAL, offers=tuple(replace(offer, fill_families=()) for offer in OPTIONAL.offers))
    assert compile_enhanced(apart).next(here) == {"copy"}
    assert policy.next(here) == {"other"}
    ruled_out = replace(here, matched=NOTHING)
    assert policy.next(ruled_out) == {"copy"}
    assert digest(apart) != digest(OPTIONAL)


def test_from_any_state_it_is_the_optimum_also_where_sources_are_ruled_out() -> None:
    for seed, plain in instances(60, first_seed=500):
        for part in parts(with_fill_families(Random(seed), replace(plain, value_of_time=0))):
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


def test_the_spend_from_a_state_is_that_of_the_whole_execution() -> None:
    for seed, plain in instances(60, first_seed=900):
        problem = with_fill_families(Random(seed), replace(plain, value_of_time=0))
        for strategy in ("enhanced", "priority"):
            policy = compile_policy(strategy, problem)
            spend = policy.expected_spend(start(problem))  # type: ignore[attr-defined]  # of these two strategies
            assert spend == pytest.approx(forecast(policy, problem).expected_cost, abs=1e-6), f"seed {seed}"


def test_simulated_executions_cost_what_is_forecast() -> None:
    problem = replace(OPTIONAL, required=frozenset({"revenue"}), worth=())
    policy, rng = compile_enhanced(problem), Random(3)
    runs = [simulate(policy, problem, rng) for _ in range(5_000)]
    expected = forecast(policy, problem)
    assert sum(run.cost for run in runs) / len(runs) == pytest.approx(expected.expected_cost, rel=0.05)
    unsatisfied = sum(bool(run.unsatisfied) for run in runs) / len(runs)
    assert unsatisfied == pytest.approx(expected.expected_unsatisfied_required, abs=0.02)


def test_no_policy_of_a_part_is_below_its_lower_bound() -> None:
    for seed, plain in instances(60, first_seed=2_000):
        for part in parts(with_fill_families(Random(seed), plain)):
            found = forecast(compile_enhanced(part), part)
            assert LowerBound(part).under(start(part)) <= found.objective + 1e-6, f"seed {seed}"
            greedy = forecast(Greedy(part), part)
            assert greedy.expected_unsatisfied_required == pytest.approx(found.expected_unsatisfied_required), (
                f"seed {seed}"
            )
