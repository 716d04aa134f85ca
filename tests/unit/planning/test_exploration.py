"""Sources that are asked besides, to learn from them: off unless there is a budget, within the caps, in the quote."""

from collections import Counter
from dataclasses import replace

from enrichment.domain.knowledge import Known
from enrichment.planning.plan import Plan, make_plan
from enrichment.planning.plan_inputs import PlanInputs
from enrichment.purchasing.caps import exploration_cap
from enrichment.rules import Rules
from enrichment.rules.models import ExplorationRules
from enrichment.rules.requirements import requirements_of
from tests.support.examples import MATRIX, NOON, acme


def rules(**changes: object) -> Rules:
    return MATRIX.model_copy(update={"exploration": ExplorationRules.model_validate(changes)})


def plan(its: Rules, company: str = "acme.com", *, max_cost: int | None = None, spent: int = 0) -> Plan:
    wanted = requirements_of(its, ("profile",)).within(max_cost=max_cost, oldest=None, budget=None, daily=None)
    taken = {exploration_cap(its, NOON).name: spent}
    about = replace(acme(), key=company)
    return make_plan(PlanInputs(its, wanted, about, Known(), "enhanced", NOON, spent=taken, explores=True))


ALWAYS = rules(budget_usd_per_day="5.00", share=1.0)


def test_without_a_budget_nothing_is_explored() -> None:
    assert plan(rules(share=1.0)).explores is None
    assert plan(rules(share=1.0)) == plan(MATRIX)


def test_the_quote_shows_what_is_asked_besides_and_the_most_it_may_cost() -> None:
    usual, found = plan(MATRIX), plan(ALWAYS)
    assert found.explores is not None
    one = found.explores
    assert usual.source(one.source).chance <= 0.25
    assert (found.source(one.source).verdict, found.source(one.source).chance) == ("explored", 1.0)
    assert found.quote.exploration == one.expected
    assert found.quote.expected == usual.quote.expected + one.expected
    assert found.quote.p90 == usual.quote.p90 + one.most
    assert usual.quote.upper_bound <= found.quote.upper_bound <= found.requirements.max_cost
    assert found.quote_without_exploration.expected == usual.quote.expected
    assert found.parts == usual.parts


def test_a_late_fallback_and_a_last_resort_may_be_asked_besides_for_what_the_plan_itself_would_not_pay() -> None:
    usual = plan(MATRIX)
    each = [plan(ALWAYS, f"c{number}.com").explores for number in range(40)]
    late = [one for one in each if one is not None and usual.source(one.source).verdict in {"fallback", "last resort"}]
    assert late
    for one in late:
        its = usual.source(one.source)
        assert one.expected == round(its.expected_micro_usd * (1 - its.chance))
    often = {source.source for source in usual.sources if source.chance > 0.25}
    assert all(one is not None and often.isdisjoint(one.alternatives) for one in each)


def test_it_is_within_the_request_s_cap_and_the_day_s_budget() -> None:
    assert plan(ALWAYS, max_cost=160_000).explores is None
    assert plan(ALWAYS, spent=5_000_000).explores is None
    assert plan(ALWAYS, spent=4_000_000).explores is not None


def test_a_share_of_companies_explores_each_passed_over_source_as_often_and_the_chance_is_on_record() -> None:
    some = rules(budget_usd_per_day="5.00", share=0.2)
    found = [plan(some, f"c{number}.com").explores for number in range(1500)]
    asked = Counter(one.source for one in found if one is not None)
    assert abs(sum(asked.values()) - 300) < 60
    one = next(one for one in found if one is not None)
    assert one.chance == 0.2 / len(one.alternatives)
    assert asked.keys() == set(one.alternatives)
    assert plan(some, "c1.com").explores == plan(some, "c1.com").explores


def test_a_plan_that_might_have_explored_has_the_chance_that_it_does_not() -> None:
    some = rules(budget_usd_per_day="5.00", share=0.2)
    found = [plan(some, f"c{number}.com") for number in range(40)]
    assert all((one.explores is None) == (one.unexplored is not None) for one in found)
    besides = {one.unexplored for one in found if one.unexplored is not None}
    assert {one.chance for one in besides} == {0.8}
    assert {one.alternatives for one in besides} == {one.explores.alternatives for one in found if one.explores}
    assert plan(some, spent=5_000_000).unexplored is None


def test_what_companies_explore_on_average_is_what_many_plans_come_to() -> None:
    some = rules(budget_usd_per_day="5.00", share=0.2)
    found = [plan(some, f"c{number}.com") for number in range(1500)]
    spent = sum(one.explores.expected for one in found if one.explores is not None)
    on_average, most = found[0].explores_on_average
    assert len({one.explores_on_average for one in found}) == 1
    assert abs(spent / 1500 / on_average - 1) < 0.15
    assert most == max(one.explores.most for one in found if one.explores is not None)
    assert plan(MATRIX).explores_on_average == (0.0, 0)
