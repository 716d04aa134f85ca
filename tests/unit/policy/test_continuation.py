"""What is left once something is known goes on as the whole would: a fresh fact never makes the pair worse."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.planner.brute_force import brute_force, judged
from bench.planner.instances import instances
from bench.planner.policy_forecast import forecast
from enrichment.policy.compiled import compile_enhanced
from enrichment.policy.problem import Offer, Problem, State, continuing, parts, start

Pair = tuple[float, float]
DATASETS = ("d1", "d2", "d3", "d4")


def left_of(whole: Problem, known: frozenset[str]) -> Problem:
    """What a plan decides about once these datasets are known: built anew, in the parts of the whole."""
    offers = tuple(
        replace(offer, fill_rates=fills, needs=offer.needs - known)
        for offer in whole.offers
        if (fills := tuple((dataset, rate) for dataset, rate in offer.fill_rates if dataset not in known))
    )
    worth = tuple((dataset, worth) for dataset, worth in whole.worth if dataset not in known)
    left = Problem(offers, whole.required - known, worth, value_of_time=whole.value_of_time, once=True)
    return continuing(whole, left) if left.value_of_time else left


def pair(problem: Problem, left: Problem) -> Pair:
    found = forecast(compile_enhanced(problem), left)
    return found.expected_unsatisfied_required, found.objective


def no_worse(one: Pair, other: Pair) -> bool:
    return one[0] < other[0] - 1e-9 or (one[0] < other[0] + 1e-9 and one[1] <= other[1] + 1e-4)


@st.composite
def offers(draw: st.DrawFn, source: str) -> Offer:
    rates = st.sampled_from((0.0, 0.3, 0.5, 1.0))
    answered = draw(st.lists(st.sampled_from(DATASETS), min_size=1, max_size=3, unique=True))
    others = [dataset for dataset in DATASETS if dataset not in answered]
    return Offer(
        source=source,
        price_asked=draw(st.sampled_from((0, 10, 100))),
        price_matched=draw(st.sampled_from((0, 10, 100))),
        match_rate=draw(rates),
        fill_rates=tuple((dataset, draw(rates)) for dataset in sorted(answered)),
        seconds=draw(st.sampled_from((0.0, 1.0, 10.0))),
        needs=frozenset(draw(st.lists(st.sampled_from(others), max_size=1))) if others else frozenset(),
    )


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    required = frozenset(draw(st.lists(st.sampled_from(DATASETS), max_size=4)))
    optional = [dataset for dataset in DATASETS if dataset not in required]
    return Problem(
        offers=tuple(draw(offers(f"s{n}")) for n in range(draw(st.integers(1, 4)))),
        required=required,
        worth=tuple((dataset, draw(st.sampled_from((0, 50, 1_000)))) for dataset in optional),
        value_of_time=draw(st.sampled_from((0, 1, 20, 100))),
    )


@settings(max_examples=80, deadline=None, derandomize=True)
@given(problems(), st.sampled_from(DATASETS))
def test_a_fresh_fact_never_makes_the_pair_of_the_plan_worse(whole: Problem, known: str) -> None:
    left = left_of(whole, frozenset({known}))
    before = pair(whole, whole)
    assert no_worse(pair(whole, left), before), "looked up in the policy of the whole"
    assert no_worse(pair(left, left), before), "compiled by itself"


def test_a_plan_made_in_the_middle_is_the_optimum_from_there_on() -> None:
    for seed, whole in instances(25, first_seed=10_000):
        policy = compile_enhanced(whole)
        for known in sorted(start(whole).unsatisfied):
            left, there = left_of(whole, frozenset({known})), frozenset({known})
            best = brute_force(whole, there)
            assert judged(policy, whole, there) == best, f"seed {seed}, {known}"
            assert judged(compile_enhanced(left), left) == best, f"seed {seed}, {known}"


def two_that_overlap() -> Problem:
    """Each ten seconds: X answers d1 and d2, Y answers d2 and d3."""
    x = Offer("X", 10, 0, 1.0, (("d1", 1.0), ("d2", 1.0)), 10.0)
    y = Offer("Y", 10, 0, 1.0, (("d2", 1.0), ("d3", 1.0)), 10.0)
    return Problem((x, y), frozenset({"d1", "d2", "d3"}), (), value_of_time=100)


def test_what_would_have_waited_together_still_waits_together_when_the_link_is_known() -> None:
    whole = two_that_overlap()
    left = left_of(whole, frozenset({"d2"}))
    assert pair(whole, whole) == pair(whole, left) == pair(left, left) == (0.0, 20 + 10 * 100)
    assert [compile_enhanced(left).next(start(part)) for part in parts(left)] == [{"X", "Y"}]


def test_where_time_has_no_value_what_is_left_falls_into_parts_that_are_asked_side_by_side() -> None:
    whole = replace(two_that_overlap(), value_of_time=0)
    left = left_of(whole, frozenset({"d2"}))
    assert [sorted(part.required) for part in parts(left)] == [["d1"], ["d3"]]
    assert pair(whole, left) == pair(left, left) == (0.0, 20.0)


def test_parts_that_never_shared_a_clock_do_not_get_one() -> None:
    apart = Problem(
        offers=(Offer("X", 10, 0, 1.0, (("d1", 1.0),), 10.0), Offer("Y", 10, 0, 1.0, (("d2", 1.0),), 10.0)),
        required=frozenset({"d1", "d2"}),
        worth=(),
        value_of_time=100,
    )
    assert len(parts(left_of(apart, frozenset()))) == 2
    assert pair(apart, apart) == (0.0, 20 + 2 * 10 * 100)
    assert State(frozenset({"d1"}), frozenset({"X"})) == start(left_of(apart, frozenset({"d2"})))
