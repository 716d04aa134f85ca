"""A purchase resumed in vain stays uncertain: a refusal now does not show that the first try was free."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.money.audit import caps_in_error, purchases
from bench.money.worker import WorkItem
from tests.support.money_stack import MoneyStack, known_by, money_stack

SOURCE = "snov_contacts"
START = "domain-search/start"
ATTEMPTS = 3


@pytest.fixture
def stack(tmp_path: Path, store_url: str) -> Iterator[MoneyStack]:
    with money_stack(tmp_path, store_url) as stack:
        yield stack


def test_a_refused_resume_leaves_a_purchase_uncertain_until_the_balance_explains_it(stack: MoneyStack) -> None:
    [company] = known_by(SOURCE, "key_contacts", 1)
    with stack.fleet() as fleet:
        for number, fault in enumerate(("truncated", "http_500", "http_429_with_retry_after")):
            stack.no_faults()
            stack.fault("snov", fault, path_contains=START, times=ATTEMPTS, seconds=0.01)
            fleet.run([WorkItem(number, company, datasets=("key_contacts",), sources=(SOURCE,))])
    [uncertain] = purchases(stack.store)
    assert (uncertain.state, uncertain.attempt) == ("uncertain", ATTEMPTS)
    assert stack.invoice()["snov"]["credit"] == 1
    assert all(gap.explained for gap in stack.gaps().values())
    assert stack.reconcile() == {}
    assert all(gap.closed for gap in stack.gaps().values())
    assert caps_in_error(stack.store) == {}
