"""The example of the design, three days with one company: what is fresh, what is bought, which request is booked.

Which source is asked first is the policy's affair; what is fresh, bought and booked is not.
"""

import asyncio
from typing import Any

from enrichment.pipeline.enrich import Enriched
from tests.acceptance.conftest import Stack


def bought(enriched: Enriched) -> set[str]:
    return {p.source for p in enriched.purchases if p.state == "settled" and not p.source.startswith("analysis:")}


def vendor_cost(enriched: Enriched) -> int:
    return sum(p.cost_micro_usd for p in enriched.purchases if not p.source.startswith("analysis:"))


def read(enriched: Enriched) -> set[str]:
    return {r.source for r in enriched.reads if not r.source.startswith("analysis:")}


def values_of(enriched: Enriched, dataset: str) -> list[dict[str, Any]]:
    values: list[dict[str, Any]] = enriched.profile.document["datasets"][dataset]["values"]
    return values


def test_three_days_with_one_company(stack: Stack) -> None:
    asyncio.run(three_days(stack))


async def three_days(stack: Stack) -> None:
    day_0 = await stack.ask("Tesla", "profile")
    assert day_0.company.key == "tesla.com"
    assert bought(day_0) == {"google_knowledge_graph", "brightdata_company_db"}
    assert day_0.request.cost_micro_usd == 170_000
    assert day_0.request.state == "complete"

    stack.clock.advance(days=3)
    day_3 = await stack.ask("Tesla", "vendor_enrichment")
    assert {"google_knowledge_graph", "brightdata_company_db"} <= read(day_3)
    assert {r.purchase_id for r in day_3.reads} >= {p.purchase_id for p in day_0.purchases}
    assert sum(r.saved_micro_usd for r in day_3.reads) == 170_000
    assert not bought(day_0) & bought(day_3)
    assert day_3.request.state == "complete"
    assert len(day_3.profile.document["datasets"]["key_contacts"]["values"]) >= 3
    assert {p.source for p in day_3.purchases if p.source.startswith("analysis:")} == {
        "analysis:intelligence_summary",
        "analysis:contact_priorities",
    }

    stack.clock.advance(days=6)
    day_9 = await stack.ask("tesla.com", "customer_enrichment")
    expired = ("company_name", "domain", "industry", "employee_count")
    assert all(values_of(day_9, name)[0]["age_seconds"] == 0 for name in expired)
    assert all(value["paid_by"] == day_3.request.request_id for value in values_of(day_9, "key_contacts"))
    contacts = {p.source for p in day_3.purchases} & {"snov_contacts", "apollo_contacts", "brightdata_people_db"}
    assert contacts
    assert not contacts & bought(day_9)
    assert contacts <= read(day_9)
    assert "brightdata_intent_data" in bought(day_9)

    again = await stack.ask("tesla.com", "vendor_enrichment")
    assert vendor_cost(again) == 0
    assert again.request.served_from in ("memory", "vendors")
    assert stack.store.ledger_queries.settled_units() == stack.invoice()


def test_news_expires_after_a_day_and_contacts_do_not(stack: Stack) -> None:
    async def two_days() -> None:
        wanted: dict[str, Any] = {
            "datasets": ("recent_news", "key_contacts"),
            "sources": ("serp_news", "apollo_contacts"),
        }
        first = await stack.ask("tesla.com", **wanted)
        assert bought(first) == {"serp_news", "apollo_contacts"}
        stack.clock.advance(hours=25)
        second = await stack.ask("tesla.com", **wanted)
        assert bought(second) == {"serp_news"}
        assert read(second) == {"apollo_contacts"}

    asyncio.run(two_days())


def test_the_same_request_again_costs_nothing_and_names_the_payer(stack: Stack) -> None:
    async def twice() -> None:
        first = await stack.ask("tesla.com", "vendor_enrichment")
        second = await stack.ask("tesla.com", "vendor_enrichment")
        assert second.request.cost_micro_usd == 0
        assert second.request.served_from == "layer_1"
        assert second.purchases == ()
        payers = {r.purchase_id for r in second.reads}
        assert payers
        assert payers <= {p.purchase_id for p in first.purchases}

    asyncio.run(twice())


def test_two_names_of_one_company_become_one(stack: Stack) -> None:
    async def both() -> None:
        first = await stack.ask("tesla.com", "profile")
        by_name = await stack.ask("Tesla Inc", "profile")
        assert by_name.company == first.company
        assert by_name.request.cost_micro_usd == 0
        assert [c.key for c in stack.store.companies.all()] == ["tesla.com"]

    asyncio.run(both())


def test_a_company_asked_for_by_its_domain_is_called_by_its_name_as_soon_as_that_is_known(stack: Stack) -> None:
    async def by_domain() -> None:
        enriched = await stack.ask("tesla.com", "profile")
        assert enriched.company.name == "Tesla"
        assert stack.store.companies.by_key("tesla.com") == enriched.company

    asyncio.run(by_domain())
