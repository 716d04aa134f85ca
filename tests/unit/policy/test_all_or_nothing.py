"""The policy that finds out whether all that is required can be had, against the least cost of any adaptive order."""

from random import Random

import pytest

from bench.batch.complete_share import SourceTest, best_share
from enrichment.planning.whether_complete import all_or_nothing
from enrichment.policy.compiled import compile_enhanced
from enrichment.policy.problem import Offer, Problem, start

DATASETS = ("industry", "key_contacts", "tech_stack")
ALL = frozenset(DATASETS)


def offer(source: str, price: int, fills: dict[str, float], *, match_rate: float = 1.0, always: bool = True) -> Offer:
    return Offer(source, price if always else 0, 0 if always else price, match_rate, tuple(fills.items()), seconds=9.0)


def wanting(*offers: Offer, worth: int = 0) -> Problem:
    optional = (("recent_news", worth),) if worth else ()
    return Problem(offers, frozenset(DATASETS), optional, value_of_time=10_000)


def some_problem(random: Random) -> Problem:
    offers = [
        offer(
            f"source_{n}",
            random.randint(1, 9) * 10_000,
            {dataset: random.choice((0.4, 0.7, 0.9)) for dataset in random.sample(DATASETS, random.randint(1, 2))},
            match_rate=random.choice((0.6, 0.9)),
            always=random.random() < 0.5,
        )
        for n in range(5)
    ]
    return wanting(*offers, *(offer(f"of_{dataset}", 90_000, {dataset: 0.5}) for dataset in DATASETS))


def test_no_order_finds_out_at_less_cost_whether_all_can_be_had() -> None:
    for seed in range(20):
        problem = all_or_nothing(some_problem(Random(seed)), ALL)
        tests = [
            SourceTest(o.price_asked or o.price_matched, bool(o.price_asked), o.match_rate, dict(o.fill_rates))
            for o in problem.offers
        ]
        least = best_share(tests).cost
        assert compile_enhanced(problem).expected_spend(start(problem)) == pytest.approx(least), f"seed {seed}"


def test_what_likely_fails_and_costs_nothing_then_is_asked_before_what_is_bought_in_any_case() -> None:
    sure = offer("records", 50_000, {"industry": 0.99, "key_contacts": 0.99})
    doubtful = offer("technologies", 200_000, {"tech_stack": 1.0}, match_rate=0.5, always=False)
    problem = all_or_nothing(wanting(sure, doubtful), ALL)
    assert compile_enhanced(problem).next(start(problem)) == {"technologies"}


def test_nothing_is_asked_any_more_once_one_of_them_cannot_be_had() -> None:
    problem = all_or_nothing(wanting(offer("records", 50_000, {"industry": 0.9, "key_contacts": 0.9})), ALL)
    assert compile_enhanced(problem).next(start(problem)) == frozenset()


def test_what_is_optional_or_not_asked_about_is_left_out() -> None:
    records = offer("records", 50_000, {"industry": 0.9, "key_contacts": 0.9, "recent_news": 0.5})
    others = offer("news", 10_000, {"recent_news": 0.9}), offer("technologies", 20_000, {"tech_stack": 0.9})
    asked_about = frozenset({"industry", "key_contacts"})
    problem = all_or_nothing(wanting(records, *others, worth=90_000), asked_about)
    assert {one.source: one.answers for one in problem.offers} == {"records": asked_about}
    assert problem.wanted == asked_about
