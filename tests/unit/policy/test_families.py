"""Sources that repeat one another: what one misses is a reason not to ask the other."""

from dataclasses import replace
from random import Random

import pytest

from bench.planner.brute_force import BruteForce
from bench.planner.instances import instances, with_families
from bench.planner.policy_forecast import forecast, simulate
from enrichment.policy.compiled import compile_enhanced, compile_policy
from enrichment.policy.greedy import Greedy
from enrichment.policy.lower_bound import LowerBound
from enrichment.policy.problem import Family, Offer, Problem, State, parts, start
from enrichment.policy.serialization import digest, from_bytes, to_bytes

NOTHING = frozenset[str]()
COPIES = Family(0.8, (("copy", 0.7), ("feed", 0.76)))


def selling(source: str, price: int, rate: float, family: Family | None = None) -> Offer:
    return Offer(source, 0, price, rate, (("industry", 1.0),), family=family)


FEED, COPY, APART = selling("feed", 90, 0.76, COPIES), selling("copy", 100, 0.7, COPIES), selling("other", 140, 0.6)
FREE, DEAR = replace(FEED, price_matched=0), replace(COPY, price_asked=20)
OPTIONAL = Problem((FREE, DEAR, APART), NOTHING, (("industry", 160),))


def test_a_miss_lowers_the_rate_of_the_others_as_bayes_has_it_and_a_match_raises_it() -> None:
    after_miss = 0.7 * (1 - 0.95) / (1 - 0.76)
    assert COPY.given(frozenset({"feed"}), NOTHING).match_rate == pytest.approx(after_miss)
    assert COPY.given(NOTHING, frozenset({"feed"})).match_rate == pytest.approx(0.7 / 0.8)
    assert COPY.given(frozenset({"other"}), NOTHING) == COPY
    average = 0.76 * 0.7 / 0.8 + (1 - 0.76) * after_miss
    assert average == pytest.approx(COPY.match_rate)


def test_after_the_miss_of_a_feed_its_copy_is_not_asked_any_more() -> None:
    policy = compile_enhanced(OPTIONAL)
    assert policy.next(start(OPTIONAL)) == {"feed"}
    here = State(frozenset({"industry"}), frozenset({"copy", "other"}), missed=frozenset({"feed"}))
    assert policy.next(here) == {"other"}
    apart = replace(OPTIONAL, offers=tuple(replace(offer, family=None) for offer in OPTIONAL.offers))
    assert compile_enhanced(apart).next(here) == {"copy"}


def test_a_source_that_was_ruled_out_without_an_answer_tells_nothing_of_the_others() -> None:
    policy = compile_enhanced(OPTIONAL)
    ruled_out = State(frozenset({"industry"}), frozenset({"copy", "other"}))
    assert policy.next(ruled_out) == {"copy"}


def test_from_any_state_it_is_the_optimum_also_where_sources_are_ruled_out() -> None:
    for seed, plain in instances(60, first_seed=500):
        for part in parts(with_families(Random(seed), replace(plain, value_of_time=0))):
            rng, here = Random(seed), start(part)
            usable = frozenset(source for source in sorted(here.usable) if rng.random() < 0.7)
            missed = frozenset(source for source in sorted(here.usable - usable) if rng.random() < 0.5)
            state = replace(here, usable=usable, missed=missed)
            best, found = BruteForce(part).best(state), forecast(compile_enhanced(part), part, state)
            pair = found.expected_unsatisfied_required, found.objective
            assert pair == pytest.approx((float(best[0]), float(best[1])), abs=1e-6), f"seed {seed}"


def test_the_spend_from_a_state_is_that_of_the_whole_execution() -> None:
    for seed, plain in instances(60, first_seed=900):
        problem = with_families(Random(seed), replace(plain, value_of_time=0))
        for strategy in ("enhanced", "priority"):
            policy = compile_policy(strategy, problem)
            spend = policy.expected_spend(start(problem))  # type: ignore[attr-defined]  # of these two strategies
            assert spend == pytest.approx(forecast(policy, problem).expected_cost, abs=1e-6), f"seed {seed}"


def test_simulated_executions_cost_what_is_forecast() -> None:
    problem = replace(OPTIONAL, required=frozenset({"industry"}), worth=())
    policy, rng = compile_enhanced(problem), Random(3)
    runs = [simulate(policy, problem, rng) for _ in range(5_000)]
    expected = forecast(policy, problem)
    assert sum(run.cost for run in runs) / len(runs) == pytest.approx(expected.expected_cost, rel=0.05)
    unsatisfied = sum(bool(run.unsatisfied) for run in runs) / len(runs)
    assert unsatisfied == pytest.approx(expected.expected_unsatisfied_required, abs=0.02)


def test_what_is_compiled_is_restored_and_named_by_its_families() -> None:
    compiled = compile_enhanced(OPTIONAL)
    kept = from_bytes(to_bytes(compiled), OPTIONAL)
    state = State(frozenset({"industry"}), frozenset({"copy", "other"}), missed=frozenset({"feed"}))
    assert kept.next(state) == compiled.next(state)
    apart = replace(OPTIONAL, offers=tuple(replace(offer, family=None) for offer in OPTIONAL.offers))
    assert digest(apart) != digest(OPTIONAL)


def test_no_policy_of_a_part_is_below_its_lower_bound() -> None:
    for seed, plain in instances(100, first_seed=2_000):
        for part in parts(with_families(Random(seed), plain)):
            least = forecast(compile_enhanced(part), part).objective
            assert LowerBound(part).under(start(part)) <= least + 1e-6, f"seed {seed}"
            assert forecast(Greedy(part), part).expected_unsatisfied_required == pytest.approx(
                forecast(compile_enhanced(part), part).expected_unsatisfied_required
            ), f"seed {seed}"


def test_a_family_ends_where_a_part_does() -> None:
    elsewhere = Offer("copy", 0, 100, 0.7, (("news", 1.0),), family=COPIES)
    both = Problem((FEED, elsewhere), frozenset({"industry", "news"}), ())
    assert [part.offers[0].family for part in parts(both)] == [None, None]
