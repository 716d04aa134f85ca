"""What replies of the sandbox's vendors contain besides: in profiles and in marts, for no money of its own."""

import asyncio
from decimal import Decimal

import sqlalchemy as sa

from bench.planner.shipped_matrix import shipped_rules
from enrichment.domain.ids import new_id
from enrichment.pipeline.enrich import Enriched
from resources.store import tables as t
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
        ("apple.com", "Cupertino", "US", 1976, "10001+", "Computer Hardware"),
        ("tesla.com", "Austin", "US", 2003, "10001+", "Automotive"),
    ]
    [(usd,)] = warehouse.ask("SELECT sum(cost_usd) FROM spend.purchases WHERE state = 'settled'").rows
    assert usd == Decimal(stack.store.ledger_queries.totals().cost_micro_usd) / 1_000_000


def test_what_is_shown_besides_saves_nothing_when_a_finished_profile_is_served(stack: Stack) -> None:
    async def twice() -> tuple[Enriched, Enriched]:
        await stack.ask("tesla.com")
        bought = await stack.ask("tesla.com")
        with stack.store.database.writing() as tx:
            fields = {name: {**field, "extra": True} for name, field in bought.profile.document["datasets"].items()}
            changed = {**bought.profile.document, "datasets": fields}
            tx.execute(sa.update(t.profiles).values(profile_id=new_id("pro"), document=changed))
        return bought, await stack.ask("tesla.com")

    bought, besides = asyncio.run(twice())
    assert (bought.request.served_from, besides.request.served_from) == ("layer_1", "layer_1")
    assert bought.request.saved_micro_usd > 0
    assert besides.request.saved_micro_usd == 0
