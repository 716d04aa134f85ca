"""What each policy asks next, on problems small enough to check by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from bench.planner.instances import small
from bench.planner.policy_forecast import forecast
from bench.planner.shipped_matrix import CONSUMERS
from enrichment.policy.baselines import Priority
from enrichment.policy.compiled import compile_enhanced, compile_policy
from enrichment.policy.greedy import Greedy
from enrichment.policy.problem import Offer, Policy, Problem, State, parts, start
from enrichment.policy.serialization import from_bytes, to_bytes
from tests.support.examples import shipped

NOTHING = frozenset[str]()


def offer(
    source: str,
    price: int,
    *,
    fills: dict[str, float],
    match: float = 1.0,
    seconds: float = 0.0,
    needs: frozenset[str] = NOTHING,
) -> Offer:
    return Offer(source, price, 0, match, tuple(sorted(fills.items())), seconds, needs)


def problem(*offers: Offer, required: set[str], worth: dict[str, int] | None = None, value_of_time: int = 0) -> Problem:
    return Problem(offers, frozenset(required), tuple((worth or {}).items()), (), value_of_time)


def asked(policy_of: Problem, *, strategy: str = "enhanced", without: set[str] | None = None) -> frozenset[str]:
    here = start(policy_of)
    return compile_policy(strategy, policy_of).next(State(here.unsatisfied, here.usable - (without or set())))


def test_one_source_for_two_datasets_beats_two_cheaper_ones() -> None:
    wanted = problem(
        offer("both", 150, fills={"industry": 0.95, "employees": 0.95}),
        offer("only_industry", 100, fills={"industry": 0.95}),
        offer("only_employees", 100, fills={"employees": 0.95}),
        required={"industry", "employees"},
    )
    assert asked(wanted) == {"both"}


def test_a_required_dataset_is_pursued_at_any_price() -> None:
    assert asked(problem(offer("dear", 10**9, fills={"industry": 0.01}), required={"industry"})) == {"dear"}


@pytest.mark.parametrize(("worth", "expected"), [(99, NOTHING), (101, {"half"})])
def test_an_optional_dataset_is_bought_only_where_its_worth_pays(worth: int, expected: frozenset[str]) -> None:
    wanted = problem(offer("half", 50, fills={"news": 0.5}), required=set(), worth={"news": worth})
    assert asked(wanted) == expected


def test_nothing_is_asked_for_what_is_satisfied() -> None:
    wanted = problem(offer("source", 5, fills={"industry": 0.9}), required={"industry"})
    assert compile_policy("enhanced", wanted).next(State(NOTHING, frozenset({"source"}))) == NOTHING


def test_an_unwanted_dataset_is_bought_where_it_opens_the_way_to_a_required_one() -> None:
    wanted = problem(
        offer("finder", 10, fills={"linkedin_url": 0.9}),
        offer("people", 20, fills={"contacts": 0.9}, needs=frozenset({"linkedin_url"})),
        required={"contacts"},
    )
    policy = compile_policy("enhanced", wanted)
    assert policy.next(start(wanted)) == {"finder"}
    assert policy.next(State(frozenset({"contacts"}), frozenset({"people"}))) == {"people"}
    assert policy.next(State(frozenset({"contacts", "linkedin_url"}), frozenset({"people"}))) == NOTHING


@pytest.mark.parametrize(("value_of_time", "expected"), [(0, {"first"}), (1, {"first"}), (100, {"first", "second"})])
def test_calls_start_together_only_where_waiting_costs_more_than_a_needless_call(
    value_of_time: int, expected: set[str]
) -> None:
    wanted = problem(
        offer("first", 100, fills={"industry": 0.8}, seconds=5.0),
        offer("second", 110, fills={"industry": 0.8}, seconds=5.0),
        required={"industry"},
        value_of_time=value_of_time,
    )
    assert asked(wanted) == expected


def test_parts_that_share_nothing_are_asked_side_by_side() -> None:
    wanted = problem(
        offer("a", 10, fills={"industry": 0.9}),
        offer("b", 10, fills={"news": 0.9}),
        required={"industry", "news", "patents"},
    )
    assert asked(wanted) == {"a", "b"}
    assert [(sorted(part.required), [o.source for o in part.offers]) for part in parts(wanted)] == [
        (["industry"], ["a"]),
        (["news"], ["b"]),
        (["patents"], []),
    ]


def test_a_source_that_is_ruled_out_is_planned_around() -> None:
    wanted = shipped("customer_enrichment")
    first = asked(wanted)
    assert first == {"snov_contacts", "brightdata_intent_data"}
    assert not asked(wanted, without=set(first)) & first
    assert asked(wanted, without={o.source for o in wanted.offers}) == NOTHING


def test_names_the_policy_does_not_know_change_nothing() -> None:
    wanted = shipped("profile")
    here = start(wanted)
    strange = State(here.unsatisfied | {"patents"}, here.usable | {"patent_office"})
    assert compile_policy("enhanced", wanted).next(strange) == asked(wanted)


@pytest.mark.parametrize("value_of_time", [0, 20])
@pytest.mark.parametrize("decide", [compile_enhanced, Greedy, Priority])
def test_a_source_that_can_answer_nothing_any_more_changes_no_decision(
    decide: Callable[[Problem], Policy], value_of_time: int
) -> None:
    for seed in range(30):
        rng = Random(seed)
        (wanted, *_) = parts(small(rng, sources=5, datasets=4, value_of_time=value_of_time))
        policy, here = decide(wanted), start(wanted)
        for open_ in (frozenset(d for d in sorted(here.unsatisfied) if rng.random() < 0.5) for _ in range(8)):
            useful = frozenset(o.source for o in wanted.offers if o.answers & open_)
            assert policy.next(State(open_, here.usable)) == policy.next(State(open_, useful)), f"seed {seed}"


def test_the_order_in_which_rules_are_written_does_not_change_the_plan() -> None:
    wanted = shipped("vendor_enrichment")
    shuffled = replace(wanted, offers=wanted.offers[::-1], worth=wanted.worth[::-1])
    assert forecast(compile_enhanced(shuffled), shuffled) == forecast(compile_enhanced(wanted), wanted)


def test_priority_follows_the_matrix_and_takes_required_datasets_first() -> None:
    wanted = replace(
        problem(
            offer("cheap", 1, fills={"industry": 0.9}),
            offer("dear", 9, fills={"industry": 0.9}),
            offer("news", 1, fills={"news": 0.9}),
            required={"industry"},
            worth={"news": 0},
        ),
        order=(("news", ("news",)), ("industry", ("dear", "cheap"))),
    )
    assert asked(wanted, strategy="priority") == {"dear"}
    assert asked(wanted, strategy="priority", without={"dear"}) == {"cheap"}
    assert asked(wanted, strategy="priority", without={"dear", "cheap"}) == {"news"}


def test_legacy_asks_everything_once_even_what_is_already_known() -> None:
    wanted = shipped("profile")
    policy = compile_policy("legacy", wanted)
    here = start(wanted)
    assert policy.next(State(NOTHING, here.usable)) == here.usable
    assert policy.next(State(here.unsatisfied, NOTHING)) == NOTHING


def test_an_unknown_strategy_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="No strategy named 'guess': use enhanced, priority or legacy"):
        compile_policy("guess", shipped("profile"))


def test_a_policy_restored_from_bytes_decides_as_before() -> None:
    wanted = shipped("vendor_enrichment")
    compiled = compile_enhanced(wanted)
    restored = from_bytes(to_bytes(compiled), wanted)
    assert restored.exact
    assert forecast(restored, wanted) == forecast(compiled, wanted)


def test_bytes_of_other_rules_or_damaged_bytes_are_refused() -> None:
    wanted = shipped("profile")
    kept = to_bytes(compile_enhanced(wanted))
    dearer = replace(wanted, offers=(replace(wanted.offers[0], price_asked=20_001), *wanted.offers[1:]))
    with pytest.raises(ValueError, match="compiled for other rules"):
        from_bytes(kept, dearer)
    with pytest.raises(ValueError, match="damaged"):
        from_bytes(kept[:-9], wanted)


@pytest.mark.parametrize(
    ("consumer", "most_usd"), [("profile", 0.172), ("vendor_enrichment", 0.442), ("customer_enrichment", 0.628)]
)
def test_the_shipped_rules_cost_no_more_than_the_trial(consumer: str, most_usd: float) -> None:
    wanted = shipped(consumer)
    found = forecast(compile_enhanced(wanted), wanted)
    assert found.exact
    assert round(found.expected_cost / 1_000_000, 3) <= most_usd


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_calling_everything_costs_every_price_and_satisfies_as_much(consumer: str) -> None:
    wanted = shipped(consumer)
    everything = forecast(compile_policy("legacy", wanted), wanted)
    least = forecast(compile_enhanced(wanted), wanted)
    assert everything.expected_cost == pytest.approx(sum(o.expected_cost for o in wanted.offers))
    assert least.expected_unsatisfied_required == pytest.approx(everything.expected_unsatisfied_required)
    assert least.expected_cost < everything.expected_cost / 2


def test_a_forecast_of_one_source_is_what_one_computes_by_hand() -> None:
    wanted = Problem(
        offers=(Offer("db", 10, 100, 0.8, (("industry", 0.5), ("news", 0.25)), seconds=3.0),),
        required=frozenset({"industry"}),
        worth=(("news", 40),),
        value_of_time=2,
    )
    found = forecast(compile_enhanced(wanted), wanted)
    assert found.expected_cost == pytest.approx(90)
    assert found.expected_unsatisfied_required == pytest.approx(0.6)
    assert dict(found.satisfied_chance) == pytest.approx({"industry": 0.4, "news": 0.2})
    assert found.objective == pytest.approx(90 + 0.8 * 40 + 3 * 2)
    assert (found.p50_cost, found.p90_cost, found.upper_bound) == (110, 110, 110)
    assert (found.expected_seconds, found.expected_calls, found.exact) == (3.0, 1.0, True)


def test_a_required_dataset_that_no_source_answers_counts_as_unsatisfied() -> None:
    found = forecast(compile_policy("enhanced", problem(required={"patents"})), problem(required={"patents"}))
    assert (found.expected_unsatisfied_required, found.expected_cost) == (1.0, 0.0)


def test_rules_too_large_to_solve_get_a_greedy_policy_that_owns_up_to_its_distance() -> None:
    names = ["industry", "employees", "news"]
    offers = [
        offer(f"s{i:02}", 10_000 * (1 + i % 5), fills={names[i % 3]: 0.9, names[(i + 1) % 3]: 0.4}) for i in range(21)
    ]
    wanted = problem(*offers, required={"industry", "employees"}, worth={"news": 60_000})
    policy = compile_enhanced(wanted)
    found = forecast(policy, wanted)
    assert not policy.exact
    assert 0 < policy.excess() < found.objective
    assert found.expected_unsatisfied_required < 0.001
    assert from_bytes(to_bytes(policy), wanted).next(start(wanted)) == policy.next(start(wanted))
