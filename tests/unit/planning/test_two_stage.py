"""Two plans where the domain is unknown: the second counts on what the first brings, and on nothing twice."""

from random import Random
from statistics import mean, stdev

import pytest

from bench.planner.simulated_execution import SimulatedExecution, drawn_reply
from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Known
from enrichment.planning.plan import Plan, make_plan, make_plans
from enrichment.planning.plan_inputs import PlanInputs
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements, custom, identity_requirements, requirements_of
from tests.support.examples import MATRIX, NOON, acme, known_from

PROFILE = requirements_of(MATRIX, ["profile"])
CUSTOMER = requirements_of(MATRIX, ["customer_enrichment"])


def plans_of(
    requirements: Requirements, *, rules: Rules = MATRIX, strategy: str = "enhanced", known: Known | None = None
) -> tuple[Plan, Plan]:
    return make_plans(PlanInputs(rules, requirements, acme(domain=None), known or Known(), strategy, NOON))


def cost_of_both(requirements: Requirements, strategy: str, rng: Random) -> tuple[int, int]:
    """Micro-USD of stage 1 and of the rest, as a request goes: planned anew once stage 1 has brought what it does."""
    knows = {source: drawn_reply(MATRIX, source, rng) for source in MATRIX.sources}
    nameless = acme(domain=None)
    first = planned(identity_requirements(requirements), nameless, Known(), strategy, {})
    finding = SimulatedExecution(MATRIX, first, Known(), requirements.max_cost, knows.__getitem__)
    spent = finding.run().cost
    company = acme() if "domain" in finding.played.satisfied else nameless
    rest = planned(requirements, company, finding.known, strategy, {"request:": spent})
    played = SimulatedExecution(MATRIX, rest, finding.known, requirements.max_cost - spent, knows.__getitem__).run()
    return spent, played.cost + played.analyses


def planned(requirements: Requirements, company: Company, known: Known, strategy: str, spent: dict[str, int]) -> Plan:
    return make_plan(
        PlanInputs(MATRIX, requirements, company, known, strategy=strategy, now=NOON, unavailable={}, spent=spent)
    )


@pytest.mark.parametrize(
    ("strategy", "cap"), [("enhanced", 500_000), ("enhanced", 200_000), ("priority", 500_000), ("legacy", 500_000)]
)
def test_both_plans_together_cost_what_a_request_for_a_name_costs_on_average(strategy: str, cap: int) -> None:
    """The mean of 500 requests within four of its errors, stage by stage."""
    requirements, rng, runs = PROFILE.within(max_cost=cap, oldest=None), Random(20_260_302), 500
    both = [cost_of_both(requirements, strategy, rng) for _ in range(runs)]
    for plan, costs in zip(
        plans_of(requirements, rules=MATRIX, strategy=strategy), zip(*both, strict=True), strict=True
    ):
        error = stdev(costs) / runs**0.5
        assert mean(costs) == pytest.approx(plan.quote.expected, abs=4 * error + 1)
        assert plan.quote.p50 <= plan.quote.p90 <= plan.quote.upper_bound <= cap
        assert max(costs) <= plan.quote.upper_bound


def test_a_source_asked_for_the_domain_in_any_case_is_not_counted_again() -> None:
    first, rest = plans_of(PROFILE)
    google = rest.source("google_knowledge_graph")
    assert (first.source("google_knowledge_graph").verdict, first.source("google_knowledge_graph").chance) == (
        "chosen",
        1,
    )
    assert (google.verdict, google.why, google.chance) == ("held", "asked first, to find the domain", 0)
    alone = make_plan(PlanInputs(MATRIX, PROFILE, acme(), Known(), strategy="enhanced", now=NOON, unavailable={}))
    assert first.quote.expected + rest.quote.expected == pytest.approx(201_500, rel=0.01)
    assert rest.quote.expected < alone.quote.expected


def test_what_stage_1_is_likely_to_bring_is_not_bought_for_again() -> None:
    _, rest = plans_of(PROFILE)
    asked = {source for part in rest.parts for step in part.chain for source in step}
    wanted = {dataset for part in rest.parts for dataset in part.problem.wanted}
    assert wanted == {"industry", "employee_count"}
    assert "google_knowledge_graph" not in asked
    chances = {dataset.dataset: dataset.chance for dataset in rest.datasets}
    assert chances["company_description"] > 0.95


def test_where_no_source_can_find_the_domain_what_needs_one_is_not_counted_on() -> None:
    first, rest = plans_of(custom(MATRIX, ["key_contacts"], ["snov_contacts"]))
    assert (first.quote.expected, rest.quote.expected) == (0, 0)
    assert rest.source("snov_contacts").verdict == "needs a domain"


def test_what_needs_a_domain_is_asked_as_often_as_it_is_found() -> None:
    first, rest = plans_of(custom(MATRIX, ["key_contacts"], ["google_knowledge_graph", "snov_contacts"]))
    assert first.quote.expected == 20_000
    assert rest.source("snov_contacts").chance == pytest.approx(0.75 * 0.85)
    assert rest.quote.vendors == round(0.75 * 0.85 * 0.7 * 100_000)


def test_what_memory_has_is_in_neither() -> None:
    known = known_from(("brightdata_company_db", ["company_name", "industry", "employee_count"]))
    first, rest = plans_of(PROFILE, known=known)
    assert first.source("brightdata_company_db").verdict == "held"
    assert rest.source("brightdata_company_db").verdict == "held"
    assert {part.problem.wanted for part in rest.parts} == set()
    assert rest.quote.expected < 10_000


def test_stage_1_spends_from_the_same_cap() -> None:
    for cap in (20_000, 170_000, 400_000):
        first, rest = plans_of(CUSTOMER.within(max_cost=cap, oldest=None))
        assert first.quote.expected + rest.quote.expected <= cap
    first, rest = plans_of(PROFILE.within(max_cost=160_000, oldest=None))
    assert rest.source("brightdata_company_db").verdict == "over a cap"
