"""The exact policy against brute force and every other policy, on generated problems. A failure names its seed."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from bench.planner.brute_force import brute_force, judged
from bench.planner.instances import instances, matrix, with_families
from bench.planner.losses import cap_loss, in_populations, populations
from bench.planner.policy_forecast import forecast, simulate
from enrichment.policy.compiled import compile_enhanced, compile_policy
from enrichment.policy.greedy import Greedy
from enrichment.policy.lower_bound import LowerBound
from enrichment.policy.problem import Offer, Policy, Problem, State, parts, start
from tests.support.examples import shipped

Pair = tuple[float, float]


def reached(policy: Policy, problem: Problem, state: State | None = None) -> Pair:
    found = forecast(policy, problem, state)
    return found.expected_unsatisfied_required, found.objective


def least(problem: Problem) -> Pair:
    return reached(compile_enhanced(problem), problem)


def no_worse(pair: Pair, other: Pair) -> bool:
    """In lexicographic order, up to rounding (a ten-thousandth of a micro-USD)."""
    return pair[0] < other[0] - 1e-9 or (pair[0] < other[0] + 1e-9 and pair[1] <= other[1] + 1e-4)


def changed(problem: Problem, i: int, offer: Offer) -> Problem:
    return replace(problem, offers=(*problem.offers[:i], offer, *problem.offers[i + 1 :]))


def test_the_policy_is_the_optimum_found_by_brute_force_in_exact_fractions() -> None:
    for seed, problem in instances(300, first_seed=0):
        policy = compile_enhanced(problem)
        best = brute_force(problem)
        assert judged(policy, problem) == best, f"seed {seed}"
        assert reached(policy, problem) == pytest.approx((float(best[0]), float(best[1])), abs=1e-6), f"seed {seed}"


def test_with_sources_that_miss_the_same_companies_it_is_the_optimum_as_well() -> None:
    for seed, plain in instances(300, first_seed=0):
        problem = with_families(Random(seed), plain)
        policy = compile_enhanced(problem)
        best = brute_force(problem)
        assert judged(policy, problem) == best, f"seed {seed}"
        assert reached(policy, problem) == pytest.approx((float(best[0]), float(best[1])), abs=1e-6), f"seed {seed}"


def test_one_more_source_never_makes_the_pair_worse() -> None:
    for seed, problem in instances(100, first_seed=1_000):
        assert no_worse(least(problem), least(replace(problem, offers=problem.offers[1:]))), f"seed {seed}"


def test_spend_alone_may_rise_with_one_more_source() -> None:
    coin = Offer("first", 1_000_000, 0, 1.0, (("industry", 0.5),))
    one = Problem((coin,), frozenset({"industry"}), ())
    two = replace(one, offers=(coin, replace(coin, source="second")))
    assert least(one) == (0.5, 1_000_000)
    assert least(two) == (0.25, 1_500_000)
    assert no_worse(least(two), least(one))


def test_a_lower_price_never_makes_the_pair_worse() -> None:
    for seed, problem in instances(100, first_seed=2_000):
        offer = problem.offers[0]
        cheaper = replace(offer, price_asked=offer.price_asked // 2, price_matched=offer.price_matched // 2)
        assert no_worse(least(changed(problem, 0, cheaper)), least(problem)), f"seed {seed}"


def test_a_higher_match_rate_never_makes_the_pair_worse() -> None:
    for seed, problem in instances(100, first_seed=3_000):
        offer = problem.offers[0]
        better = replace(offer, match_rate=min(1.0, offer.match_rate + 0.1))
        assert no_worse(least(changed(problem, 0, better)), least(problem)), f"seed {seed}"


def test_a_fresh_fact_never_makes_the_pair_worse() -> None:
    for seed, problem in instances(100, first_seed=4_000):
        policy, here = compile_enhanced(problem), start(problem)
        for known in sorted(here.unsatisfied):
            there = State(here.unsatisfied - {known}, here.usable)
            assert no_worse(reached(policy, problem, there), reached(policy, problem)), f"seed {seed}, {known}"


def test_no_other_policy_over_the_same_sources_is_better() -> None:
    for seed, problem in instances(60, first_seed=5_000):
        here, rng = start(problem), Random(seed)
        state = State(here.unsatisfied, frozenset(s for s in sorted(here.usable) if rng.random() < 0.8))
        best = reached(compile_enhanced(problem), problem, state)
        others: list[Policy] = [
            compile_policy("priority", problem),
            compile_policy("legacy", problem),
            Whim(problem, seed),
        ]
        for other in others:
            assert no_worse(best, reached(other, problem, state)), f"seed {seed}, {type(other).__name__}"


class Whim:
    """Asks any askable source, by a chance that is fixed for each state, and never stops early."""

    def __init__(self, problem: Problem, seed: int) -> None:
        self._offers = {offer.source: offer for offer in problem.offers}
        self._seed = seed

    def next(self, state: State) -> frozenset[str]:
        askable = [s for s in sorted(state.usable) if not self._offers[s].needs & state.unsatisfied]
        whim = Random(f"{self._seed} {sorted(state.unsatisfied)} {askable}")
        return frozenset({whim.choice(askable)}) if askable else frozenset()


def test_the_greedy_policy_of_large_rules_satisfies_as_much_and_lies_above_its_bound() -> None:
    for seed, problem in instances(100, first_seed=6_000):
        for part in parts(problem):
            best, greedy = least(part), reached(Greedy(part), part)
            assert greedy[0] == pytest.approx(best[0]), f"seed {seed}"
            assert LowerBound(part).under(start(part)) <= best[1] + 1e-6 <= greedy[1] + 2e-6, f"seed {seed}"


def test_no_simulated_execution_exceeds_the_upper_bound_whatever_fails_on_the_way() -> None:
    rng = Random(7_000)
    for _ in range(20):
        problem = matrix(rng, sources=7, datasets=4)
        for strategy in ("enhanced", "priority"):
            policy = Failing(compile_policy(strategy, problem), rng)
            bound = forecast(policy.policy, problem).upper_bound
            assert max(simulate(policy, problem, rng).cost for _ in range(250)) <= bound


class Failing:
    """A policy that now and then finds a source gone, and is looked up again for what remains."""

    def __init__(self, policy: Policy, rng: Random) -> None:
        self.policy = policy
        self._rng = rng

    def next(self, state: State) -> frozenset[str]:
        up = frozenset(source for source in sorted(state.usable) if self._rng.random() > 0.1)
        return self.policy.next(State(state.unsatisfied, up))


def test_a_forecast_agrees_with_what_executions_come_to() -> None:
    for seed, problem in instances(5, first_seed=8_000):
        policy, rng = compile_enhanced(problem), Random(seed)
        found = forecast(policy, problem)
        runs = [simulate(policy, problem, rng) for _ in range(2_000)]
        assert sum(run.cost for run in runs) / 2_000 == pytest.approx(found.expected_cost, rel=0.06, abs=2), (
            f"seed {seed}"
        )
        assert sum(run.seconds for run in runs) / 2_000 == pytest.approx(found.expected_seconds, rel=0.06), (
            f"seed {seed}"
        )


def test_planning_for_a_cap_is_never_worse_than_meeting_it_on_the_way() -> None:
    loss = cap_loss(20, first_seed=9_000)
    assert loss.missed_at_best <= loss.missed_on_the_way + 1e-9
    assert 0 < loss.equal < loss.instances


def test_a_policy_that_knows_which_companies_are_obscure_does_no_worse_than_one_that_does_not() -> None:
    problem = shipped("profile")
    truths = populations(problem, 0.5)
    blind = compile_enhanced(problem)
    knowing: list[Policy] = [compile_enhanced(truth) for _, truth in truths]
    assert in_populations(knowing, truths)[1] <= in_populations([blind, blind], truths)[1]
    known, obscure = (truth.offers[0].match_rate for _, truth in truths)
    assert 0.7 * known + 0.3 * obscure == pytest.approx(problem.offers[0].match_rate)
