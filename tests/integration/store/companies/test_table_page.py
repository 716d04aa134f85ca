"""Pages of the table of companies: every order is complete, and read from an index from where the page before ended."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any, Literal

import pytest
import sqlalchemy as sa

from enrichment.domain.companies import Company
from resources.store import SqlStore
from resources.store.companies.companies import TablePage
from tests.support.examples import NOON
from tests.support.new_stores import new_store

ORDERS: list[tuple[Literal["key", "name", "added"], bool]] = list(product(("key", "name", "added"), (False, True)))
SORTED_BY: dict[str, Callable[[Company], Any]] = {
    "key": lambda one: one.key,
    "name": lambda one: (one.name or "", one.key),
    "added": lambda one: (one.created_at, one.key),
}


def registered(store: SqlStore) -> None:
    """Twelve, some of one name, some without one, some added at the same moment."""
    names = ("Beta", None, "Acme", "Beta")
    store.companies.add(
        [
            Company(f"com_{n}", f"c{n:02}.com", names[n % 4], f"c{n:02}.com", NOON + timedelta(seconds=n // 5))
            for n in range(12)
        ]
    )


def test_pages_have_every_company_once_in_the_order_that_is_wanted(store: SqlStore) -> None:
    registered(store)
    for sort, descending in ORDERS:
        page, seen = TablePage(sort, descending), list[Company]()
        while found := store.companies.table_page(page, most=5):
            seen, page = [*seen, *found], replace(page, after=found[-1].key)
        assert seen == sorted(store.companies.all(), key=SORTED_BY[sort], reverse=descending)


@pytest.mark.parametrize(("sort", "descending"), ORDERS)
def test_a_page_is_read_from_an_index_and_nothing_is_sorted(
    tmp_path: Path, sort: Literal["key", "name", "added"], descending: bool
) -> None:
    store = new_store(tmp_path / "store.sqlite")
    registered(store)
    with store.database.reading() as tx:
        engine, asked = tx.engine, list[tuple[str, Any]]()
    sa.event.listen(engine, "before_cursor_execute", lambda _c, _u, text, values, *_: asked.append((text, values)))
    store.companies.table_page(TablePage(sort, descending, "c07.com", unknown=("industry",)), most=5)
    text, values = asked[-1]
    with store.database.reading() as tx:
        plan = [row[-1] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)]
    store.close()
    assert plan[0].startswith("SEARCH companies USING INDEX")
    assert any("USING COVERING INDEX ix_facts_dataset" in step for step in plan)
    assert not any("ORDER BY" in step for step in plan)
