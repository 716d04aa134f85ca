"""Many ask by a name for a company we know by its domain: two become one while both are being asked about."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.money.audit import bought_twice, orphans, purchases
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from sandbox.companies.catalogue import Catalogue
from tests.support.money_stack import MoneyStack, known_by, money_stack, orders

WHO_KNOWS_NAMES = "google_knowledge_graph"


@pytest.fixture
def stack(tmp_path: Path, store_url: str) -> Iterator[MoneyStack]:
    with money_stack(tmp_path, store_url) as stack:
        yield stack


def test_many_that_ask_by_name_for_a_company_known_by_domain_buy_each_thing_once(stack: MoneyStack) -> None:
    warm_up, domain = known_by(WHO_KNOWS_NAMES, "domain", 2)
    company = Catalogue().by_domain(domain)
    assert company is not None
    name = company.name
    known = Company(company_id=new_id("com"), key=domain, name=None, domain=domain, created_at=stack.now())
    stack.store.companies.add([known])
    with stack.fleet(processes=4) as fleet:
        fleet.run(orders([warm_up] * 4, "profile"))
        ran = fleet.run(orders([name] * stack.askers, "profile", first=10))
    assert ran.troubles == []
    assert {report.state for report in ran.reports} == {"complete"}
    assert bought_twice(stack.store) == []
    settled = Counter(
        row.source for row in purchases(stack.store) if row.state == "settled" and row.company_id == known.company_id
    )
    assert settled[WHO_KNOWS_NAMES] == 1
    assert set(settled.values()) == {1}
    assert stack.store.companies.named(name) == [stack.store.companies.by_key(domain)]
    assert orphans(stack.store) == []
    assert all(gap.closed for gap in stack.gaps().values())
