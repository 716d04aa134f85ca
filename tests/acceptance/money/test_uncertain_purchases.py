"""A doubt outlives whoever looks into it: a refusal now does not tell whether the vendor billed the first try."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.money.audit import caps_in_error, purchases
from bench.money.worker import Order
from tests.support.money_setting import MoneyHouse, known_by, money_house

SOURCE = "snov_contacts"
START = "domain-search/start"
ATTEMPTS = 3


@pytest.fixture
def house(tmp_path: Path, store_url: str) -> Iterator[MoneyHouse]:
    with money_house(tmp_path, store_url) as house:
        yield house


def test_who_resumes_in_doubt_and_is_refused_leaves_it_in_doubt_until_the_books_tell(house: MoneyHouse) -> None:
    [company] = known_by(SOURCE, "key_contacts", 1)
    with house.fleet() as fleet:
        for number, fault in enumerate(("truncated", "http_500", "http_429_with_retry_after")):
            house.no_faults()
            house.fault("snov", fault, path_contains=START, times=ATTEMPTS, seconds=0.01)
            fleet.run([Order(number, company, datasets=("key_contacts",), sources=(SOURCE,))])
    [doubt] = purchases(house.store)
    assert (doubt.state, doubt.attempt) == ("uncertain", ATTEMPTS)
    assert house.invoice()["snov"]["credit"] == 1
    assert all(gap.explained for gap in house.gaps().values())
    assert house.reconcile() == {}
    assert all(gap.closed for gap in house.gaps().values())
    assert caps_in_error(house.store) == {}
