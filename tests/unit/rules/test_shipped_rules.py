"""The only tests of config/ as it ships: sound, the starting matrix in it, and each consumer with its goal."""

from dataclasses import replace

import pytest

from bench.planner.consumer_goals import Bought, bought, goals
from bench.planner.month import ttl_days
from bench.planner.policy_forecast import forecast
from bench.planner.shipped_matrix import CONFIG, CONSUMERS, in_matrix, problem_of, shipped
from enrich_cli.commands.rules import check
from enrichment.policy.compiled import compile_enhanced
from enrichment.policy.problem import Problem
from enrichment.rules import load_rules
from enrichment.rules.requirements import requirements_of
from resources.settings import Settings, credential_variables
from tests.support.examples import MATRIX

RULES = load_rules(CONFIG)


def of_the_matrix(problem: Problem) -> Problem:
    """Without what was added to the matrix since."""
    order = tuple((d, tuple(s for s in sources if s in MATRIX.sources)) for d, sources in problem.order)
    return replace(problem, offers=tuple(o for o in problem.offers if o.source in MATRIX.sources), order=order)


def test_the_rules_are_sound_and_each_source_is_asked_for_some_dataset(capsys: pytest.CaptureFixture[str]) -> None:
    check(CONFIG)
    assert "is never asked" not in capsys.readouterr().out


def test_the_starting_matrix_is_in_them() -> None:
    """Tests of the planner work by that copy: what changes here for good is copied to tests/support/rules."""
    assert {name: RULES.sources[name] for name in MATRIX.sources} == MATRIX.sources
    assert {name: RULES.providers[name] for name in MATRIX.providers} == MATRIX.providers
    for consumer in CONSUMERS:
        assert of_the_matrix(shipped(consumer)) == problem_of(MATRIX, in_matrix(MATRIX, consumer))


@pytest.mark.parametrize(
    ("consumer", "usd"), [("profile", 0.1715), ("vendor_enrichment", 0.4421), ("customer_enrichment", 0.6280)]
)
def test_a_first_request_costs_what_the_matrix_promises_with_time_free_and_thresholds_of_the_datasets(
    consumer: str, usd: float
) -> None:
    problem = of_the_matrix(shipped(consumer))
    assert round(forecast(compile_enhanced(problem), problem).expected_cost / 1e6, 4) == usd


def test_the_example_of_an_env_file_names_every_variable_of_every_provider_and_no_other() -> None:
    lines = (CONFIG.parent / ".env.example").read_text(encoding="utf-8").splitlines()
    written = [line.partition("=")[0] for line in lines if line and not line.startswith("#")]
    ours = [name.upper() for name in Settings.model_fields if name.startswith("enrich_")]
    of_providers = [name for provider in RULES.providers for name in credential_variables(provider)]
    of_providers += [f"{provider.upper()}_BASE_URL" for provider in RULES.providers]
    assert sorted(written) == sorted(ours + of_providers)


def test_a_reply_is_valid_as_long_in_the_month_as_by_the_rules() -> None:
    valid = {
        source: {MATRIX.valid_seconds(source, dataset) / 86_400 for dataset in entry.datasets}
        for source, entry in MATRIX.sources.items()
    }
    assert valid == {source: {days} for source, days in ttl_days(MATRIX).items()}


def test_waiting_has_a_price_for_a_profile_only() -> None:
    prices = {name: requirements_of(RULES, (name,)).value_of_time for name in CONSUMERS}
    assert prices == {"profile": 10_000, "vendor_enrichment": 0, "customer_enrichment": 0}


def test_a_supplier_is_described_by_better_sources_and_each_required_dataset_still_has_two_of_them() -> None:
    vendor = requirements_of(RULES, ("vendor_enrichment",))
    raised = {d for d in vendor.datasets if vendor.threshold(RULES, d) > RULES.datasets[d].quality_threshold}
    assert raised >= {"company_name", "domain", "industry", "employee_count", "key_contacts"}
    for dataset in vendor.required:
        last_resorts = RULES.last_resorts(dataset, vendor.threshold(RULES, dataset))
        assert len(RULES.datasets[dataset].sources) - len(last_resorts) >= 2
    assert vendor.min_quality > RULES.consumers["customer_enrichment"].min_quality


def test_what_moves_a_customer_is_worth_more_than_the_dearest_source_that_tells_it_costs() -> None:
    customer = RULES.consumers["customer_enrichment"]
    for dataset in ("hiring_trends", "purchase_intent"):
        dearest = max(RULES.expected_micro_usd(source) for source in RULES.datasets[dataset].sources)
        assert customer.optional[dataset] * 1_000_000 > dearest


def test_each_goal_buys_what_it_is_for() -> None:
    found: dict[str, tuple[Bought, Bought]] = {}
    for goal, with_goal, without in goals(RULES):
        sides = (bought(RULES, planned, with_goal, companies=2_000, seed=1) for planned in (with_goal, without))
        found[goal] = next(sides), next(sides)
    fast, slow = found["speed"]
    assert fast.seconds < 0.9 * slow.seconds
    reliable, plain = found["quality"]
    assert (reliable.reliability, reliable.completeness) > (plain.reliability, plain.completeness)
    whole, bare = found["completeness"]
    assert whole.completeness > bare.completeness + 0.03


def test_by_products_are_shown_by_every_shipped_consumer_and_change_no_plan() -> None:
    by_products = ("headquarters", "founded", "revenue", "company_size_band")
    for name in MATRIX.consumers:
        wants = requirements_of(RULES, (name,))
        assert wants.extras == RULES.consumers[name].extras == by_products
        assert not {*wants.datasets, *wants.collected} & set(by_products)
        assert problem_of(RULES, wants) == problem_of(RULES, replace(wants, extras=()))


def test_a_consumer_pays_for_as_many_pages_of_a_website_as_it_says_and_others_for_as_many_as_the_source_has() -> None:
    def pages(consumer: str) -> tuple[int, int]:
        rules = RULES.paid_by(consumer)
        return rules.sources["brightdata_website"].max_units, rules.max_micro_usd("brightdata_website")

    assert pages("customer_intelligence") == (4, 200_000)
    assert pages("vendor_context") == pages("custom") == (8, 400_000)
    assert pages("customer_intelligence+vendor_context") == (8, 400_000)
    assert RULES.paid_by("profile") is RULES
