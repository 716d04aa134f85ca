"""What is due, and the daily schedule that requests it: the clock is an argument, the store is real."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from enrichment_assets.schedules import COMPANIES_PER_RUN, due_batches
from resources.dagster_resources import EnrichmentResource
from resources.planner import Due, PlannerResource
from tests.support.dagster_instance import DagsterSandbox, dagster_sandbox, definitions, key, value_of
from tests.support.manual_clock import NOON

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
    sandbox.refresh(companies=["tesla.com", "apple.com"], consumers=["profile"])
    sandbox.clear_faults()
    [request] = _requested(sandbox)
    assert request.run_key == request.run_config["ops"]["work"]["config"]["batch_id"]
    assert sandbox.refresh(batch_id=request.run_key).success
    assert {value_of(shown, "missing") for shown in sandbox.shown("profile/profile")[:2]} == {"nothing"}


def test_nothing_due_is_reported_and_nothing_requested(sandbox: DagsterSandbox) -> None:
    assert _requested(sandbox) == []


@pytest.mark.parametrize(
    ("due", "runs"),
    [
        ([], []),
        ([("a.com", "profile/profile")], [("profile", ["a.com"])]),
        ([("a.com", "profile/profile"), ("b.com", "profile/profile")], [("profile", ["a.com", "b.com"])]),
        (
            [("a.com", "profile/vendor_enrichment"), ("a.com", "profile/profile"), ("b.com", "profile/profile")],
            [("profile", ["b.com"]), ("profile+vendor_enrichment", ["a.com"])],
        ),
        ([("a.com", "raw/serp_news")], []),
    ],
)
def test_companies_due_for_the_same_consumers_share_a_run(
    due: list[tuple[str, str]], runs: list[tuple[str, list[str]]]
) -> None:
    assert due_batches([Due(company, key(asset), "") for company, asset in due]) == runs


def test_a_run_takes_only_so_many_companies() -> None:
    due = [Due(f"{number}.com", key("profile/profile"), "") for number in range(COMPANIES_PER_RUN + 1)]
    assert [len(companies) for _, companies in due_batches(due)] == [COMPANIES_PER_RUN, 1]


def _requested(sandbox: DagsterSandbox) -> list[dg.RunRequest]:
    schedule = definitions().resolve_schedule_def("refresh_due_companies")
    with dg.build_schedule_context(
        instance=sandbox.instance,
        repository_def=definitions().get_repository_def(),
        scheduled_execution_time=NOON,
        resources={"planner": PLANNER, "enrichment": EnrichmentResource()},
    ) as context:
        requested = schedule.evaluate_tick(context).run_requests
    return list(requested or [])
