"""What Dagster reports of money: whether the books agree with the vendors' accounts, and what waits for people."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import dagster as dg
import httpx
import pytest

from enrichment.domain.companies import Company
from resources.dagster_resources.enrichment import EnrichmentResource
from resources.wiring import sandbox_file
from tests.support.dagster_instance import DagsterSandbox, dagster_sandbox, definitions, key
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.ledger_records import answered, draft, sent
from tests.support.manual_clock import NOON
from tests.support.one_authority import NO_AUTHORITY

LONG_AGO = NOON - timedelta(days=8)
MONEY = (
    "ledger_equals_settled_purchases",
    "ledger_matches_accounts",
    "no_source_is_suspended",
    "who_paid_who_benefits",
)


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterSandbox]:
    with dagster_sandbox(tmp_path, monkeypatch) as opened:
        yield opened


def read_accounts(sandbox: DagsterSandbox) -> dg.AssetCheckEvaluation:
    """The job, and what it reports of mart/purchases."""
    job = definitions().resolve_job_def("read_accounts")
    assert job.execute_in_process(instance=sandbox.instance).success
    return shown(sandbox, "purchases", "ledger_matches_accounts")


def shown(sandbox: DagsterSandbox, mart: str, check: str) -> dg.AssetCheckEvaluation:
    records = sandbox.instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(key(f"mart/{mart}"), check), limit=1
    )
    event = records[0].event
    assert event is not None
    assert event.dagster_event is not None
    return event.dagster_event.asset_check_evaluation_data


def another_user_searches(sandbox: DagsterSandbox) -> None:
    """With our key."""
    asked = {"api_key": f"sandbox-{os.environ.get('USER', 'user')}", "engine": "google", "q": "anything"}
    httpx.get(
        f"{sandbox.url}/serpapi/search.json",
        params=asked,
        trust_env=False,
        verify=NO_AUTHORITY,
        timeout=PATIENCE_SECONDS,
    ).raise_for_status()


def test_after_a_publish_the_books_reconcile_in_every_way(sandbox: DagsterSandbox) -> None:
    sandbox.refresh(companies=["tesla.com", "apple.com"], consumers=["profile"], budget_usd=100.0)
    sandbox.refresh(companies=["tesla.com"], consumers=["vendor_enrichment"])
    run = sandbox.publish()
    checks = {evaluation.check_name: evaluation.passed for evaluation in run.get_asset_check_evaluations()}
    assert {name: checks[name] for name in MONEY} == dict.fromkeys(MONEY, True)
    assert sandbox.store.ledger_queries.totals().saved_micro_usd > 0


def test_what_somebody_else_buys_with_our_key_fails_the_check_until_the_books_agree_again(
    sandbox: DagsterSandbox,
) -> None:
    assert read_accounts(sandbox).passed
    sandbox.materialize("profile/vendor_enrichment", company="tesla.com")
    assert read_accounts(sandbox).passed
    another_user_searches(sandbox)
    drifted = read_accounts(sandbox)
    assert (drifted.passed, drifted.severity) == (False, dg.AssetCheckSeverity.ERROR)
    table = str(drifted.metadata["which"].value)
    assert "| serpapi |" in table
    assert "1 search more were billed than the ledger knows of: somebody else uses the same key" in table
    assert not checked(sandbox, "ledger_matches_accounts").passed
    assert read_accounts(sandbox).passed


def checked(sandbox: DagsterSandbox, check: str) -> dg.AssetCheckEvaluation:
    """The check alone, as the UI evaluates it."""
    [evaluation] = sandbox.check("mart/purchases", check).get_asset_check_evaluations()
    return evaluation


def test_the_check_asks_no_vendor(sandbox: DagsterSandbox) -> None:
    sandbox_file(sandbox.settings).unlink()
    evaluation = checked(sandbox, "ledger_matches_accounts")
    assert evaluation.passed
    assert evaluation.metadata["readings"].value == 0


def test_a_suspended_source_is_an_error_that_names_its_purchase_and_the_way_on(sandbox: DagsterSandbox) -> None:
    [tesla] = sandbox.register("tesla.com")
    made = sent(sandbox.store, draft(company_id=tesla.company_id))
    billed = replace(answered(made), units={"search": 3}, cost_micro_usd=150_000)
    sandbox.store.ledger.settle(
        billed, reply=None, facts=(), suspend="billed 3 search where it may bill 1 search at most"
    )
    failed = checked(sandbox, "no_source_is_suspended")
    assert (failed.passed, failed.severity) == (False, dg.AssetCheckSeverity.ERROR)
    table = str(failed.metadata["which"].value)
    assert [
        part for part in ("serp_news", made.purchase_id, "`enrich sources resume serp_news`") if part not in table
    ] == []
    assert sandbox.store.provider_health.lift_suspension("serp_news")
    assert checked(sandbox, "no_source_is_suspended").passed


def test_what_was_uncertain_for_too_long_is_settled_and_shown(sandbox: DagsterSandbox) -> None:
    [tesla] = sandbox.register("tesla.com")
    made = unsure(sandbox, tesla)
    assert sandbox.tick("report_bought_outside").says == "1 purchases were reported. 1 were overdue and are settled."
    settled = sandbox.store.ledger.purchase(made)
    assert settled is not None
    assert (settled.state, settled.cost_micro_usd, settled.reported_at is not None) == ("settled", 50_000, True)


def unsure(sandbox: DagsterSandbox, company: Company) -> str:
    made = sent(sandbox.store, draft(company_id=company.company_id, at=LONG_AGO))
    sandbox.store.ledger.mark_uncertain(made, at=LONG_AGO, reason="no answer in time")
    return made.purchase_id


def test_the_accounts_are_read_by_the_clock_where_there_is_a_vendor_to_ask(sandbox: DagsterSandbox) -> None:
    def tick() -> tuple[int, str]:
        schedule = definitions().resolve_schedule_def("read_accounts_hourly")
        with dg.build_schedule_context(resources={"enrichment": EnrichmentResource()}) as context:
            ticked = schedule.evaluate_tick(context)
        return len(ticked.run_requests or ()), ticked.skip_message or ""

    assert tick() == (1, "")
    sandbox_file(sandbox.settings).unlink()
    runs, why = tick()
    assert runs == 0
    assert "The sandbox is not running" in why
