"""kill -9 at every point of a purchase's life: the next request pays no second time, where the vendor allows that."""

import signal
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest

from bench.money.audit import bought_twice, caps_in_error, purchases, without_reply
from bench.money.sandbox_setup import LEASE_SECONDS
from bench.money.worker import WorkItem
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.forkserver import FORKSERVER
from tests.support.kill_points import Deadly, Point, work_until_death
from tests.support.money_stack import MoneyStack, known_by, money_stack

A_DAY = 86_400
POINTS: tuple[Point, ...] = get_args(Point)
NOTHING_LEFT: frozenset[Point] = frozenset({"before send", "after settle"})
BY_HANDLE: frozenset[Point] = NOTHING_LEFT.union({"after handle", "before settle", "in settle"})


@dataclass(frozen=True)
class CrashCase:
    """certain: the points after which nothing may stay uncertain. first: what its question needs."""

    source: str
    dataset: str
    certain: frozenset[Point]
    first: str | None = None
    handles: bool = False

    @property
    def points(self) -> tuple[Point, ...]:
        return tuple(point for point in POINTS if self.handles or point != "after handle")

    def order(self, number: int, company: str) -> WorkItem:
        sources = (self.first or self.source,)
        return WorkItem(number, company, datasets=(self.dataset,), sources=sources)


VENDORS = (
    CrashCase("brightdata_technographics", "tech_stack", BY_HANDLE, handles=True),
    CrashCase("brightdata_intent_data", "purchase_intent", BY_HANDLE, handles=True),
    CrashCase("snov_contacts", "key_contacts", frozenset(POINTS), handles=True),
    CrashCase("serp_news", "recent_news", frozenset(POINTS)),
    CrashCase("apollo_contacts", "key_contacts", NOTHING_LEFT),
    CrashCase("google_knowledge_graph", "company_description", NOTHING_LEFT),
    CrashCase("brightdata_company_db", "industry", NOTHING_LEFT),
    CrashCase("analysis:positioning", "company_products", NOTHING_LEFT, first="brightdata_company_db"),
)


@pytest.fixture
def stack(tmp_path: Path, store_url: str) -> Iterator[MoneyStack]:
    with money_stack(tmp_path, store_url) as stack:
        yield stack


def killed(stack: MoneyStack, where: Mapping[WorkItem, Deadly]) -> None:
    dying = [FORKSERVER.Process(target=work_until_death, args=(stack.setup, *one)) for one in where.items()]
    for process in dying:
        process.start()
    for process in dying:
        process.join(PATIENCE_SECONDS)
    assert [process.exitcode for process in dying] == [-signal.SIGKILL] * len(dying)


def asked_at_each_point(stack: MoneyStack, vendor: CrashCase) -> dict[Point, WorkItem]:
    """A company for each point of death; what the question needs is bought already."""
    dataset = "company_description" if vendor.first else vendor.dataset
    companies = known_by(vendor.first or vendor.source, dataset, len(vendor.points))
    if vendor.first:
        needed = [WorkItem(n, one, datasets=(dataset,), sources=(vendor.first,)) for n, one in enumerate(companies)]
        with stack.fleet() as fleet:
            assert not fleet.run(needed).troubles
    return {
        point: vendor.order(number, company)
        for number, (point, company) in enumerate(zip(vendor.points, companies, strict=True))
    }


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.source)
def test_a_killed_process_is_succeeded_and_nothing_is_paid_twice_that_need_not_be(
    stack: MoneyStack, vendor: CrashCase
) -> None:
    asked = asked_at_each_point(stack, vendor)
    killed(stack, {order: Deadly(point, vendor.source) for point, order in asked.items()})
    assert all(gap.explained for gap in stack.gaps().values())
    stack.pass_time(LEASE_SECONDS)
    with stack.fleet() as fleet:
        again = fleet.run(list(asked.values()))
    assert not again.troubles
    assert {report.state for report in again.reports} == {"complete"}

    states = {point: states_about(stack, order.company, vendor.source) for point, order in asked.items()}
    assert {point: found["settled"] for point, found in states.items()} == dict.fromkeys(vendor.points, 1)
    assert all(found["uncertain"] <= (point not in vendor.certain) for point, found in states.items())
    assert all(gap.explained for gap in stack.gaps().values())
    assert without_reply(stack.store) == []
    assert bought_twice(stack.store) == []
    assert caps_in_error(stack.store) == {}

    assert stack.reconcile() == {}
    assert all(gap.closed for gap in stack.gaps().values())
    assert caps_in_error(stack.store) == {}


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_step_that_may_have_been_billed_is_accounted_for_when_repeating_it_is_no_longer_free(
    stack: MoneyStack, step: int
) -> None:
    [company] = known_by("snov_contacts", "key_contacts", 1)
    order = WorkItem(0, company, datasets=("key_contacts",), sources=("snov_contacts",))
    killed(stack, {order: Deadly("after send", "snov_contacts", step=step)})
    stack.pass_time(2 * A_DAY)
    with stack.fleet() as fleet:
        [again] = fleet.run([order]).reports
    assert (again.state, again.trouble) == ("complete", None)
    assert all(gap.explained for gap in stack.gaps().values())
    assert stack.reconcile() == {}
    assert all(gap.closed for gap in stack.gaps().values())


def states_about(stack: MoneyStack, domain: str, source: str) -> Counter[str]:
    """How many purchases of this source about this company are in which state."""
    company = stack.store.companies.by_key(domain)
    assert company is not None
    return Counter(
        row.state for row in purchases(stack.store) if (row.company_id, row.source) == (company.company_id, source)
    )
