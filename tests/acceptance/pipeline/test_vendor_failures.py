"""A vendor that is down, slow, throttled or talking nonsense costs its own facts and nothing else."""

import asyncio

import pytest

from enrichment.pipeline.enrich import Enriched
from tests.acceptance.conftest import Stack


def outcomes(enriched: Enriched) -> dict[str, str]:
    return {p.source: p.state for p in enriched.purchases}


def test_when_a_vendor_is_down_the_fallback_takes_over(stack: Stack) -> None:
    stack.fault("brightdata", "down")
    enriched = asyncio.run(stack.ask("microsoft.com", "profile", strategy="priority"))
    assert {f.provider for f in enriched.failures} == {"brightdata"}
    assert {"snov_contacts", "serp_linkedin"} & set(outcomes(enriched))
    assert enriched.request.state in ("complete", "incomplete")
    assert stack.store.ledger_queries.settled_units() == stack.invoice()


def test_a_profile_states_what_is_missing_and_which_vendor_failed(stack: Stack) -> None:
    for vendor in ("brightdata", "snov", "serpapi", "apollo"):
        stack.fault(vendor, "down")
    enriched = asyncio.run(stack.ask("tesla.com", "profile"))
    assert enriched.request.state == "incomplete"
    missing = enriched.profile.document["datasets"]["industry"]
    assert missing["status"] == "missing"
    assert "brightdata_company_db failed: brightdata is unavailable" in missing["why"]


def test_when_every_vendor_is_down_the_request_ends_well_and_costs_nothing(stack: Stack) -> None:
    for vendor in ("google_kg", "brightdata", "snov", "serpapi", "apollo", "openai"):
        stack.fault(vendor, "down")
    enriched = asyncio.run(stack.ask("tesla.com", "customer_enrichment"))
    assert enriched.request.state == "incomplete"
    assert enriched.request.cost_micro_usd == 0
    assert stack.invoice() == {}


@pytest.mark.parametrize("kind", ["malformed", "truncated", "http_429", "quota", "empty", "partial"])
def test_nonsense_from_one_vendor_never_takes_the_request_with_it(stack: Stack, kind: str) -> None:
    stack.fault("brightdata", kind)
    enriched = asyncio.run(stack.ask("tesla.com", "vendor_enrichment"))
    assert enriched.request.state in ("complete", "incomplete")
    assert enriched.profile.document["datasets"]["company_name"]["status"] == "satisfied"
    settled, uncertain = stack.store.ledger_queries.settled_units(), stack.store.ledger_queries.uncertain_units()
    for vendor, units in stack.invoice().items():
        for unit, billed in units.items():
            ours = settled.get(vendor, {}).get(unit, 0)
            assert ours <= billed <= ours + uncertain.get(vendor, {}).get(unit, 0)


def test_a_language_model_that_fails_leaves_a_gap_with_its_reason(stack: Stack) -> None:
    stack.fault("openai", "down")
    enriched = asyncio.run(stack.ask("tesla.com", "vendor_enrichment"))
    assert set(enriched.profile.document["gaps"]) == {"intelligence_summary", "contact_priorities"}
    assert all("openai" in reason for reason in enriched.profile.document["gaps"].values())


def test_a_cap_refuses_what_it_cannot_pay_and_reports_it(stack: Stack) -> None:
    enriched = asyncio.run(stack.ask("tesla.com", "vendor_enrichment", max_cost=100_000))
    assert enriched.request.state == "refused"
    assert enriched.request.cost_micro_usd <= 100_000
    assert "over a cap" in str(enriched.profile.document["datasets"]["tech_stack"]["why"]) or enriched.failures


def test_a_company_that_no_source_knows_is_incomplete_and_the_answer_is_remembered(stack: Stack) -> None:
    async def twice() -> None:
        first = await stack.ask("Zyxomatic Unheard Of", "profile")
        assert first.request.state == "incomplete"
        assert first.company.domain is None
        second = await stack.ask("Zyxomatic Unheard Of", "profile")
        assert second.request.cost_micro_usd == 0
        assert second.request.saved_micro_usd == first.request.cost_micro_usd

    asyncio.run(twice())


def test_many_at_once_buy_each_thing_once(stack: Stack) -> None:
    async def at_once() -> list[Enriched]:
        return await asyncio.gather(*(stack.ask("tesla.com", "profile") for _ in range(12)))

    results = asyncio.run(at_once())
    sources = [p.source for r in results for p in r.purchases if p.state == "settled"]
    assert len(sources) == len(set(sources))
    assert all(r.request.state == "complete" for r in results)
    assert stack.store.ledger_queries.settled_units() == stack.invoice()


def test_what_failed_while_a_company_was_identified_is_not_asked_again_in_the_same_request(stack: Stack) -> None:
    for vendor in ("google_kg", "serpapi"):
        stack.fault(vendor, "http_503")
    stack.fault("brightdata", "truncated")
    enriched = asyncio.run(stack.ask("Adobe", "profile"))
    sources = [p.source for p in enriched.purchases]
    assert "brightdata_company_db" in sources
    assert len(sources) == len(set(sources))
