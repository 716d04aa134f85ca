"""What is due, and the daily schedule that requests it: the clock is an argument, the store is real."""

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.schedule_definition import ScheduleExecutionData

from resources.dagster_resources.enrichment import EnrichmentResource
from resources.dagster_resources.planner import PlannerResource
from tests.support.dagster_instance import DagsterSandbox, dagster_sandbox, definitions, key, value_of
from tests.support.examples import FROZEN
from tests.support.manual_clock import NOON
from tests.support.warehouse_story import DAY, company, profiled

PLANNER = PlannerResource()


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterSandbox]:
    with dagster_sandbox(tmp_path, monkeypatch) as opened:
        yield opened


def test_the_planner_reports_what_it_would_buy_and_buys_nothing(sandbox: DagsterSandbox) -> None:
    [plan] = PLANNER.plan("tesla.com", "profile")
    assert plan.source("brightdata_company_db").verdict == "chosen"
    assert plan.quote.expected > 0
    assert sandbox.calls() == 0


def test_a_profile_is_due_when_it_is_no_longer_valid_and_so_are_the_sources_to_buy_for_it(
    sandbox: DagsterSandbox,
) -> None:
    sandbox.refresh(companies=["tesla.com"], consumers=["profile"])
    assert PLANNER.due() == ()
    due = PLANNER.due(now=NOON + timedelta(days=8))
    assert [d.asset for d in due if d.company == "tesla.com"] == [
        key("profile/profile"),
        key("raw/brightdata_company_db"),
    ]
    assert due[0].why.startswith("it was valid until ")


def test_a_company_without_a_profile_is_due_only_for_the_consumer_named(sandbox: DagsterSandbox) -> None:
    sandbox.register("tesla.com", "apple.com")
    assert PLANNER.due() == ()
    named = [d.company for d in PLANNER.due("profile") if d.asset == key("profile/profile")]
    assert sorted(named) == ["apple.com", "tesla.com"]
    assert len([d for d in PLANNER.due("profile", limit=1) if d.asset.path[0] == "profile"]) == 1


def test_what_is_due_is_requested_as_one_batch_and_the_run_refreshes_it(sandbox: DagsterSandbox) -> None:
    for vendor in ("brightdata", "serpapi"):
        sandbox.fault(vendor, "down")
    sandbox.refresh(companies=["tesla.com", "apple.com"], consumers=["profile"], budget_usd=100.0)
    sandbox.clear_faults()
    stored = len(sandbox.store.batches.latest())
    [request] = _requested(sandbox)
    assert len(sandbox.store.batches.latest()) == stored  # a tick only asks: one that is tried out changes nothing
    assert request.run_key == f"{NOON:%Y-%m-%dT%H:%M} 1"
    assert _requested(sandbox)[0].run_key == request.run_key
    assert sandbox.refresh(**_order_in(request), by_schedule=True).success
    assert {value_of(shown, "missing") for shown in sandbox.shown("profile/profile")[:2]} == {"nothing"}


def test_the_tick_says_what_it_refreshes_for_how_much_and_the_stale_reads_before_and_after(
    sandbox: DagsterSandbox,
) -> None:
    profiled(sandbox.store, company(sandbox.store, "acme.com", at=NOON - 40 * DAY), at=NOON - 9 * DAY)
    [request] = _requested(sandbox)
    assert re.fullmatch(
        r"Refreshes 1 profile of 1 company for about \d\.\d+ USD\. "
        r"Stale reads: \d+\.\d% of 0\.\d a day before, \d+\.\d% after\.",
        request.tags["refresh"],
    )
    assert sandbox.refresh(**_order_in(request), by_schedule=True).success
    [summary] = sandbox.store.batches.latest()
    assert (summary.batch.consumers, summary.batch.max_cost) == (("profile",), 10_000_000)
    assert summary.batch.requested_by == "refresh_due_companies"
    assert (
        _ticked(sandbox).skip_message
        == "Nothing is refreshed. Left alone: 1 nothing can be asked now that would complete them."
    )


def test_nothing_due_is_reported_and_nothing_requested_or_written(sandbox: DagsterSandbox) -> None:
    ticked = _ticked(sandbox)
    assert (ticked.run_requests, ticked.skip_message) == ([], "Nothing is refreshed: every profile is valid.")
    assert sandbox.store.batches.latest() == []


def test_outside_its_hours_the_schedule_refreshes_nothing_and_says_when_it_does(
    sandbox: DagsterSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiled(sandbox.store, company(sandbox.store, "acme.com", at=NOON - 40 * DAY), at=NOON - 9 * DAY)
    at_night = tmp_path / "config"
    shutil.copytree(FROZEN, at_night)
    (at_night / "refresh.yaml").write_text("hours: [22, 4]", encoding="utf-8")
    monkeypatch.setenv("ENRICH_CONFIG", str(at_night))
    assert _ticked(sandbox).skip_message == ("Refreshes begin from 22 to 4 o'clock UTC (config/refresh.yaml: hours).")
    assert sandbox.store.batches.latest() == []


def _order_in(request: dg.RunRequest) -> dict[str, Any]:
    """The config of the op 'work' that it asks for."""
    return dict(request.run_config["ops"]["work"]["config"])


def _requested(sandbox: DagsterSandbox) -> list[dg.RunRequest]:
    return list(_ticked(sandbox).run_requests or [])


def _ticked(sandbox: DagsterSandbox) -> ScheduleExecutionData:
    schedule = definitions().resolve_schedule_def("refresh_due_companies")
    with dg.build_schedule_context(
        instance=sandbox.instance,
        repository_def=definitions().get_repository_def(),
        scheduled_execution_time=NOON,
        resources={"planner": PLANNER, "enrichment": EnrichmentResource()},
    ) as context:
        return schedule.evaluate_tick(context)
