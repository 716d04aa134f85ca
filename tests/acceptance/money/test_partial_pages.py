"""Pages are billed one by one: what came is kept and settled, though we cannot know whether the last one was billed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.money.audit import bought_twice, caps_in_error, orphans, purchases, without_reply
from bench.money.worker import WorkItem
from tests.support.money_stack import MoneyStack, known_by, money_stack

SOURCE = "brightdata_web_scraping"
PAGES = "/request"


@pytest.fixture
def stack(tmp_path: Path, store_url: str) -> Iterator[MoneyStack]:
    with money_stack(tmp_path, store_url) as stack:
        yield stack


def pages_of(company: str, number: int) -> WorkItem:
    return WorkItem(number, company, datasets=("company_description",), sources=(SOURCE,))


@pytest.mark.parametrize(("fault", "billed"), [("http_502", 1), ("timeout", 2)])
def test_a_page_that_came_is_kept_and_only_the_lost_one_stays_uncertain(
    stack: MoneyStack, fault: str, billed: int
) -> None:
    [company] = known_by(SOURCE, "company_description", 1)
    stack.fault("brightdata", "latency", path_contains=PAGES, times=1, seconds=0.01)
    stack.fault("brightdata", fault, path_contains=PAGES, times=1, seconds=0)
    with stack.fleet() as fleet:
        first = fleet.run([pages_of(company, 0)])
        second = fleet.run([pages_of(company, 1)])
    assert [report.state for report in (*first.reports, *second.reports)] == ["complete", "complete"]
    settled, rest = purchases(stack.store)
    assert (settled.state, settled.units, settled.outcome) == ("settled", {"page": 1}, "found")
    assert (rest.state, rest.reserved_units, rest.claim) == ("uncertain", {"page": 1}, None)
    assert rest.reserved_micro_usd < settled.reserved_micro_usd
    assert stack.invoice()["brightdata"]["page"] == billed
    assert all(gap.explained for gap in stack.gaps().values())
    assert caps_in_error(stack.store) == {}
    assert (bought_twice(stack.store), without_reply(stack.store), orphans(stack.store)) == ([], [], [])

    assert stack.reconcile() == {}
    assert all(gap.closed for gap in stack.gaps().values())
    assert caps_in_error(stack.store) == {}
