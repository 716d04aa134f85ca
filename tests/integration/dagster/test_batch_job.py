"""The batch job: what Dagster shows of each company of a batch, and how a run of it ends."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from enrichment.domain.batches import Batch
from enrichment_assets.partitions import COMPANIES
from resources.secrets.client_keys import issue
from resources.store import new_unreported
from sandbox.companies.catalogue import Catalogue
from tests.support.dagster_instance import (
    DagsterSandbox,
    dagster_sandbox,
    definitions,
    key,
    summary_of,
    value_of,
    why_it_failed,
)
from tests.support.eventually import eventually
from tests.support.manual_clock import NOON

DOMAINS = [company.domain for company in Catalogue().companies]
PROFILE = key("profile/profile")


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterSandbox]:
    with dagster_sandbox(tmp_path, monkeypatch) as opened:
        yield opened


def batch_of(sandbox: DagsterSandbox, *domains: str, budget: int | None = None) -> Batch:
    ids = [company.company_id for company in sandbox.register(*domains)]
    return sandbox.store.batches.create(Batch("bat_1", NOON, ("profile",), "ana", max_cost=budget), ids)


def states(sandbox: DagsterSandbox, batch_id: str) -> dict[str, str]:
    return {one.key: one.state for one in sandbox.store.batches.companies(batch_id)}


def shown_as_failed(sandbox: DagsterSandbox) -> dict[str, str]:
    """Company -> the run that Dagster's page of the asset names for its failure."""
    storage = sandbox.instance.event_log_storage
    planned = storage.get_latest_asset_partition_materialization_attempts_without_materializations(PROFILE)
    runs = {company: run_id for company, (run_id, _) in planned.items()}
    return {company: run_id for company, run_id in runs.items() if _failed(sandbox, run_id)}


def _failed(sandbox: DagsterSandbox, run_id: str) -> bool:
    run = sandbox.instance.get_run_by_id(run_id)
    return run is not None and run.status is dg.DagsterRunStatus.FAILURE


def log_of(sandbox: DagsterSandbox, run_id: str, level: str | None = None) -> list[str]:
    wanted = None if level is None else logging.getLevelName(level)
    return [e.message or e.user_message for e in sandbox.instance.all_logs(run_id) if wanted in (None, e.level)]


def test_only_a_good_profile_is_materialised_and_the_others_show_as_failed_with_the_reason(
    sandbox: DagsterSandbox,
) -> None:
    sandbox.fault("brightdata", "down", times=1000)
    sandbox.fault("serpapi", "down", times=1000)
    batch_of(sandbox, "tesla.com", "apple.com")
    run = sandbox.refresh(batch_id="bat_1")
    assert run.success
    assert states(sandbox, "bat_1") == dict.fromkeys(["tesla.com", "apple.com"], "incomplete")
    assert sandbox.shown("profile/profile") == []
    failed = shown_as_failed(sandbox)
    assert sorted(failed) == ["apple.com", "tesla.com"]
    [record] = set(failed.values())
    assert record != run.run_id
    reasons = "\n".join(log_of(sandbox, record))
    assert "tesla.com, profile/profile: no " in reasons
    assert "apple.com, profile/profile: no " in reasons
    [warning] = log_of(sandbox, run.run_id, "WARNING")
    assert "bat_1: 0 complete, 2 incomplete. Commonest reasons: 1 no " in warning
    assert summary_of(run)["incomplete"].value == 2


def test_a_run_on_a_batch_of_a_key_of_the_service_stays_below_what_the_key_may_spend_a_day(
    sandbox: DagsterSandbox,
) -> None:
    key_of_crm = issue(sandbox.store, "crm", may=["enrich"], per_day=500_000, per_minute=None, now=NOON).key
    ids = [company.company_id for company in sandbox.register(*DOMAINS[:8])]
    sandbox.store.batches.create(Batch("bat_1", NOON, ("profile",), "service:crm", daily=key_of_crm.daily), ids)
    assert sandbox.refresh(batch_id="bat_1").success
    assert 0 < sandbox.store.ledger_queries.totals().cost_micro_usd <= 500_000
    assert "postponed" in states(sandbox, "bat_1").values()


def test_a_failed_partition_is_shown_as_made_once_a_later_run_completes_it(sandbox: DagsterSandbox) -> None:
    for vendor in ("brightdata", "serpapi"):
        sandbox.fault(vendor, "down")
    sandbox.refresh(companies=["tesla.com"], consumers=["profile"])
    assert list(shown_as_failed(sandbox)) == ["tesla.com"]
    sandbox.clear_faults()
    sandbox.refresh(companies=["tesla.com"], consumers=["profile"])
    assert shown_as_failed(sandbox) == {}
    assert sandbox.companies_of("profile/profile") == ["tesla.com"]


def test_what_does_not_fit_the_budget_stays_as_it_was_and_the_run_warns(sandbox: DagsterSandbox) -> None:
    sandbox.instance.add_dynamic_partitions(COMPANIES, DOMAINS[:8])
    run = sandbox.refresh(companies=DOMAINS[:8], consumers=["profile"], budget_usd=0.5)
    assert run.success
    summary = summary_of(run)
    [row] = sandbox.store.batches.latest()
    postponed = [company for company, state in states(sandbox, row.batch.batch_id).items() if state == "postponed"]
    assert len(postponed) == summary["postponed"].value > 0
    assert summary["cost_usd"].value == row.taken / 1_000_000 <= summary["budget_usd"].value == 0.5
    assert "within the budget" in summary["quote"].value
    seen = set(sandbox.companies_of("profile/profile")) | set(shown_as_failed(sandbox))
    assert seen.isdisjoint(postponed)
    assert f"{len(postponed)} postponed" in log_of(sandbox, run.run_id, "WARNING")[0]
    logged = "\n".join(log_of(sandbox, run.run_id))
    assert [logged.count(f"{company} postponed:") for company in postponed] == [1] * len(postponed)
    assert set(sandbox.companies_of("raw/brightdata_company_db")).isdisjoint(postponed)


def test_what_was_bought_is_shown_once_with_its_reply_and_each_profile_is_checked(sandbox: DagsterSandbox) -> None:
    batch_of(sandbox, *DOMAINS[:6])
    run = sandbox.refresh(batch_id="bat_1")
    sandbox.tick("report_bought_outside")
    assert new_unreported(sandbox.store, 0, limit=1000).purchases == ()
    shown = sandbox.shown("raw/brightdata_company_db")
    assert len(shown) == len({one.partition for one in shown}) > 0
    reply = sandbox.store.knowledge.reply(value_of(shown[0], "reply_id"))
    assert reply is not None
    assert reply.purchase_id == value_of(shown[0], "purchase_id")
    history = sandbox.instance.event_log_storage.get_asset_check_execution_history
    found = history(dg.AssetCheckKey(PROFILE, "profile_is_complete"), limit=100)
    events = [record.event.dagster_event for record in found if record.event]
    checked = {e.asset_check_evaluation_data.partition: e.asset_check_evaluation_data.passed for e in events if e}
    ended = states(sandbox, "bat_1")
    assert checked == {company: state == "complete" for company, state in ended.items()}
    assert {record.run_id for record in found} == {run.run_id}


def test_an_analysis_of_a_batch_shows_what_it_found(sandbox: DagsterSandbox) -> None:
    sandbox.refresh(companies=["tesla.com"], consumers=["customer_intelligence"])
    [shown] = sandbox.shown("analysis/hiring")
    assert value_of(shown, "claims_kept") > 0


def test_a_company_named_at_first_moves_to_its_domain(sandbox: DagsterSandbox) -> None:
    sandbox.register("Tesla")
    sandbox.instance.add_dynamic_partitions(COMPANIES, ["name:tesla"])
    sandbox.refresh(companies=["name:tesla"], consumers=["profile"])
    assert sandbox.partitions() == ["tesla.com"]
    assert sandbox.companies_of("profile/profile") == ["tesla.com"]


def test_several_runs_share_a_batch(sandbox: DagsterSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each in a process of its own, as launchers start them."""
    batch_of(sandbox, *DOMAINS[:20])
    (tmp_path / "dagster").mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    config = {"ops": {"work": {"config": {"batch_id": "bat_1"}}}}
    order = json.dumps([{"title": "batch", "job": "refresh_companies", "run_config": config}])
    command = [sys.executable, "-m", "enrichment_assets.local_runs"]
    with dg.DagsterInstance.get() as instance:  # its tables, which two processes must not make at one time
        instance.add_dynamic_partitions(COMPANIES, DOMAINS[:20])
        instance.get_runs()
        instance.fetch_materializations(PROFILE, limit=1)
    runs = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) for _ in range(2)]
    for run in runs:
        assert run.stdin is not None
        run.stdin.write(order)
        run.stdin.close()
    assert [run.wait() for run in runs] == [0, 0]
    assert set(states(sandbox, "bat_1").values()) <= {"complete", "incomplete"}
    requests = [request.company_id for request in sandbox.store.requests.latest(limit=100)]
    assert len(requests) == len(set(requests)) == 20
    with dg.DagsterInstance.get() as instance:
        shown = instance.fetch_materializations(PROFILE, limit=1000).records
        made = [record.partition_key for record in shown]
        assert len(made) == len(set(made)) > 0
        assert (
            len(instance.get_runs(dg.RunsFilter(tags={"batch": "bat_1"}, statuses=[dg.DagsterRunStatus.SUCCESS]))) == 2
        )


def test_a_terminated_run_hands_back_what_it_did_not_begin_and_a_retry_goes_on(sandbox: DagsterSandbox) -> None:
    """Dagster ends a run by a signal to its process."""

    def terminate() -> None:
        eventually(lambda: len(sandbox.store.requests.latest()) > 0, "the first request")
        os.kill(os.getpid(), signal.SIGTERM)

    domains = DOMAINS[:60]
    other = threading.Thread(target=terminate)
    other.start()
    run = sandbox.refresh(companies=domains, consumers=["profile"], budget_usd=100.0)
    other.join()
    assert not run.success
    [summary] = sandbox.store.batches.latest()
    assert summary.count("under_way") == 0
    assert summary.count("waiting", "stopped") > 0
    again = sandbox.refresh(companies=domains, consumers=["profile"], retry_of=run.run_id, budget_usd=100.0)
    assert again.success
    [summary] = sandbox.store.batches.latest()
    assert summary.batch.batch_id == f"bat_{run.run_id}"
    assert summary.count("complete", "incomplete") == 60


def test_a_run_in_which_every_company_failed_fails(sandbox: DagsterSandbox) -> None:
    run = sandbox.refresh(companies=["someone@example.com"], consumers=["profile"])
    assert "None of these is a company: someone@example.com: " in why_it_failed(run)


def test_a_batch_that_was_stopped_says_how_to_go_on(sandbox: DagsterSandbox) -> None:
    batch_of(sandbox, "tesla.com")
    sandbox.store.batches.stop("bat_1")
    assert "`enrich batch resume bat_1`" in why_it_failed(sandbox.refresh(batch_id="bat_1"))
    assert sandbox.calls() == 0


def test_a_stored_batch_keeps_its_own_terms(sandbox: DagsterSandbox) -> None:
    batch_of(sandbox, "tesla.com")
    run = sandbox.refresh(batch_id="bat_1", budget_usd=5.0)
    assert "leave out all but batch_id" in why_it_failed(run)
    assert sandbox.calls() == 0


def test_launched_from_partitions_incomplete_companies_show_as_failed_and_a_retry_takes_up_their_batch(
    sandbox: DagsterSandbox,
) -> None:
    for vendor in ("brightdata", "serpapi"):
        sandbox.fault(vendor, "down")
    run = sandbox.materialize_range("profile/profile", "tesla.com", "apple.com")
    assert run.success
    assert sorted(shown_as_failed(sandbox)) == ["apple.com", "tesla.com"]
    assert "0 complete, 2 incomplete" in log_of(sandbox, run.run_id, "WARNING")[0]
    [record_id] = set(shown_as_failed(sandbox).values())
    record = sandbox.instance.get_run_by_id(record_id)
    assert record is not None
    assert record.job_name == "refresh_companies"
    batch_id = f"bat_{run.run_id}"
    assert record.run_config == {"ops": {"work": {"config": {"batch_id": batch_id}}}}
    sandbox.clear_faults()
    sandbox.store.batches.reopen(batch_id, "incomplete")
    assert sandbox.refresh(batch_id=batch_id, retry_of=record_id).success
    assert sandbox.companies_of("profile/profile") == ["apple.com", "tesla.com"]


def test_a_list_becomes_a_batch_and_the_run_shows_what_was_understood_and_which_rows_were_left_out(
    sandbox: DagsterSandbox, tmp_path: Path
) -> None:
    listed = tmp_path / "accounts.csv"
    listed.write_text("Account,Web\nTesla,tesla.com\nApple,apple.com\nNobody,-\n,someone@\n", encoding="utf-8")
    run = sandbox.refresh(file=str(listed), consumers=["profile"], budget_usd=5.0)
    assert run.success
    assert states(sandbox, f"bat_{run.run_id}").keys() >= {"tesla.com", "apple.com"}
    understood, quoted, ended = sandbox.notes(run)
    assert "name from 'Account', website from 'Web'" in understood["list"]
    assert "4 rows of" in understood["list"]
    assert "| line 5 | " in understood["left_out"] == ended["left_out"]
    assert ",someone@," in Path(understood["left_out_file"]).read_text("utf-8-sig")
    assert "within the budget" in quoted["quote"]
    assert "complete" in ended


def test_a_list_is_read_once_however_often_its_run_is_executed_again(sandbox: DagsterSandbox, tmp_path: Path) -> None:
    listed = tmp_path / "accounts.csv"
    listed.write_text("name,website\nTesla,tesla.com\n", encoding="utf-8")
    order: dict[str, Any] = {"file": str(listed), "consumers": ["profile"], "budget_usd": 5.0}
    for vendor in ("brightdata", "serpapi"):
        sandbox.fault(vendor, "down")
    first = sandbox.refresh(**order)
    assert list(shown_as_failed(sandbox)) == ["tesla.com"]
    sandbox.clear_faults()
    listed.unlink()
    assert sandbox.refresh(retry_of=first.run_id, **order).success
    assert shown_as_failed(sandbox) == {}
    [summary] = sandbox.store.batches.latest()
    assert summary.companies == {"complete": 1}


@pytest.mark.parametrize(
    ("config", "advice"),
    [
        ({"file": "gone.csv", "consumers": ["profile"], "budget_usd": 1.0}, "gone.csv does not exist; check the path"),
        ({"file": "gone.csv", "consumers": ["profile"]}, "Set budget_usd, the most all companies of the list may cost"),
        ({"companies": DOMAINS[:2], "consumers": ["profile"]}, "Set budget_usd, the most these 2 companies may cost"),
        ({"file": "a.csv", "companies": ["tesla.com"], "consumers": ["profile"]}, "Set file or companies"),
    ],
)
def test_a_list_or_a_budget_that_is_missing_is_asked_for_and_nothing_is_bought(
    sandbox: DagsterSandbox, config: dict[str, Any], advice: str
) -> None:
    assert advice in why_it_failed(sandbox.refresh(**config))
    assert sandbox.calls() == 0
    assert sandbox.store.batches.latest() == []


def test_a_terminated_run_says_how_far_its_batch_is_and_the_command_line_resumes_it(sandbox: DagsterSandbox) -> None:
    def terminate() -> None:
        eventually(lambda: len(sandbox.store.requests.latest()) > 0, "the first request")
        os.kill(os.getpid(), signal.SIGTERM)

    other = threading.Thread(target=terminate)
    other.start()
    run = sandbox.refresh(companies=DOMAINS[:60], consumers=["profile"], budget_usd=100.0)
    other.join()
    said = sandbox.notes(run)[-1]
    assert sum(said.get(state, 0) for state in ("waiting", "stopped", "postponed", "complete", "incomplete")) == 60
    assert said["batch"] == f"bat_{run.run_id}"
    [warning] = log_of(sandbox, run.run_id, "WARNING")
    assert f"`enrich batch resume bat_{run.run_id}`" in warning
    command = [sys.executable, "-m", "enrich_cli.main", "batch", "resume", f"bat_{run.run_id}", "--sandbox", "--json"]
    resumed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert resumed.returncode in {0, 3}, resumed.stderr
    [summary] = sandbox.store.batches.latest()
    assert summary.count("complete", "incomplete") == 60
    sandbox.tick("report_made_outside")
    complete = {company for company, state in states(sandbox, f"bat_{run.run_id}").items() if state == "complete"}
    assert set(sandbox.companies_of("profile/profile")) == complete


def test_a_run_with_workers_has_others_launched_beside_it_while_it_is_under_way(sandbox: DagsterSandbox) -> None:
    tags = {"batch": "bat_1", "workers": "3"}
    job = definitions().resolve_job_def("refresh_companies")
    config = {"ops": {"work": {"config": {"batch_id": "bat_1", "workers": 3}}}}
    first = sandbox.instance.create_run_for_job(job, run_config=config, tags=tags)
    assert _more_workers(sandbox) == []
    sandbox.instance.report_run_canceling(first)
    assert _more_workers(sandbox) == []
    under_way = sandbox.instance.create_run_for_job(
        job, run_config=config, tags=tags, status=dg.DagsterRunStatus.STARTED
    )
    requested = _more_workers(sandbox)
    assert [request.run_key for request in requested] == [f"{under_way.run_id} 2", f"{under_way.run_id} 3"]
    assert requested[0].run_config == {"ops": {"work": {"config": {"batch_id": "bat_1"}}}}


def _more_workers(sandbox: DagsterSandbox) -> list[dg.RunRequest]:
    sensor = definitions().resolve_sensor_def("start_more_workers")
    with dg.build_sensor_context(instance=sandbox.instance) as context:
        return list(sensor.evaluate_tick(context).run_requests or [])
