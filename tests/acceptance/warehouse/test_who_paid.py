"""What the document tells analysts to ask about payers and beneficiaries, asked of a warehouse made by requests."""

import asyncio
import re
from decimal import Decimal
from pathlib import Path

import duckdb

from enrichment_assets.ledger_checks import who_paid_differences
from resources.warehouse import Warehouse
from tests.acceptance.conftest import Stack

DOCUMENT = Path(__file__).parents[3] / "docs" / "warehouse.md"
QUESTION = "What did each consumer pay for first"


def documented_query() -> str:
    text = DOCUMENT.read_text("utf-8")
    found = re.search(r"```sql\n(.*?)```", text[text.index(QUESTION) :], re.DOTALL)
    assert found is not None
    return found[1]


def test_the_documented_query_shows_who_paid_first_and_adds_up_to_the_store(stack: Stack) -> None:
    async def story() -> None:
        for company in ("tesla.com", "apple.com"):
            await stack.ask(company, "profile")
            await stack.ask(company, "vendor_enrichment")
            await stack.ask(company, "customer_enrichment")
        await stack.ask("tesla.com", "profile")

    asyncio.run(story())
    warehouse = Warehouse(stack.settings.warehouse_path)
    warehouse.build(stack.store)
    with duckdb.connect(str(warehouse.path), read_only=True) as analyst:
        rows = {name: money for name, *money in analyst.execute(documented_query()).fetchall()}
    totals = stack.store.ledger_queries.totals()
    paid, saved = (Decimal(micro) / 1_000_000 for micro in (totals.cost_micro_usd, totals.saved_micro_usd))
    assert list(rows)[-1] == "all"
    assert rows.pop("all") == [paid, saved, saved]
    assert rows.keys() == {"profile", "vendor_enrichment", "customer_enrichment"}
    assert [sum(column) for column in zip(*rows.values(), strict=True)] == [paid, saved, saved]
    assert all(first > 0 for first, _, _ in rows.values())
    assert rows["vendor_enrichment"][1] > 0
    assert rows["profile"][2] > 0
    assert who_paid_differences(warehouse) == []
