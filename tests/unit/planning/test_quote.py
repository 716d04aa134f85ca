"""What a plan says it will cost: spread, bound, caps, last resorts, how far from the least where it was not solved."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from itertools import product
from random import Random
from statistics import mean, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from bench.planner.policy_forecast import simulate
from bench.planner.simulated_execution import SimulatedExecution, drawn_reply
from enrich_cli.rendering.plan import plan_tree, plans_view
from enrichment.domain.knowledge import Known
from enrichment.planning.plan import Plan, make_plan, make_plans
from enrichment.planning.plan_inputs import PlanInputs
from enrichment.policy.compiled import compile_enhanced
from enrichment.rules import Rules
from enrichment.rules.models import Caps, DatasetRules, RedundancyRule, SourceDataset
from enrichment.rules.requirements import Requirements, custom, requirements_of
from tests.support.examples import MATRIX, NOON, acme, known_from
from tests.support.plans import plan_of

PROFILE = requirements_of(MATRIX, ["profile"])
VENDOR = requirements_of(MATRIX, ["vendor_enrichment"])
CUSTOMER = requirements_of(MATRIX, ["customer_enrichment"])


def runs_of(plan: Plan, count: int) -> list[int]:
    """What `count` simulated executions cost the vendors, in micro-USD."""
    rng = Random(20_260_302)
    return sorted(sum(simulate(plan.policy(part), part.problem, rng).cost for part in plan.parts) for _ in range(count))


@pytest.mark.parametrize("requirements", [PROFILE, VENDOR, CUSTOMER])
def test_half_and_nine_in_ten_executions_cost_what_the_quote_says_over_all_parts_together(
    requirements: Requirements,
) -> None:
    plan, count = plan_of(requirements), 2_000
    costs = runs_of(plan, count)
    p50, p90 = plan.quote.p50 - plan.quote.analyses, plan.quote.p90 - plan.quote.analyses
    assert sum(cost <= p50 for cost in costs) / count >= 0.46
    assert sum(cost < p50 for cost in costs) / count <= 0.54
    assert sum(cost <= p90 for cost in costs) / count >= 0.88
    assert sum(cost < p90 for cost in costs) / count <= 0.92
    assert sum(costs) / count == pytest.approx(plan.quote.vendors, rel=0.03)


@pytest.mark.parametrize("requirements", [PROFILE, VENDOR, CUSTOMER])
def test_no_execution_costs_more_than_the_upper_bound_last_resorts_and_analyses_included(
    requirements: Requirements,
) -> None:
    plan = plan_of(requirements)
    resorts = sum(MATRIX.max_micro_usd(s) for part in plan.parts for s in part.last_resorts)
    assert runs_of(plan, 500)[-1] + resorts + plan.quote.analyses <= plan.quote.upper_bound


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    cap=st.integers(0, 1_300_000),
    requirements=st.sampled_from([PROFILE, VENDOR, CUSTOMER]),
    strategy=st.sampled_from(["enhanced", "priority", "legacy"]),
    silent=st.sets(st.sampled_from(sorted(MATRIX.sources)), min_size=4),
)
def test_under_any_cap_half_cost_at_most_what_nine_in_ten_do_and_all_at_most_the_bound(
    cap: int, requirements: Requirements, strategy: str, silent: set[str]
) -> None:
    known = Known() if strategy == "legacy" else known_from(*((source, []) for source in sorted(silent)))
    quote = plan_of(requirements.within(max_cost=cap, oldest=None), strategy=strategy, known=known).quote
    assert 0 <= quote.p50 <= quote.p90 <= quote.upper_bound <= cap
    assert quote.expected <= quote.upper_bound


@pytest.mark.parametrize(
    ("requirements", "cap", "strategy", "silent"),
    [
        (PROFILE, 250_000, "enhanced", []),
        (PROFILE, 500_000, "legacy", []),
        (VENDOR, 400_000, "enhanced", ["brightdata_company_db", "brightdata_technographics"]),
        (CUSTOMER, 300_000, "priority", ["google_knowledge_graph", "snov_contacts"]),
        (CUSTOMER, 5_000_000, "enhanced", ["snov_contacts", "serp_organic", "brightdata_company_db"]),
        (CUSTOMER, 300_000, "enhanced", []),
    ],
)
def test_what_is_quoted_is_what_executions_cost_and_bring_on_average(
    requirements: Requirements, cap: int, strategy: str, silent: list[str]
) -> None:
    """Played out on records, caps, last resorts and redundancy included; the mean of 300 within four of its errors."""
    known, runs, rng = known_from(*((source, []) for source in silent)), 300, Random(20_260_302)
    plan = plan_of(requirements.within(max_cost=cap, oldest=None), rules=MATRIX, strategy=strategy, known=known)
    played = [
        SimulatedExecution(MATRIX, plan, known, cap, lambda source: drawn_reply(MATRIX, source, rng)).run()
        for _ in range(runs)
    ]
    costs = [one.cost + one.analyses for one in played]
    assert mean(costs) == pytest.approx(plan.quote.expected, abs=4 * stdev(costs) / runs**0.5 + 1)
    assert max(costs) <= plan.quote.upper_bound
    for dataset in plan.datasets:
        share = sum(dataset.dataset in one.satisfied for one in played) / runs
        assert share == pytest.approx(dataset.chance, abs=0.1), dataset
    for source in plan.sources:
        share = sum(source.source in one.asked for one in played) / runs
        assert share == pytest.approx(source.chance, abs=0.1), source


def test_a_cap_that_binds_shows_in_what_is_expected_and_in_every_chance() -> None:
    free, capped = plan_of(CUSTOMER), plan_of(CUSTOMER.within(max_cost=400_000, oldest=None))
    assert (free.in_turn, capped.in_turn) == (False, True)
    assert free.quote.vendors > capped.quote.upper_bound
    assert capped.quote.vendors == pytest.approx(348_000, rel=0.02)
    assert capped.quote.upper_bound == 400_000
    chances = {d.dataset: (before.chance, d.chance) for before, d in zip(free.datasets, capped.datasets, strict=True)}
    assert chances["purchase_intent"][0] == 1  # found, or its source reports that there is none
    assert chances["purchase_intent"][1] == 0
    assert chances["tech_stack"][1] < chances["tech_stack"][0] - 0.2


def test_values_that_are_too_few_are_not_outweighed_by_an_empty_reply_of_another_source() -> None:
    """Two stories of three are fresh: if serp_news knows nothing of the company, news stays unsatisfied."""
    memory = known_from(("brightdata_web_scraping", ["recent_news"]))
    two = replace(memory, facts=memory.facts[:2])
    chances = [{d.dataset: d.chance for d in plan_of(CUSTOMER, known=known).datasets} for known in (Known(), two)]
    assert [chance["recent_news"] for chance in chances] == [1, pytest.approx(0.90 * 0.97)]


def test_where_a_cap_binds_optional_datasets_do_not_take_what_required_ones_need() -> None:
    plan = plan_of(CUSTOMER.within(max_cost=600_000, oldest=None), known=known_from(("brightdata_company_db", [])))
    assert [bool(part.problem.required) for part in plan.parts] == sorted(
        (bool(part.problem.required) for part in plan.parts), reverse=True
    )
    chance = {d.dataset: d.chance for d in plan.datasets}
    assert chance["purchase_intent"] < 0.3 < chance["recent_news"]


def test_what_a_day_leaves_caps_the_quote_as_well_and_only_the_sources_it_is_for() -> None:
    day = (NOON + timedelta(hours=1)).date().isoformat()
    requirements = custom(MATRIX, ["key_contacts"], ["apollo_contacts", "brightdata_people_db"])
    free = plan_of(requirements).quote
    assert plan_of(requirements, spent={f"day:{day}": 249_740_000}).quote.upper_bound == 260_000
    rules = MATRIX.model_copy(update={"caps": Caps(providers={"apollo": "1.00"})})
    one_left = plan_of(requirements, rules=rules, spent={f"provider:apollo:{day}": 890_000})
    assert one_left.source("apollo_contacts").verdict == "over a cap"
    assert one_left.quote.upper_bound == 250_000 < free.upper_bound == 370_000


def test_a_purchase_is_weighed_against_a_cap_by_the_most_it_may_cost() -> None:
    """Snov is expected to take 5 credits and may take 7."""
    requirements = custom(MATRIX, ["key_contacts"], ["snov_contacts"])
    expected, most = MATRIX.expected_micro_usd("snov_contacts"), MATRIX.max_micro_usd("snov_contacts")
    assert expected < most
    enough, short = (plan_of(requirements.within(max_cost=cap, oldest=None)) for cap in (most, most - 1))
    assert (enough.source("snov_contacts").verdict, short.source("snov_contacts").verdict) == ("chosen", "over a cap")
    assert (enough.quote.upper_bound, short.quote.upper_bound) == (most, 0)


def test_the_bound_of_a_plan_counts_its_last_resorts_at_the_most_they_may_cost() -> None:
    quote = plan_of(custom(MATRIX, ["key_contacts"], ["apollo_contacts", "serp_linkedin"])).quote
    assert quote.upper_bound == MATRIX.max_micro_usd("apollo_contacts") + MATRIX.max_micro_usd("serp_linkedin")


def test_a_last_resort_is_in_the_spread_of_costs() -> None:
    quote = plan_of(custom(MATRIX, ["key_contacts"], ["serp_linkedin"])).quote
    assert (quote.vendors, quote.last_resorts, quote.p50, quote.p90) == (0, 80_000, 80_000, 80_000)


def test_the_saving_is_against_asking_every_source_that_could_be_asked() -> None:
    requirements = custom(MATRIX, ["key_contacts"], ["apollo_contacts", "brightdata_people_db"])
    both = plan_of(requirements)
    assert both.quote.legacy == round(0.78 * 120_000 + 0.75 * 250_000)
    assert both.quote.saving == both.quote.legacy - both.quote.expected > 0
    printed = StringIO()
    Console(width=300, file=printed).print(plans_view([both], home="/home/seller"))
    assert f"saves {both.quote.saving / 1e6:.4f} against calling everything (0.2811)" in printed.getvalue()


def test_a_last_resort_costs_its_price_times_the_chance_that_it_is_needed() -> None:
    plan = plan_of(custom(MATRIX, ["key_contacts"], ["apollo_contacts", "serp_linkedin"]))
    asked = 1 - 0.78 * 0.92
    assert plan.quote.last_resorts == round(asked * 80_000)
    assert plan.quote.expected == plan.quote.vendors + plan.quote.last_resorts


def test_a_plan_from_what_can_be_solved_is_the_least_and_says_nothing_of_a_distance() -> None:
    assert plan_of(CUSTOMER).quote.above_least is None
    assert plan_of(CUSTOMER, strategy="priority").quote.above_least is None


def test_a_plan_too_large_to_solve_says_how_far_it_may_be_from_the_least() -> None:
    rules = crowded(MATRIX, 20)
    plan = plan_of(custom(rules, ["industry", "employee_count", "key_contacts", "tech_stack"], None), rules=rules)
    assert not compile_enhanced(plan.parts[0].problem).exact
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


def test_a_redundancy_rule_that_waits_for_a_source_that_cannot_be_asked_is_no_saving() -> None:
    rule = RedundancyRule(
        skip="serp_jobs",
        if_held=("brightdata_web_scraping", "serp_news"),
        consumers=("customer_enrichment",),
        because="the site and the news show open positions",
    )
    requirements = replace(CUSTOMER, sources=frozenset(MATRIX.sources) - {"serp_news"})
    without, with_ = (
        plan_of(requirements, rules=MATRIX.model_copy(update={"redundancy": rules})).quote for rules in ((), (rule,))
    )
    assert with_ == without
    all_asked = (
        plan_of(CUSTOMER, rules=MATRIX.model_copy(update={"redundancy": rules})).quote for rules in ((), (rule,))
    )
    assert len(set(all_asked)) == 2


def test_where_nothing_fits_the_cap_nothing_is_quoted_and_nothing_saved() -> None:
    """A company known and one whose domain is not; the plans say that the cap is the reason."""
    for requirements, company in product((PROFILE, VENDOR), (acme(), acme(domain=None))):
        inputs = PlanInputs(
            MATRIX, requirements.within(max_cost=10_000, oldest=None), company, Known(), "enhanced", NOON
        )
        plans = [make_plan(inputs)] if company.domain else list(make_plans(inputs))
        assert [(plan.quote.upper_bound, plan.quote.expected, plan.quote.saving) for plan in plans] == [
            (0, 0, 0) for _ in plans
        ]
        text = shown(plans)
        assert "expected 0.00 USD, at most 0.00" in text
        assert "saves 0.00 against" in text
        assert "industry (required): no source is asked (over a cap" in text
        assert "if that brings what is likely" not in text
        assert "kept in /home/seller" not in text.replace("what a request buys would be kept in /home/seller", "")


def test_a_second_plan_that_counts_on_the_first_says_what_the_cap_leaves_out() -> None:
    within = PROFILE.within(max_cost=20_000, oldest=None)
    first, rest = make_plans(PlanInputs(MATRIX, within, acme(domain=None), Known(), "enhanced", NOON))
    assert (first.quote.upper_bound, rest.quote.upper_bound, rest.quote.saving) == (20_000, 0, rest.quote.legacy)
    text = shown([first, rest])
    assert "then, if that brings what is likely" in text
    assert "domain (required): by the sources asked first, chance 64%" in text
    assert "industry (required): no source is asked (over a cap), chance 0%" in text


def test_what_memory_answers_still_saves() -> None:
    held = known_from(("brightdata_company_db", ["company_name", "domain", "industry", "employee_count"]))
    quote = plan_of(custom(MATRIX, ["industry"], None), known=held).quote
    assert (quote.upper_bound, quote.expected) == (0, 0)
    assert quote.saving > 0


def shown(plans: Sequence[Plan]) -> str:
    printed = StringIO()
    Console(width=300, file=printed).print(plans_view(plans, home="/home/seller"))
    return printed.getvalue()
