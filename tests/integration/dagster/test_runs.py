"""What a data engineer does in the UI and what Dagster shows of it, against the sandbox."""

import logging
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg
import pytest

from enrichment.domain.batches import Batch
from resources.clock import TEST_CLOCK
from resources.store import new_unreported
from tests.support.dagster_instance import (
    DagsterSandbox,
    dagster_sandbox,
    key,
    summary_of,
    value_of,
    why_it_failed,
)
from tests.support.manual_clock import NOON

FRESH = {"even_if_fresh": True}


class Materialised(NamedTuple):
    sandbox: DagsterSandbox
    run: dg.ExecuteInProcessResult


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterSandbox]:
    with dagster_sandbox(tmp_path, monkeypatch) as opened:
        yield opened


@pytest.fixture(scope="module")
def tesla(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Materialised]:
    """For tests that only look at it: profile/profile of tesla.com, materialised once in an empty sandbox."""
    with (
        pytest.MonkeyPatch.context() as environment,
        dagster_sandbox(tmp_path_factory.mktemp("tesla"), environment) as opened,
    ):
        yield Materialised(opened, opened.materialize("profile/profile", company="tesla.com"))


def test_a_materialised_profile_shows_quality_cost_plan_and_what_was_bought_for_it(tesla: Materialised) -> None:
    sandbox = tesla.sandbox
    assert tesla.run.success
    [profile] = sandbox.shown("profile/profile")
    [bought] = sandbox.shown("raw/brightdata_company_db")
    assert profile.partition == bought.partition == "tesla.com"
    assert value_of(profile, "missing") == "nothing"
    assert value_of(profile, "quality") > 0.8
    assert value_of(profile, "cost_usd") == value_of(bought, "cost_usd") == 0.15
    assert [name for shown in (profile, bought) for name in shown.metadata if "micro" in name] == []
    assert value_of(bought, "outcome") == "found"
    assert value_of(bought, "latency_seconds") > 0
    reply = sandbox.store.knowledge.reply(value_of(bought, "reply_id"))
    assert reply is not None
    assert reply.source == "brightdata_company_db"
    assert "| brightdata_company_db | chosen |" in value_of(profile, "plan")


def test_the_plan_is_seen_on_its_step_before_anything_is_bought(tesla: Materialised) -> None:
    plan = tesla.sandbox.plan_of(tesla.run)
    assert "brightdata_company_db" in plan
    assert "expected 0." in plan


def test_what_memory_served_keeps_its_old_materialisation(sandbox: DagsterSandbox) -> None:
    sandbox.materialize("profile/profile", company="tesla.com")
    calls = sandbox.calls()
    again = sandbox.materialize("profile/profile", "raw/brightdata_company_db", company="tesla.com")
    assert again.success
    assert sandbox.calls() == calls
    assert len(sandbox.shown("raw/brightdata_company_db")) == 1


def test_a_valid_profile_is_materialised_when_asked_for_and_names_the_request_that_made_it(
    sandbox: DagsterSandbox,
) -> None:
    assert sandbox.refresh(companies=["tesla.com"], consumers=["profile"]).success
    [made] = sandbox.store.requests.latest()
    run = sandbox.materialize("profile/profile", company="tesla.com")
    newest = sandbox.shown("profile/profile")[0]
    assert newest.partition == "tesla.com"
    assert value_of(newest, "served_from") == "layer_1"
    assert value_of(newest, "cost_usd") == 0
    assert value_of(newest, "saved_usd") == made.cost_micro_usd / 1_000_000
    assert value_of(newest, "made_by") == made.request_id != value_of(newest, "request_id")
    assert value_of(newest, "plan").startswith(f"nothing to buy: the profile of {made.request_id} is valid until 20")
    assert sandbox.plan_of(run) == value_of(newest, "plan")
    assert len(sandbox.shown("profile/profile")) == 2


def test_a_batch_only_sees_again_what_is_still_valid(sandbox: DagsterSandbox) -> None:
    for companies in (["tesla.com"], ["tesla.com", "apple.com"]):
        run = sandbox.refresh(companies=companies, consumers=["profile"], budget_usd=100.0)
    assert sandbox.companies_of("profile/profile") == ["apple.com", "tesla.com"]
    assert len(sandbox.instance.fetch_observations(key("profile/profile"), limit=10).records) == 1
    assert "2 companies to do, 1 of them have all that is asked for already" in summary_of(run)["quote"].value


def test_a_profile_shows_how_long_its_request_took_and_its_values_in_words(tesla: Materialised) -> None:
    [profile] = tesla.sandbox.shown("profile/profile")
    [request] = tesla.sandbox.store.requests.latest()
    assert request.finished_at is not None
    assert value_of(profile, "latency_seconds") == (request.finished_at - request.asked_at).total_seconds() > 0
    assert re.search(r"\| employee_count \| satisfied \| \d{2,3},\d{3} ", value_of(profile, "values"))


def test_an_analysis_is_materialised_under_its_own_name(sandbox: DagsterSandbox) -> None:
    assert sandbox.materialize("profile/customer_intelligence", company="tesla.com").success
    [shown] = sandbox.shown("analysis/hiring")
    assert shown.partition == "tesla.com"
    assert value_of(shown, "outcome") == "answered"
    assert value_of(shown, "claims_kept") > 0


def test_an_analysis_beside_a_profile_shares_its_plan_and_the_profile_serves_later_requests(
    sandbox: DagsterSandbox,
) -> None:
    assert sandbox.materialize("profile/profile", "analysis/hiring", company="tesla.com").success
    [request] = sandbox.store.requests.latest()
    assert request.consumer == "profile"
    assert sandbox.companies_of("analysis/hiring") == sandbox.companies_of("profile/profile") == ["tesla.com"]
    assert sandbox.materialize("profile/profile", company="tesla.com").success
    assert value_of(sandbox.shown("profile/profile")[0], "served_from") == "layer_1"


def test_an_analysis_alone_collects_what_it_reads_and_makes_no_profile(sandbox: DagsterSandbox) -> None:
    assert sandbox.materialize("analysis/hiring", company="tesla.com").success
    assert sandbox.companies_of("analysis/hiring") == sandbox.companies_of("raw/serp_jobs") == ["tesla.com"]
    [request] = sandbox.store.requests.latest()
    assert request.consumer == "custom"
    assert sandbox.store.batches.latest() == []


def test_profiles_of_two_consumers_share_one_plan_and_each_call(sandbox: DagsterSandbox) -> None:
    assert sandbox.materialize("profile/profile", "profile/vendor_context", company="tesla.com").success
    assert len(sandbox.shown("profile/profile")) == len(sandbox.shown("profile/vendor_context")) == 1
    assert len(sandbox.shown("raw/brightdata_company_db")) == 1
    assert [r.consumer for r in sandbox.store.requests.latest()] == ["profile+vendor_context"]


def test_sources_alone_are_bought_exactly_as_selected(sandbox: DagsterSandbox) -> None:
    assert sandbox.materialize("raw/google_knowledge_graph", company="tesla.com").success
    assert sandbox.calls() == 1
    assert sandbox.companies_of("raw/google_knowledge_graph") == ["tesla.com"]
    [request] = sandbox.store.requests.latest()
    assert request.state != "running"
    assert request.cost_micro_usd == 20_000


def test_a_source_that_is_fresh_is_not_bought_again_unless_it_is_requested(sandbox: DagsterSandbox) -> None:
    sandbox.materialize("raw/google_knowledge_graph", company="tesla.com")
    assert sandbox.materialize("raw/google_knowledge_graph", company="tesla.com").success
    assert sandbox.calls() == 1
    assert sandbox.materialize("raw/google_knowledge_graph", company="tesla.com", config=FRESH).success
    assert sandbox.calls() == 2
    assert len(sandbox.shown("raw/google_knowledge_graph")) == 2


def test_a_source_that_is_fresh_says_so_and_until_when(sandbox: DagsterSandbox) -> None:
    sandbox.materialize("raw/google_knowledge_graph", company="tesla.com")
    [bought] = sandbox.shown("raw/google_knowledge_graph")
    run = sandbox.materialize("raw/google_knowledge_graph", company="tesla.com")
    assert run.success
    [seen] = sandbox.seen("raw/google_knowledge_graph")
    assert seen.partition == "tesla.com"
    assert value_of(seen, "reply_id") == value_of(bought, "reply_id")
    assert value_of(seen, "fresh_until") > value_of(bought, "bought_at")
    assert "still fresh" in value_of(seen, "note")
    assert "even_if_fresh" in value_of(seen, "note")


def test_of_several_sources_those_that_are_fresh_say_so_beside_those_that_are_bought(sandbox: DagsterSandbox) -> None:
    sandbox.materialize("raw/google_knowledge_graph", company="tesla.com")
    assert sandbox.materialize("raw/google_knowledge_graph", "raw/serp_news", company="tesla.com").success
    assert sandbox.companies_of("raw/serp_news") == ["tesla.com"]
    assert len(sandbox.seen("raw/google_knowledge_graph")) == 1
    assert sandbox.seen("raw/serp_news") == []


def test_a_source_selected_with_a_profile_that_memory_served_says_so_too(sandbox: DagsterSandbox) -> None:
    sandbox.materialize("raw/google_knowledge_graph", company="tesla.com")
    assert sandbox.materialize("profile/profile", "raw/google_knowledge_graph", company="tesla.com").success
    assert len(sandbox.seen("raw/google_knowledge_graph")) == 1


def test_an_unknown_partition_is_refused_before_anything_is_bought(sandbox: DagsterSandbox) -> None:
    sandbox.register("apple.com")
    sandbox.tick("register_companies")
    run = sandbox.materialize("profile/profile", company="aple.com", registered=False)
    assert not run.success
    assert "aple.com is no company" in why_it_failed(run)
    assert "enrich companies add" in why_it_failed(run)
    assert sandbox.calls() == 0
    assert sandbox.partitions() == ["apple.com"]


def test_a_company_that_moved_to_its_domain_is_known_by_its_former_partition(sandbox: DagsterSandbox) -> None:
    [company] = sandbox.register("Tesla")
    sandbox.store.companies.rekey(company.company_id, key="tesla.com", name=None, domain="tesla.com")
    sandbox.tick("register_companies")
    assert sandbox.materialize("profile/profile", company="name:tesla", registered=False).success


def test_all_companies_at_once_need_a_budget_the_run_says_where_to_set_it_and_no_partition_changes(
    sandbox: DagsterSandbox,
) -> None:
    sandbox.register("tesla.com", "apple.com")
    sandbox.tick("register_companies")
    run = sandbox.materialize_all("profile/profile")
    logged = [event.user_message for event in sandbox.instance.all_logs(run.run_id) if event.level == logging.ERROR]
    assert [("2 companies" in line, "budget_usd" in line) for line in logged] == [(True, True)]
    assert run.success, "a failed run shows each of its partitions as failed"
    assert sandbox.shown("profile/profile") == []
    assert sandbox.calls() == 0


@pytest.mark.parametrize(("budget_usd", "states"), [(0.30, {"complete": 1, "postponed": 1}), (1_000, {"complete": 2})])
def test_a_run_over_several_companies_is_a_batch_with_its_budget(
    sandbox: DagsterSandbox, budget_usd: float, states: dict[str, int]
) -> None:
    sandbox.register("tesla.com", "apple.com")
    sandbox.tick("register_companies")
    run = sandbox.materialize_all("profile/profile", config={"budget_usd": budget_usd})
    assert run.success
    [summary] = sandbox.store.batches.latest()
    assert (summary.companies, summary.batch.max_cost) == (states, budget_usd * 1_000_000)
    assert summary.batch.batch_id == f"bat_{run.run_id}"
    assert len(sandbox.shown("profile/profile")) == states["complete"]
    assert len({one.partition for one in sandbox.shown("raw/brightdata_company_db")}) == states["complete"]
    requests = sandbox.store.requests.latest()
    assert sum(request.cost_micro_usd for request in requests) == summary.taken <= budget_usd * 1_000_000
    assert new_unreported(sandbox.store, 0, limit=100).purchases == ()


def test_the_runs_that_dagster_makes_of_one_backfill_share_its_budget(sandbox: DagsterSandbox) -> None:
    sandbox.register("tesla.com", "apple.com")
    sandbox.tick("register_companies")
    runs = [
        sandbox.materialize("profile/profile", company=company, config={"budget_usd": 0.30}, backfill="scattered")
        for company in ("tesla.com", "apple.com")
    ]
    assert [run.success for run in runs] == [True, True]
    [summary] = sandbox.store.batches.latest()
    assert (summary.batch.batch_id, summary.companies) == ("bat_scattered", {"complete": 1, "postponed": 1})
    assert summary.taken <= 300_000


def test_a_run_of_a_backfill_that_is_executed_again_afterwards_goes_on_with_its_batch(sandbox: DagsterSandbox) -> None:
    sandbox.register("tesla.com")
    sandbox.tick("register_companies")
    config = {"budget_usd": 0.01}
    first = sandbox.materialize("profile/profile", company="tesla.com", config=config, backfill="scattered")
    again = sandbox.materialize(
        "profile/profile", company="tesla.com", config=config, retry_of=first.run_id, batch="bat_scattered"
    )
    assert again.success
    assert [summary.batch.batch_id for summary in sandbox.store.batches.latest()] == ["bat_scattered"]


def test_a_part_of_a_backfill_needs_a_budget_even_for_one_company(sandbox: DagsterSandbox) -> None:
    sandbox.register("tesla.com")
    sandbox.tick("register_companies")
    assert sandbox.materialize("profile/profile", company="tesla.com", backfill="scattered").success
    assert sandbox.materialize("raw/google_knowledge_graph", company="tesla.com", backfill="scattered").success
    assert sandbox.calls() == 0


def test_no_company_of_a_run_costs_more_than_its_own_cap(sandbox: DagsterSandbox) -> None:
    sandbox.register("tesla.com", "apple.com")
    sandbox.tick("register_companies")
    sandbox.materialize_all("profile/profile", config={"budget_usd": 5.0, "max_cost_usd": 0.07})
    requests = sandbox.store.requests.latest()
    assert [request.plan["asked"]["max_cost"] for request in requests] == [70_000] * 2
    assert all(request.cost_micro_usd <= 70_000 for request in requests)


def test_the_budget_holds_for_sources_alone_too(sandbox: DagsterSandbox) -> None:
    sandbox.register("tesla.com", "apple.com")
    sandbox.tick("register_companies")
    assert sandbox.materialize_all("raw/google_knowledge_graph", config={"budget_usd": 0.03}).success
    assert sandbox.calls() == 0


def test_sources_alone_have_their_part_of_the_budget_of_a_backfill(sandbox: DagsterSandbox) -> None:
    sandbox.register("tesla.com", "apple.com", "ford.com")
    sandbox.tick("register_companies")
    sandbox.begin_backfill("scattered", "raw/google_knowledge_graph", "tesla.com", "ford.com")
    for company, budget, calls in (("tesla.com", 0.03, 0), ("ford.com", 0.04, 1)):
        config = {"budget_usd": budget}
        source = "raw/google_knowledge_graph"
        assert sandbox.materialize(source, company=company, config=config, backfill="scattered").success
        assert sandbox.calls() == calls


def test_a_retry_never_buys_what_is_fresh(sandbox: DagsterSandbox) -> None:
    first = sandbox.materialize("raw/google_knowledge_graph", company="tesla.com", config=FRESH)
    retry = sandbox.materialize("raw/google_knowledge_graph", company="tesla.com", config=FRESH, retry_of=first.run_id)
    assert retry.success
    assert sandbox.calls() == 1


def test_a_vendor_that_is_down_costs_its_own_facts_and_no_run(sandbox: DagsterSandbox) -> None:
    sandbox.fault("brightdata", "down")
    assert sandbox.materialize("profile/profile", company="tesla.com").success
    assert sandbox.shown("raw/brightdata_company_db") == []
    assert len(sandbox.shown("profile/profile")) == 1
    assert len(sandbox.shown("raw/serp_organic")) + len(sandbox.shown("raw/serp_linkedin")) > 0


def test_a_company_that_ends_incomplete_is_not_materialised_and_its_checks_name_what_is_missing(
    sandbox: DagsterSandbox,
) -> None:
    for vendor in ("brightdata", "serpapi"):
        sandbox.fault(vendor, "down")
    run = sandbox.materialize("profile/profile", company="tesla.com")
    assert sandbox.shown("profile/profile") == []
    checks = sandbox.evaluations("profile/profile")
    assert not checks["profile_is_complete", "tesla.com"].passed
    assert "| tesla.com | industry |" in str(checks["profile_is_complete", "tesla.com"].metadata["which"].value)
    assert checks["facts_are_fresh", "tesla.com"].passed
    assert sandbox.notes(run)[-1]["incomplete"] == 1


def test_a_batch_of_scattered_companies_is_one_run(sandbox: DagsterSandbox) -> None:
    companies = ["tesla.com", "apple.com", "intel.com"]
    assert sandbox.refresh(companies=companies, consumers=["profile"], budget_usd=100.0).success
    assert sandbox.companies_of("profile/profile") == sorted(companies)
    assert sandbox.partitions() == sorted(companies)
    assert new_unreported(sandbox.store, 0, limit=100).purchases == ()


def test_what_is_no_company_is_named_and_takes_no_other_with_it(sandbox: DagsterSandbox) -> None:
    run = sandbox.refresh(companies=["tesla.com", "someone@example.com"], consumers=["profile"], budget_usd=100.0)
    assert run.success
    assert sandbox.companies_of("profile/profile") == ["tesla.com"]
    assert summary_of(run)["failed"].value == 1
    assert "| someone@example.com |" in summary_of(run)["not_complete"].value


def test_a_stored_batch_knows_how_far_each_company_has_come(sandbox: DagsterSandbox) -> None:
    ids = [company.company_id for company in sandbox.register("tesla.com", "apple.com")]
    batch = sandbox.store.batches.create(Batch("bat_1", NOON, ("profile",), "test"), ids)
    assert sandbox.refresh(batch_id=batch.batch_id).success
    summary = sandbox.store.batches.summary(batch.batch_id)
    assert summary is not None
    assert (summary.batch.state, summary.companies) == ("done", {"complete": 2})


@pytest.mark.parametrize(
    ("config", "advice"),
    [
        ({"batch_id": "bat_gone"}, "There is no batch bat_gone in this store"),
        ({"companies": ["tesla.com"]}, "Set file or companies, and consumers; or else a batch_id"),
        ({"companies": ["tesla.com"], "consumers": ["nobody"]}, "There is no consumer named 'nobody'"),
        ({"companies": ["tesla.com"], "consumers": ["profile"], "max_age": "soon"}, "max_age: 'soon' is no duration"),
    ],
)
def test_a_run_that_cannot_be_understood_states_what_to_change(
    sandbox: DagsterSandbox, config: dict[str, Any], advice: str
) -> None:
    assert advice in why_it_failed(sandbox.refresh(**config))


def test_a_company_named_at_first_moves_to_its_domain_with_its_history(sandbox: DagsterSandbox) -> None:
    sandbox.register("Tesla")
    assert sandbox.materialize("profile/profile", company="name:tesla").success
    assert sandbox.partitions() == ["tesla.com"]
    assert "tesla.com" in sandbox.companies_of("profile/profile")
    assert "tesla.com" in sandbox.companies_of("raw/google_knowledge_graph")


def test_marts_show_their_rows_and_columns_and_the_books_agree(sandbox: DagsterSandbox) -> None:
    sandbox.refresh(companies=["tesla.com", "apple.com"], consumers=["profile"], budget_usd=100.0)
    run = sandbox.publish()
    assert run.success
    [profiles] = sandbox.shown("mart/company_profiles")
    assert value_of(profiles, "dagster/row_count") == 2
    columns = [column.name for column in value_of(profiles, "dagster/column_schema").columns]
    assert "industry" in columns
    checks = {(e.asset_key, e.check_name): e.passed for e in run.get_asset_check_evaluations()}
    assert checks[key("mart/purchases"), "ledger_equals_settled_purchases"]
    assert checks[key("mart/company_profiles"), "quality_is_above_threshold"]


def test_values_that_ran_out_an_hour_ago_are_named_west_of_greenwich_too(
    sandbox: DagsterSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.refresh(companies=["tesla.com"], consumers=["profile"])
    (profile,) = sandbox.store.profiles.latest_by_company("profile").values()
    monkeypatch.setenv(TEST_CLOCK, (profile.holds_until + timedelta(hours=1)).isoformat())
    monkeypatch.setenv("TZ", "America/Los_Angeles")
    time.tzset()
    try:
        run = sandbox.publish()
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
    fresh = {e.asset_key: e for e in run.get_asset_check_evaluations() if e.check_name == "facts_are_fresh"}
    evaluation = fresh[key("mart/company_profiles")]
    assert not evaluation.passed
    assert evaluation.metadata["offenders"].value == 1


def test_a_profile_that_lacks_something_is_incomplete_but_not_stale(sandbox: DagsterSandbox) -> None:
    for vendor in ("brightdata", "serpapi"):
        sandbox.fault(vendor, "down")
    sandbox.refresh(companies=["tesla.com"], consumers=["profile"])
    run = sandbox.publish()
    checks = {e.check_name: e for e in run.get_asset_check_evaluations() if e.asset_key == key("mart/company_profiles")}
    assert not checks["profile_is_complete"].passed
    assert checks["facts_are_fresh"].passed


def test_a_run_over_a_range_of_companies_evaluates_the_checks_of_each(sandbox: DagsterSandbox) -> None:
    keys = ["apple.com", "microsoft.com", "tesla.com"]
    sandbox.register(*keys)
    run = sandbox.materialize_range("profile/profile", *keys)
    assert run.success
    history = sandbox.instance.event_log_storage.get_asset_check_execution_history
    for name in ("profile_is_complete", "quality_is_above_threshold", "facts_are_fresh"):
        found = history(dg.AssetCheckKey(key("profile/profile"), name), limit=10)
        events = [record.event.dagster_event for record in found if record.event]
        evaluations = [event.asset_check_evaluation_data for event in events if event]
        assert sorted(str(one.partition) for one in evaluations) == keys
    fresh = history(dg.AssetCheckKey(key("profile/profile"), "facts_are_fresh"), limit=10)
    assert {record.run_id for record in fresh} == {run.run_id}


def test_a_selection_that_names_companies_too_is_refused(sandbox: DagsterSandbox) -> None:
    with pytest.raises(dg.DagsterInvalidConfigError, match="companies"):
        sandbox.materialize("profile/profile", company="tesla.com", config={"companies": ["apple.com"]})
    assert sandbox.calls() == 0
