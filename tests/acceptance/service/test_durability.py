"""An accepted request goes on after kill -9, is paid for once, and keeps its id, its events and its cap."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from bench.money.audit import bought_twice
from bench.money.sandbox_setup import LEASE_SECONDS
from tests.support.eventually import eventually
from tests.support.kill_points import Deadly
from tests.support.money_stack import MoneyStack, known_by, money_stack
from tests.support.service_process import RowPoint, RunningService, service_running

ASKED = {"company": "tesla.com"}
FIRST = "brightdata_company_db"


@pytest.fixture
def stack(tmp_path: Path, store_url: str) -> Iterator[MoneyStack]:
    with money_stack(tmp_path, store_url) as stack:
        yield stack


def ended(running: RunningService, request_id: str) -> dict[str, object]:
    """Its whole state, once it has ended."""
    found: list[dict[str, object]] = []

    def has_ended() -> bool:
        found.append(running.client.get(f"/v1/enrichments/{request_id}").json())
        return found[-1]["state"] not in {"accepted", "running"}

    eventually(has_ended, "the request ends")
    return found[-1]


def assert_paid_once(stack: MoneyStack, request_id: str, got: dict[str, object]) -> None:
    """Vendors billed what the ledger has, and the request states what its purchases cost."""
    stack.pass_time(3600)
    assert bought_twice(stack.store) == []
    purchases = stack.store.ledger.purchases(request_id)
    request = stack.store.requests.by_id(request_id)
    assert request is not None
    assert request.cost_micro_usd == sum(p.cost_micro_usd for p in purchases if p.state == "settled")
    assert float(str(got["cost_usd"])) == request.cost_micro_usd / 1_000_000
    assert all(gap.explained for gap in stack.gaps().values())


POINTS: Mapping[str, RowPoint | Deadly] = {
    "accepted": "accepted",
    "closed": "closed",
    **{
        point: Deadly(point, FIRST)
        for point in ("before send", "marked sent", "before settle", "in settle", "after settle")
    },
}


def post(running: RunningService, company: str) -> httpx.Response:
    headers = {"Prefer": "wait=60", "Idempotency-Key": f"my call about {company}"}
    return running.client.post("/v1/enrichments", json={"company": company}, headers=headers)


def test_accepted_requests_go_on_after_a_kill_at_each_point_and_are_paid_for_once(stack: MoneyStack) -> None:
    asked = dict(zip(POINTS, known_by(FIRST, "industry", len(POINTS)), strict=True))
    with ExitStack() as running_ones:
        dying_at = {
            point: running_ones.enter_context(service_running(stack.setup, dies=dies)) for point, dies in POINTS.items()
        }
        for point, dying in dying_at.items():
            with pytest.raises(httpx.HTTPError):
                post(dying, asked[point])
            dying.killed()
    stack.pass_time(LEASE_SECONDS)
    with service_running(stack.setup) as running:
        ended_at: dict[str, dict[str, object]] = {}
        for point, company in asked.items():
            again = post(running, company)
            assert (again.status_code, again.headers["idempotency-replayed"]) == (200, "true"), point
            ended_at[point] = ended(running, again.json()["id"])
    assert {point: got["state"] in {"complete", "incomplete"} for point, got in ended_at.items()} == dict.fromkeys(
        POINTS, True
    )
    for got in ended_at.values():
        assert_paid_once(stack, str(got["id"]), got)


def test_events_continue_where_the_killed_process_had_come_to(stack: MoneyStack) -> None:
    with service_running(stack.setup, dies=Deadly("after settle", FIRST)) as dying:
        accepted = dying.client.post("/v1/enrichments", json=ASKED).json()
        dying.killed()
    before = stack.store.requests.numbered_events(accepted["id"])
    stack.pass_time(LEASE_SECONDS)
    with service_running(stack.setup) as running:
        got = ended(running, accepted["id"])
    after = stack.store.requests.numbered_events(accepted["id"])
    assert after[: len(before)] == before
    assert [event.what for _, event in after].count("asked") == 1
    assert [event.what for _, event in after].count("resumed") == 1
    assert got["trace"] is not None


def test_a_service_that_is_asked_to_end_leaves_its_requests_to_the_next_one_at_once(stack: MoneyStack) -> None:
    stack.fault("brightdata", "latency", seconds=3.0, times=50)
    with service_running(stack.setup) as running:
        accepted = running.client.post("/v1/enrichments", json=ASKED).json()
        eventually(lambda: bool(stack.store.ledger.purchases(accepted["id"])), "the first call is under way")
        running.terminate()
    left = stack.store.requests.by_id(accepted["id"])
    assert left is not None
    assert left.state == "running"
    assert all(purchase.state == "settled" for purchase in stack.store.ledger.purchases(accepted["id"]))
    with service_running(stack.setup) as running:
        got = ended(running, accepted["id"])
        assert got["state"] in {"complete", "incomplete"}
        assert_paid_once(stack, accepted["id"], got)
