"""What a plan says it will cost: spread, bound, last resorts, and how far from the least where it was not solved."""

from datetime import timedelta
from io import StringIO
from random import Random

import pytest
from rich.console import Console

from enrich_cli.show import plan_tree
from enrichment.plan import Plan, make_plan
from enrichment.policy import parts, simulate
from enrichment.policy.exact import fits
from enrichment.records import Known
from enrichment.rules import Rules
from enrichment.rules.types import DatasetRules, SourceDataset
from enrichment.wants import Wants, custom, wants_of
from tests.making import NOON, SHIPPED, acme

PROFILE = wants_of(SHIPPED, ["profile"])
VENDOR = wants_of(SHIPPED, ["vendor_enrichment"])
CUSTOMER = wants_of(SHIPPED, ["customer_enrichment"])


def plan_of(wants: Wants, *, rules: Rules = SHIPPED, strategy: str = "enhanced") -> Plan:
    return make_plan(rules, wants, acme(), Known(), strategy=strategy, now=NOON + timedelta(hours=1), out_of_order={})


def runs_of(plan: Plan, count: int) -> list[int]:
    """What `count` simulated executions cost the vendors, in micro-USD."""
    rng = Random(20_260_302)
    return sorted(sum(simulate(plan.policy(part), part.problem, rng).cost for part in plan.parts) for _ in range(count))


@pytest.mark.parametrize("wants", [PROFILE, VENDOR, CUSTOMER])
def test_half_and_nine_in_ten_executions_cost_what_the_quote_says_over_all_parts_together(wants: Wants) -> None:
    plan, count = plan_of(wants), 2_000
    costs = runs_of(plan, count)
    p50, p90 = plan.quote.p50 - plan.quote.analyses, plan.quote.p90 - plan.quote.analyses
    assert sum(cost <= p50 for cost in costs) / count >= 0.46
    assert sum(cost < p50 for cost in costs) / count <= 0.54
    assert sum(cost <= p90 for cost in costs) / count >= 0.88
    assert sum(cost < p90 for cost in costs) / count <= 0.92
    assert sum(costs) / count == pytest.approx(plan.quote.vendors, rel=0.03)


@pytest.mark.parametrize("wants", [PROFILE, VENDOR, CUSTOMER])
def test_no_execution_costs_more_than_the_upper_bound_last_resorts_and_analyses_included(wants: Wants) -> None:
    plan = plan_of(wants)
    resorts = sum(SHIPPED.max_micro_usd(s) for part in plan.parts for s in part.last_resorts)
    assert runs_of(plan, 500)[-1] + resorts + plan.quote.analyses <= plan.quote.upper_bound


def test_a_request_is_never_quoted_above_what_it_may_cost() -> None:
    assert plan_of(CUSTOMER.within(max_cost=400_000, oldest=None)).quote.upper_bound == 400_000


def test_a_last_resort_costs_its_price_times_the_chance_that_it_is_needed() -> None:
    plan = plan_of(custom(SHIPPED, ["key_contacts"], ["apollo_contacts", "serp_linkedin"]))
    asked = 1 - 0.78 * 0.92
    assert plan.quote.last_resorts == round(asked * 80_000)
    assert plan.quote.expected == plan.quote.vendors + plan.quote.last_resorts


def test_a_plan_from_what_can_be_solved_is_the_least_and_says_nothing_of_a_distance() -> None:
    assert plan_of(CUSTOMER).quote.above_least is None
    assert plan_of(CUSTOMER, strategy="priority").quote.above_least is None


def test_a_plan_too_large_to_solve_says_how_far_it_may_be_from_the_least() -> None:
    rules = crowded(SHIPPED, 20)
    plan = plan_of(custom(rules, ["industry", "employee_count", "key_contacts", "tech_stack"], None), rules=rules)
    assert not all(fits(part) for part in parts(plan.parts[0].problem))
    assert plan.quote.above_least is not None
    assert plan.quote.above_least >= 0
    printed = StringIO()
    Console(width=200, file=printed).print(plan_tree(plan, "plan"))
    assert "decided step by step" in printed.getvalue()


def crowded(rules: Rules, more: int) -> Rules:
    """The same rules with many more vendors of everything."""
    datasets = ["industry", "employee_count", "key_contacts", "tech_stack"]
    base = rules.sources["brightdata_company_db"]
    sources = {
        f"copy_{n}": base.model_copy(
            update={
                "match_rate": 0.5 + n / 100,
                "datasets": {d: SourceDataset(fill_rate=0.5 + n / 50, reliability=0.9) for d in datasets},
            }
        )
        for n in range(more)
    }
    entries: dict[str, DatasetRules] = {
        name: entry.model_copy(update={"sources": (*entry.sources, *sources)}) if name in datasets else entry
        for name, entry in rules.datasets.items()
    }
    return rules.model_copy(update={"sources": {**rules.sources, **sources}, "datasets": entries})
