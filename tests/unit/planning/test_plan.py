"""Which sources to ask: decided from rules, requirements and what is known, without a clock or a network."""

import pickle
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from math import prod
from pathlib import Path
from typing import Any

import pytest

from enrichment.domain.knowledge import Known
from enrichment.planning.fallback_chains import Part
from enrichment.planning.plan import Plan, whether_complete
from enrichment.policy.compiled import Enhanced
from enrichment.policy.problem import start
from enrichment.rules import load_rules
from enrichment.rules.requirements import Requirements, custom, requirements_of
from tests.support.examples import MATRIX, known_from
from tests.support.plans import plan_of

PROFILE = requirements_of(MATRIX, ["profile"])
VENDOR = requirements_of(MATRIX, ["vendor_enrichment"])
CUSTOMER = requirements_of(MATRIX, ["customer_enrichment"])


def plan_for(requirements: Requirements = PROFILE, known: Known | None = None, **more: Any) -> Plan:
    return plan_of(requirements, known, **{"strategy": "priority"} | more)


def asked(plan: Plan) -> set[str]:
    return {source for part in plan.parts for step in part.chain for source in step}


def test_with_nothing_known_the_matrix_order_is_followed() -> None:
    plan = plan_for()
    assert plan.parts[0].chain[0] == ("google_knowledge_graph",)
    assert plan.source("google_knowledge_graph").verdict == "chosen"
    assert plan.source("brightdata_company_db").verdict == "fallback"


def test_what_memory_has_is_not_bought_again_and_the_plan_names_the_payer() -> None:
    known = known_from(("brightdata_company_db", ["company_name", "domain", "industry", "employee_count"]))
    plan = plan_for(known=known)
    assert {d.status for d in plan.datasets if d.required} == {"satisfied"}
    assert "brightdata_company_db" not in asked(plan)
    assert [(read.source, read.paid_by) for read in plan.reads] == [("brightdata_company_db", "req_before")]
    assert plan.source("brightdata_company_db").verdict == "held"


def test_one_call_is_shared_by_every_dataset_it_answers() -> None:
    plan = plan_for(strategy="enhanced")
    calls = [source for part in plan.parts for step in part.chain for source in step]
    assert len(calls) == len(set(calls))
    assert {"industry", "employee_count"} <= set(plan.source("brightdata_company_db").answers)


def test_a_source_too_unreliable_to_satisfy_is_a_last_resort() -> None:
    plan = plan_for(VENDOR)
    contacts = next(part for part in plan.parts if "key_contacts" in part.problem.required)
    assert contacts.last_resorts == ("serp_linkedin",)
    linkedin = [offer for offer in contacts.problem.offers if offer.source == "serp_linkedin"]
    assert all("key_contacts" not in dict(offer.fill_rates) for offer in linkedin)


def test_legacy_calls_everything_at_once() -> None:
    plan = plan_for(PROFILE.within(max_cost=1_000_000, oldest=None), strategy="legacy")
    assert all(len(part.chain) == 1 for part in plan.parts)
    assert {"brightdata_company_db", "serp_organic", "snov_contacts", "serp_linkedin"} <= asked(plan)
    assert plan.reads == ()


def test_named_datasets_and_sources_are_kept_to() -> None:
    plan = plan_for(custom(MATRIX, ["tech_stack"], ["serp_jobs"]))
    assert asked(plan) == {"serp_jobs"}
    assert plan.source("brightdata_technographics").verdict == "not in this request"


def test_the_quote_is_bounded_by_what_the_request_may_cost() -> None:
    plan = plan_for(CUSTOMER, strategy="enhanced")
    assert 0 < plan.quote.vendors < plan.quote.legacy
    assert plan.quote.expected <= plan.quote.upper_bound <= CUSTOMER.max_cost


@pytest.mark.parametrize(("requirements", "most"), [(PROFILE, 172_500), (VENDOR, 442_500), (CUSTOMER, 628_500)])
def test_the_shipped_matrix_costs_what_the_exact_policy_promised(requirements: Requirements, most: int) -> None:
    assert plan_for(requirements, strategy="enhanced").quote.vendors <= most


def test_the_same_input_makes_the_same_plan_and_a_plan_can_be_handed_on() -> None:
    plan = plan_for(VENDOR, strategy="enhanced")
    assert plan == plan_for(VENDOR, strategy="enhanced")
    assert pickle.loads(pickle.dumps(plan)) == plan  # noqa: S301  our own bytes


def test_several_consumers_are_planned_for_together() -> None:
    both = requirements_of(MATRIX, ["profile", "customer_enrichment"])
    assert both.consumer == "profile+customer_enrichment"
    assert set(both.required) == set(CUSTOMER.required)
    assert replace(both, consumer=CUSTOMER.consumer).optional == CUSTOMER.optional


def test_an_analysis_that_is_wanted_brings_what_it_cannot_do_without() -> None:
    context = requirements_of(MATRIX, ["vendor_context"])
    assert "company_description" in context.collected_required
    assert {"positioning", "competition"} == set(context.analyses)


def test_finding_out_whether_all_can_be_had_costs_less_than_the_parts_in_any_order() -> None:
    """The parts until one of them fails, each in the order in which it is cheapest to complete."""
    shipped = load_rules(Path(__file__).parents[3] / "config")
    plan = plan_for(requirements_of(shipped, ["vendor_enrichment"]), strategy="enhanced", rules=shipped)
    needed = [part for part in plan.parts if part.problem.required]
    assert len(needed) > 2
    (doubtful,) = whether_complete(plan)
    assert doubtful.problem.required == set(plan.requirements.collected_required)
    policy = plan.policy(doubtful)
    assert isinstance(policy, Enhanced)
    least = min(expected_spend(plan, order) for order in permutations(needed))
    assert policy.expected_spend(start(doubtful.problem)) < least


def test_what_a_source_satisfies_by_having_none_is_asked_before_others_find_too_few() -> None:
    shipped = load_rules(Path(__file__).parents[3] / "config")
    requirements = requirements_of(shipped, ["customer_enrichment"])
    news, others = whether_complete(plan_for(requirements, strategy="enhanced", rules=shipped))
    assert news.problem.required == {"recent_news"}
    assert others.problem.required == set(requirements.collected_required) - {"recent_news"}
    assert "serp_news" not in {offer.source for offer in others.problem.offers}


def expected_spend(plan: Plan, parts: Sequence[Part]) -> float:
    """Of parts carried out one after another until one of them fails."""
    chances = {dataset.dataset: dataset.chance for dataset in plan.datasets}
    total, goes_on = 0.0, 1.0
    for part in parts:
        sources = (plan.source(source) for step in part.chain for source in step)
        total += goes_on * sum(source.chance * source.expected_micro_usd for source in sources)
        goes_on *= prod(chances[dataset] for dataset in part.problem.required)
    return total
