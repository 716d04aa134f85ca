"""Parts too large to solve: the adaptive greedy policy, and the bound under it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from statistics import fmean

import pytest

from bench.planner.instances import instances, matrix
from bench.planner.policy_forecast import forecast
from enrichment.policy.compiled import compile_enhanced
from enrichment.policy.greedy import Greedy
from enrichment.policy.lower_bound import LowerBound
from enrichment.policy.problem import Offer, Policy, Problem, State, parts, start


def offer(
    source: str, price: int, fills: dict[str, float], *, seconds: float = 0.0, needs: frozenset[str] = frozenset()
) -> Offer:
    return Offer(source, price, 0, 1.0, tuple(sorted(fills.items())), seconds, needs)


def timed(rng: Random, problem: Problem, value_of_time: int) -> Problem:
    offers = tuple(replace(offer, seconds=float(rng.randint(1, 20))) for offer in problem.offers)
    return replace(problem, offers=offers, value_of_time=value_of_time)


def larger_parts() -> Iterator[tuple[str, Problem, float]]:
    """(what it is, part of 7 to 9 sources and 5 datasets, its least objective)."""
    rng = Random(20_260_101)
    for n in range(15):
        value_of_time = (0, 1_000, 20_000)[n % 3]
        problem = timed(rng, matrix(rng, sources=9, datasets=5), value_of_time)
        part = max(parts(problem), key=lambda part: len(part.offers))
        if len(part.offers) > 6 and len(part.wanted) == 5:
            yield f"matrix {n}, {value_of_time} a second", part, objective(compile_enhanced(part), part)


def objective(policy: Policy, part: Problem, state: State | None = None) -> float:
    return forecast(policy, part, state).objective


def test_the_greedy_policy_picks_well() -> None:
    above = [objective(Greedy(part), part) / least for _, part, least in larger_parts()]
    assert fmean(above) < 1.15
    assert max(above) < 1.5


def test_nothing_is_below_the_bound_and_the_bound_is_not_far_below() -> None:
    below = []
    for name, part, least in larger_parts():
        bound = LowerBound(part).under(start(part))
        assert bound <= least + 1e-3, name
        below.append(bound / least)
    assert fmean(below) > 0.8


def test_no_state_is_below_its_bound() -> None:
    for seed, problem in instances(60, first_seed=11_000):
        for part in parts(problem):
            policy, bound, here, rng = compile_enhanced(part), LowerBound(part), start(part), Random(seed)
            for _ in range(4):
                state = State(
                    frozenset(d for d in sorted(here.unsatisfied) if rng.random() < 0.8),
                    frozenset(s for s in sorted(here.usable) if rng.random() < 0.8),
                )
                assert bound.under(state) <= objective(policy, part, state) + 1e-3, f"seed {seed}"


def test_whatever_is_required_is_pursued_to_the_end_greedily_too() -> None:
    for seed, problem in instances(30, first_seed=6_000):
        for part in parts(problem):
            least = forecast(compile_enhanced(part), part).expected_unsatisfied_required
            reached = forecast(Greedy(part), part)
            assert reached.expected_unsatisfied_required == pytest.approx(least), f"seed {seed}"


def test_the_cheaper_of_two_alike_is_asked_first() -> None:
    part = Problem(
        offers=(offer("dear", 20, {"industry": 0.8}), offer("cheap", 10, {"industry": 0.8})),
        required=frozenset({"industry"}),
        worth=(),
    )
    assert Greedy(part).next(start(part)) == {"cheap"}


def test_of_optional_ones_the_one_that_gains_most_for_its_price_is_asked_first_and_those_that_lose_never() -> None:
    part = Problem(
        offers=(offer("dear", 40, {"news": 0.8}), offer("cheap", 10, {"news": 0.7}), offer("vain", 90, {"news": 0.9})),
        required=frozenset(),
        worth=(("news", 100),),
    )
    policy, here = Greedy(part), start(part)
    assert policy.next(here) == {"cheap"}
    assert policy.next(State(here.unsatisfied, here.usable - {"cheap"})) == {"dear"}
    assert policy.next(State(here.unsatisfied, frozenset({"vain"}))) == frozenset()


@pytest.mark.parametrize(("value_of_time", "first"), [(0, {"a"}), (1, {"a"}), (100, {"a", "b"})])
def test_the_greedy_policy_starts_together_what_would_cost_more_to_wait_for(
    value_of_time: int, first: set[str]
) -> None:
    part = Problem(
        offers=(offer("a", 100, {"industry": 0.8}, seconds=5.0), offer("b", 110, {"industry": 0.8}, seconds=5.0)),
        required=frozenset({"industry"}),
        worth=(),
        value_of_time=value_of_time,
    )
    assert Greedy(part).next(start(part)) == first


def beyond_the_shipped_rules() -> Problem:
    """13 sources, 9 datasets in one part, and a value of time."""
    rng = Random(3)
    names = [f"d{n}" for n in range(9)]
    offers = [
        offer(f"s{n:02}", rng.randint(2, 30) * 10_000, {names[n % 9]: 0.7, names[(n + 1) % 9]: 0.5}, seconds=3.0)
        for n in range(13)
    ]
    return Problem(tuple(offers), frozenset(names[:6]), tuple((n, 200_000) for n in names[6:]), (), 1_000)


def test_one_source_more_than_the_shipped_rules_have_is_still_solved_where_time_has_a_value() -> None:
    assert compile_enhanced(beyond_the_shipped_rules()).exact


def test_too_many_sources_get_a_policy_that_owns_up_to_its_distance() -> None:
    names = ["industry", "employees", "news"]
    offers = [
        replace(offer(f"s{n:02}", 10_000 * (1 + n % 5), {names[n % 3]: 0.9, names[(n + 1) % 3]: 0.4}), match_rate=0.6)
        for n in range(22)
    ]
    wanted = Problem(tuple(offers), frozenset(names[:2]), (("news", 60_000),))
    policy = compile_enhanced(wanted)
    found = forecast(policy, wanted)
    satisfied = dict(found.satisfied_chance)
    assert not policy.exact
    assert 2 - satisfied["industry"] - satisfied["employees"] < 0.001
    assert 0 < policy.excess() < 0.25 * found.expected_cost
    few = State(frozenset({"news"}), frozenset({"s00", "s02"}))
    assert policy.excess(few) <= forecast(policy, wanted, few).expected_cost + 60_000
