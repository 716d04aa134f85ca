"""An analysis that failed is missing: it is named everywhere, and the next request makes it, at no vendor's cost."""

import asyncio
import json

from enrichment.pipeline.dry_run import profile_or_plans
from enrichment.pipeline.stages import Ask, Enriched
from resources.wiring import open_context
from tests.acceptance.conftest import Stack

ANALYSES = {"intelligence_summary", "contact_priorities"}
SOURCES = {f"analysis:{name}" for name in ANALYSES}


def ask(stack: Stack, consumer: str = "vendor_enrichment") -> Enriched:
    return asyncio.run(stack.ask("tesla.com", consumer))


def without_a_model(stack: Stack) -> Enriched:
    stack.fault("openai", "down")
    return ask(stack)


def works_again(stack: Stack) -> None:
    stack.clear_faults()
    stack.clock.advance(minutes=20)  # longer than an outage lasts


def test_a_profile_without_an_analysis_that_its_consumer_asks_for_is_incomplete(stack: Stack) -> None:
    got = without_a_model(stack)
    assert got.request.state == "incomplete"
    assert set(got.profile.document["missing_analyses"]) == ANALYSES
    assert {failure.source for failure in got.failures} == SOURCES
    assert got.request.error is not None
    assert all(name in got.request.error for name in ANALYSES)
    assert got.profile.completeness == (2 * 6 + 2) / (2 * 6 + 2 + 2)
    assert got.profile.confidence == "Medium"


def test_layer_1_does_not_serve_it_and_the_plan_shows_the_analyses(stack: Stack) -> None:
    without_a_model(stack)
    works_again(stack)

    async def dry_run() -> tuple[object, tuple[str, ...]]:
        async with open_context(stack.settings, stack.rules, store=stack.store, now=stack.clock.now) as context:
            kept, plans = await profile_or_plans(
                Ask("tesla.com", ("vendor_enrichment",)), rules=stack.rules, context=context
            )
            return kept, plans[0].analyses

    kept, analyses = asyncio.run(dry_run())
    assert kept is None
    assert set(analyses) == ANALYSES


def test_the_next_request_fills_the_gap_and_buys_no_vendors_data_again(stack: Stack) -> None:
    without_a_model(stack)
    works_again(stack)
    filled = ask(stack)
    assert {p.source for p in filled.purchases} == SOURCES
    assert (filled.request.state, filled.profile.document["missing_analyses"]) == ("complete", [])
    assert set(filled.profile.document["analyses"]) == ANALYSES
    assert ask(stack).request.served_from == "layer_1"


def test_the_command_shows_the_gap_names_what_to_do_and_leaves_with_3(stack: Stack) -> None:
    stack.fault("openai", "down")
    words = ("company", "tesla.com", "--for", "vendor_enrichment")
    shown = stack.command(*words)
    assert shown.returncode == 3
    assert "analysis intelligence_summary: not made" in shown.stdout
    machine = json.loads(stack.command(*words, "--json").stdout)
    assert any("intelligence_summary" in sentence for sentence in machine["to_mend"])
