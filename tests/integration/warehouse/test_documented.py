"""What docs/warehouse.md shows is there, and its example queries have answers."""

from decimal import Decimal
from pathlib import Path

import pytest

from resources.store import SqlStore
from resources.warehouse import EXAMPLES, QUESTIONS, Example, Warehouse
from tests.support.examples import NOON
from tests.support.new_stores import ON_SQLITE
from tests.support.warehouse_story import (
    FULL,
    HOUR,
    company,
    profiled,
)

DOCUMENT = Path(__file__).parents[3] / "docs" / "warehouse.md"
CENT = Decimal("0.01")


@ON_SQLITE
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_each_example_query_has_an_answer(store: SqlStore, warehouse: Warehouse, example: Example) -> None:
    acme = company(store, "acme.com")
    _, purchases = profiled(store, acme, "customer_enrichment", buys=FULL)
    profiled(store, acme, "profile", buys={}, reads=purchases[:2], at=NOON + HOUR)
    warehouse.build(store)
    first = dict(zip(warehouse.ask(example.sql).columns, warehouse.ask(example.sql).rows[0], strict=True))
    expected: dict[str, dict[str, object]] = {
        "first_payers": {
            "consumer": "customer_enrichment",
            "paid_first_usd": 35 * CENT,
            "saved_usd": 0,
            "saved_others_usd": 10 * CENT,
        },
        "who_paid": {"paid_by_consumer": "customer_enrichment", "benefits_consumer": "profile", "saved_usd": 10 * CENT},
        "cheapest_good_profiles": {"consumer": "profile", "paid_usd": 0, "cost_of_values_usd": 10 * CENT},
        "reachable_at_software_companies": {"full_name": "Invented Person 1", "email": "person1@acme.com"},
    }
    assert {name: first[name] for name in expected[example.name]} == expected[example.name]


@ON_SQLITE
def test_the_document_lists_every_table_and_column_as_they_are(store: SqlStore, warehouse: Warehouse) -> None:
    tables = warehouse.build(store).tables
    documented = [line for line in DOCUMENT.read_text("utf-8").splitlines() if line.startswith(("### ", "| `"))]
    expected = []
    for table in tables:
        expected.append(f"### {table.name}")
        expected += [f"| `{c.name}` | {c.type} | {c.comment} |" for c in table.columns]
    assert documented == expected


def test_the_document_shows_the_example_queries_as_they_run() -> None:
    document = DOCUMENT.read_text("utf-8")
    assert all(example.question in document and example.sql in document for example in (*EXAMPLES, *QUESTIONS))
