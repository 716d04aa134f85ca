"""Pages are billed one by one: what came is kept and settled, though we cannot know whether the last one was billed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.money.audit import bought_twice, caps_in_error, orphans, purchases, without_reply
from bench.money.worker import Order
from tests.support.money_setting import MoneyHouse, known_by, money_house

SOURCE = "brightdata_web_scraping"
PAGES = "/request"


@pytest.fixture
def house(tmp_path: Path, store_url: str) -> Iterator[MoneyHouse]:
    with money_house(tmp_path, store_url) as house:
        yield house


def pages_of(company: str, number: int) -> Order:
    return Order(number, company, datasets=("company_description",), sources=(SOURCE,))


@pytest.mark.parametrize(("fault", "billed"), [("http_502", 1), ("timeout", 2)])
def test_a_page_that_came_is_kept_and_only_the_lost_one_stays_in_doubt(
    house: MoneyHouse, fault: str, billed: int
) -> None:
    [company] = known_by(SOURCE, "company_description", 1)
    house.fault("brightdata", "latency", path_contains=PAGES, times=1, seconds=0.01)
    house.fault("brightdata", fault, path_contains=PAGES, times=1, seconds=0)
    with house.fleet() as fleet:
        first = fleet.run([pages_of(company, 0)])
        second = fleet.run([pages_of(company, 1)])
    assert [report.state for report in (*first.reports, *second.reports)] == ["complete", "complete"]
    settled, rest = purchases(house.store)
    assert (settled.state, settled.units, settled.outcome) == ("settled", {"page": 1}, "found")
    assert (rest.state, rest.reserved_units, rest.claim) == ("uncertain", {"page": 1}, None)
    assert rest.reserved_micro_usd < settled.reserved_micro_usd
    assert house.invoice()["brightdata"]["page"] == billed
    assert all(gap.explained for gap in house.gaps().values())
    assert caps_in_error(house.store) == {}
    assert (bought_twice(house.store), without_reply(house.store), orphans(house.store)) == ([], [], [])

    assert house.reconcile() == {}
    assert all(gap.closed for gap in house.gaps().values())
    assert caps_in_error(house.store) == {}
