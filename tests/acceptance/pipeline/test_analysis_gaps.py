"""An analysis that failed is missing: it is named everywhere, and the next request makes it, at no vendor's cost."""

import asyncio
import json

from enrichment.pipeline.dry_run import profile_or_plans, quote
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


def test_a_cap_that_stops_the_model_is_named_in_words_and_leaves_with_4(stack: Stack) -> None:
    without_a_model(stack)
    works_again(stack)
    capped = stack.command("company", "tesla.com", "--for", "vendor_enrichment", "--max-cost", "0.0001", "--json")
    assert capped.returncode == 4
    answer = json.loads(capped.stdout)
    assert answer["state"] == "refused"
    assert answer["cost_micro_usd"] == 0
    for name in ANALYSES:
        (sentence,) = (one for one in answer["to_mend"] if name in one)
        assert "this request leaves 0.0001: raise --max-cost" in sentence
    shown = stack.command("company", "tesla.com", "--for", "vendor_enrichment", "--max-cost", "0.0001").stdout
    assert "refused by a cap: analysis:contact_priorities, analysis:intelligence_summary did not fit." in shown
    assert "is enough for all of them" not in shown


def test_an_answer_remembered_as_a_failure_states_when_the_model_is_asked_again_and_not_the_next_request(
    stack: Stack,
) -> None:
    stack.fault("openai", "refusal", times=10)
    ask(stack)
    again = json.loads(stack.command("company", "tesla.com", "--for", "vendor_enrichment", "--json").stdout)
    sentences = [one for one in again["to_mend"] if "the model refused" in one]
    assert len(sentences) == len(ANALYSES)
    assert all("is asked again after" in one and "next request" not in one for one in sentences)


def test_an_analysed_value_names_its_price_and_its_payer_and_saves_it_later(stack: Stack) -> None:
    first = asyncio.run(stack.ask("tesla.com", "vendor_context"))
    (paid,) = (p for p in first.purchases if p.source == "analysis:positioning")
    wanted = ("company_products", "industry")
    again = asyncio.run(stack.ask("tesla.com", datasets=wanted))
    for value in again.profile.document["datasets"]["company_products"]["values"]:
        assert (value["cost_micro_usd"], value["paid_by"]) == (paid.cost_micro_usd, first.request.request_id)
    made = again.profile.document["analyses"]["positioning"]
    assert (made["cost_micro_usd"], made["paid_by"]) == (paid.cost_micro_usd, first.request.request_id)
    served = asyncio.run(stack.ask("tesla.com", datasets=wanted))
    assert served.request.served_from == "layer_1"
    assert {r.purchase_id: r.saved_micro_usd for r in served.reads}[paid.purchase_id] == paid.cost_micro_usd > 0


def test_a_quote_counts_no_analysis_whose_answer_is_stored_over_what_is_known(stack: Stack) -> None:
    async def quoted(consumer: str = "vendor_context") -> int:
        async with open_context(stack.settings, stack.rules, store=stack.store, now=stack.clock.now) as context:
            (plan,) = await quote(Ask("tesla.com", (consumer,)), rules=stack.rules, context=context)
            return plan.quote.analyses

    asyncio.run(stack.ask("tesla.com", "vendor_context"))
    assert asyncio.run(quoted()) == 0
    assert asyncio.run(quoted("customer_intelligence")) > 0
    stack.clock.advance(days=8)
    assert asyncio.run(quoted()) > 0, "what it read has expired: other evidence is another question"


def test_advice_that_answers_no_dataset_is_saved_by_layer_1_too(stack: Stack) -> None:
    first = ask(stack)
    paid = {p.purchase_id: p.cost_micro_usd for p in first.purchases if p.source in SOURCES}
    served = ask(stack)
    assert served.request.served_from == "layer_1"
    assert paid.items() <= {r.purchase_id: r.saved_micro_usd for r in served.reads}.items()
