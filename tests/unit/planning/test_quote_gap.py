"""What a quote supposes is what the execution does: chances by dataset and by source, and what it costs."""

from random import Random

import pytest

from bench.planner.quote_gap import COST, STRATEGIES, QuoteCase, generated_cases, shipped_cases
from enrichment.rules.models import ConsumerRules
from enrichment.rules.requirements import requirements_of
from enrichment.rules.rule_set import Rules
from tests.support.examples import MATRIX

MOST_ERRORS = 4.5
"""Errors of the simulation; among the comparisons made here, one in some thousand would be so far off by chance."""


def test_shipped_consumers_are_carried_out_as_quoted_capped_and_uncapped() -> None:
    rng = Random(20_260_302)
    gaps = [(case.name, gap) for case in shipped_cases() for gap in case.gaps(100, rng)]
    assert [(name, gap) for name, gap in gaps if gap.errors > MOST_ERRORS] == []


def test_generated_rule_sets_are_carried_out_as_quoted_by_every_strategy_capped_and_uncapped() -> None:
    rng, cases = Random(20_260_302), list(generated_cases(12, seed=20_260_302))
    assert {case.strategy for case in cases} == set(STRATEGIES)
    gaps = [(case.name, gap) for case in cases for gap in case.gaps(100, rng)]
    assert [(name, gap) for name, gap in gaps if gap.errors > MOST_ERRORS] == []


def with_one_source(*, reliability: float) -> Rules:
    """serp_jobs is asked for hiring_trends and brings tech_stack too, for which datasets.yaml does not list it."""
    entry = MATRIX.sources["serp_jobs"]
    brought = entry.datasets["tech_stack"].model_copy(update={"reliability": reliability})
    jobs = entry.model_copy(update={"datasets": {**entry.datasets, "tech_stack": brought}})
    listed = {
        "hiring_trends": MATRIX.datasets["hiring_trends"].model_copy(update={"sources": ("serp_jobs",)}),
        "tech_stack": MATRIX.datasets["tech_stack"].model_copy(update={"sources": ("brightdata_technographics",)}),
    }
    wants = ConsumerRules(
        required=("hiring_trends",), optional={"tech_stack": "0.01"}, max_cost_usd="5", profile_ttl="7d"
    )
    return MATRIX.model_copy(
        update={
            "sources": {**MATRIX.sources, "serp_jobs": jobs},
            "datasets": {**MATRIX.datasets, **listed},
            "consumers": {"wants": wants},
        }
    )


def test_an_empty_reply_of_a_source_that_asks_for_just_this_ends_the_search_in_the_quote_too() -> None:
    case = QuoteCase("intent", MATRIX, requirements_of(MATRIX, ["customer_enrichment"]), 5_000_000)
    quoted = {one.dataset: (one.chance, one.none_counts) for one in case.plan().datasets}
    assert quoted["purchase_intent"] == (1.0, True)
    assert quoted["recent_news"] == (1.0, True)
    assert not quoted["tech_stack"][1]
    asked = {source.source: source.chance for source in case.plan().sources}
    played = {gap.what: gap for gap in case.gaps(200, Random(20_260_302))}
    assert asked["brightdata_intent_data"] == pytest.approx(1.0)
    assert max(gap.errors for gap in played.values()) < MOST_ERRORS


@pytest.mark.parametrize(("reliability", "chance"), [(0.80, 0.80 * 0.45), (0.79, 0.0)])
def test_what_a_source_brings_beside_what_it_is_asked_for_counts_in_the_quote(
    reliability: float, chance: float
) -> None:
    rules = with_one_source(reliability=reliability)
    case = QuoteCase("beside", rules, requirements_of(rules, ["wants"]), 5_000_000)
    quoted = {dataset.dataset: dataset.chance for dataset in case.plan().datasets}
    assert quoted["tech_stack"] == pytest.approx(chance)
    played = {gap.what: gap for gap in case.gaps(200, Random(20_260_302))}
    assert played["tech_stack"].errors < MOST_ERRORS
    assert played[COST].errors < MOST_ERRORS
