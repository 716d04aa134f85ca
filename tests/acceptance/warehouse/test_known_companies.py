"""What replies of the sandbox's vendors contain besides: in profiles and in marts, for no money of its own."""

import asyncio
from decimal import Decimal

from bench.planner.shipped_matrix import shipped_rules
from resources.warehouse import Warehouse
from tests.acceptance.conftest import Stack

BY_PRODUCTS = {"headquarters", "founded", "company_size_band"}


def test_a_seat_and_a_founding_come_with_what_was_bought_for_other_datasets(stack: Stack) -> None:
    async def story() -> list[dict[str, object]]:
        made = [await stack.ask(company, "vendor_enrichment") for company in ("tesla.com", "apple.com")]
        return [dict(enriched.profile.document["datasets"]) for enriched in made]

    stack.rules = shipped_rules()
    extras = set(stack.rules.consumers["vendor_enrichment"].extras)
    shown = asyncio.run(story())
    assert all(datasets.keys() & extras >= BY_PRODUCTS for datasets in shown)
    warehouse = Warehouse(stack.settings.warehouse_path)
    warehouse.build(stack.store)
    found = warehouse.ask(
        "SELECT company_key, city, country, founded, size_band, canonical_industry FROM marts.companies ORDER BY 1"
    )
    assert found.rows == [
        ("apple.com", "Cupertino", "US", 1977, "10001+", "Computer Hardware"),
        ("tesla.com", "Austin", "US", 2003, "10001+", "Automotive"),
    ]
    [(usd,)] = warehouse.ask("SELECT sum(cost_usd) FROM spend.purchases WHERE state = 'settled'").rows
    assert usd == Decimal(stack.store.ledger_queries.totals().cost_micro_usd) / 1_000_000
