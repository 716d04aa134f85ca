"""An accepted request goes on after kill -9, is paid for once, and keeps its id, its events and its cap."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bench.money.audit import bought_twice
from bench.money.sandbox_setup import LEASE_SECONDS
from tests.support.eventually import eventually
from tests.support.kill_points import Deadly
from tests.support.money_stack import MoneyStack, money_stack
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


@pytest.mark.parametrize(
    "point",
    [
        "accepted",
        "closed",
        *(
            Deadly(point, FIRST)
            for point in ("before send", "marked sent", "before settle", "in settle", "after settle")
        ),
    ],
    ids=lambda point: point if isinstance(point, str) else point.point,
)
def test_an_accepted_request_goes_on_after_a_kill_and_is_paid_for_once(
    stack: MoneyStack, point: RowPoint | Deadly
) -> None:
    key = {"Idempotency-Key": "my call"}
    with service_running(stack.setup, dies=point) as dying:
        with pytest.raises(httpx.HTTPError):
            dying.client.post("/v1/enrichments", json=ASKED, headers={"Prefer": "wait=60", **key})
        dying.killed()
    stack.pass_time(LEASE_SECONDS)
    with service_running(stack.setup) as running:
        again = running.client.post("/v1/enrichments", json=ASKED, headers={"Prefer": "wait=60", **key})
        assert again.status_code == 200
        assert again.headers["idempotency-replayed"] == "true"
        request_id = again.json()["id"]
        got = ended(running, request_id)
        assert got["state"] in {"complete", "incomplete"}
        assert_paid_once(stack, request_id, got)


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
    stack.fault("brightdata", "latency", seconds=1.0, times=50)
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
