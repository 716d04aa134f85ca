"""What a data engineer does in the UI and what Dagster shows of it, against the sandbox."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.store import new_unreported
from resources.wiring import utc_now
from tests.support.dagster_instance import DagsterWorld, dagster_world, key, plan_of, said, why_it_failed

FRESH = {"even_if_fresh": True}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterWorld]:
    with dagster_world(tmp_path, monkeypatch) as opened:
        yield opened


def test_a_materialised_profile_shows_quality_cost_plan_and_what_was_bought_for_it(world: DagsterWorld) -> None:
    assert world.materialize("profile/profile", company="tesla.com").success
    [profile] = world.shown("profile/profile")
    [bought] = world.shown("raw/brightdata_company_db")
    assert profile.partition == bought.partition == "tesla.com"
    assert said(profile, "missing") == "nothing"
    assert said(profile, "quality") > 0.8
    assert said(profile, "cost_micro_usd") == said(bought, "cost_micro_usd") == 150_000
    assert said(bought, "outcome") == "found"
    assert said(bought, "latency_seconds") > 0
    reply = world.store.reply(said(bought, "reply_id"))
    assert reply is not None
    assert reply.source == "brightdata_company_db"
    assert "| brightdata_company_db | chosen |" in said(profile, "plan")


def test_the_plan_is_seen_on_its_step_before_anything_is_bought(world: DagsterWorld) -> None:
    run = world.materialize("profile/profile", company="tesla.com")
    plan = plan_of(run)
    assert "brightdata_company_db" in plan
    assert "expected 0." in plan


def test_what_memory_served_keeps_its_old_materialisation(world: DagsterWorld) -> None:
    world.materialize("profile/profile", company="tesla.com")
    calls = world.calls()
    again = world.materialize("profile/profile", "raw/brightdata_company_db", company="tesla.com")
    assert again.success
    assert world.calls() == calls
    assert len(world.shown("raw/brightdata_company_db")) == 1


def test_a_profile_that_holds_is_materialised_when_somebody_asks_for_it_and_says_who_made_it(
    world: DagsterWorld,
) -> None:
    assert world.refresh(companies=["tesla.com"], consumers=["profile"]).success
    [made] = world.store.requests()
    run = world.materialize("profile/profile", company="tesla.com")
    newest = world.shown("profile/profile")[0]
    assert newest.partition == "tesla.com"
    assert said(newest, "served_from") == "layer_1"
    assert said(newest, "cost_micro_usd") == 0
    assert said(newest, "saved_micro_usd") == made.cost_micro_usd
    assert said(newest, "made_by") == made.request_id != said(newest, "request_id")
    assert said(newest, "plan").startswith(f"nothing to buy: the profile of {made.request_id} holds until 20")
    assert plan_of(run) == said(newest, "plan")
    assert len(world.shown("profile/profile")) == 2


def test_a_batch_only_sees_again_what_still_holds(world: DagsterWorld) -> None:
    for companies in (["tesla.com"], ["tesla.com", "apple.com"]):
        run = world.refresh(companies=companies, consumers=["profile"])
    assert world.companies_of("profile/profile") == ["apple.com", "tesla.com"]
    assert len(world.instance.fetch_observations(key("profile/profile"), limit=10).records) == 1
    assert "| tesla.com | nothing to buy: the profile of req_" in plan_of(run, "plan")


def test_a_profile_shows_how_long_its_request_took_and_its_values_in_words(world: DagsterWorld) -> None:
    world.materialize("profile/profile", company="tesla.com")
    [profile] = world.shown("profile/profile")
    [request] = world.store.requests()
    assert request.finished_at is not None
    assert said(profile, "latency_seconds") == (request.finished_at - request.asked_at).total_seconds() > 0
    assert "| employee_count | satisfied | 10,001+ " in said(profile, "values")


def test_an_analysis_is_materialised_under_its_own_name(world: DagsterWorld) -> None:
    assert world.materialize("profile/customer_intelligence", company="tesla.com").success
    [shown] = world.shown("analysis/hiring")
    assert shown.partition == "tesla.com"
    assert said(shown, "outcome") == "answered"
    assert said(shown, "claims_kept") > 0


def test_profiles_of_two_consumers_share_one_plan_and_each_call(world: DagsterWorld) -> None:
    assert world.materialize("profile/profile", "profile/vendor_context", company="tesla.com").success
    assert len(world.shown("profile/profile")) == len(world.shown("profile/vendor_context")) == 1
    assert len(world.shown("raw/brightdata_company_db")) == 1
    assert [r.consumer for r in world.store.requests()] == ["profile+vendor_context"]


def test_sources_alone_are_bought_exactly_as_selected(world: DagsterWorld) -> None:
    assert world.materialize("raw/google_knowledge_graph", company="tesla.com").success
    assert world.calls() == 1
    assert world.companies_of("raw/google_knowledge_graph") == ["tesla.com"]
    [request] = world.store.requests()
    assert request.state != "running"
    assert request.cost_micro_usd == 20_000


def test_a_source_that_is_fresh_is_not_bought_again_unless_it_is_said_so(world: DagsterWorld) -> None:
    world.materialize("raw/google_knowledge_graph", company="tesla.com")
    assert world.materialize("raw/google_knowledge_graph", company="tesla.com").success
    assert world.calls() == 1
    assert world.materialize("raw/google_knowledge_graph", company="tesla.com", config=FRESH).success
    assert world.calls() == 2
    assert len(world.shown("raw/google_knowledge_graph")) == 2


def test_a_retry_never_buys_what_is_fresh(world: DagsterWorld) -> None:
    first = world.materialize("raw/google_knowledge_graph", company="tesla.com", config=FRESH)
    retry = world.materialize("raw/google_knowledge_graph", company="tesla.com", config=FRESH, retry_of=first.run_id)
    assert retry.success
    assert world.calls() == 1


def test_a_vendor_that_is_down_costs_its_own_facts_and_no_run(world: DagsterWorld) -> None:
    world.fault("brightdata", "down")
    assert world.materialize("profile/profile", company="tesla.com").success
    assert world.shown("raw/brightdata_company_db") == []
    assert len(world.shown("profile/profile")) == 1
    assert len(world.shown("raw/serp_organic")) + len(world.shown("raw/serp_linkedin")) > 0


def test_checks_of_a_company_name_what_is_missing(world: DagsterWorld) -> None:
    for vendor in ("brightdata", "serpapi"):
        world.fault(vendor, "down")
    run = world.materialize("profile/profile", company="tesla.com")
    checks = {e.check_name: e for e in run.get_asset_check_evaluations()}
    assert not checks["profile_is_complete"].passed
    assert "| tesla.com | industry |" in str(checks["profile_is_complete"].metadata["who"].value)
    assert checks["facts_are_fresh"].passed


def test_a_batch_of_scattered_companies_is_one_run(world: DagsterWorld) -> None:
    companies = ["tesla.com", "apple.com", "microsoft.com"]
    assert world.refresh(companies=companies, consumers=["profile"]).success
    assert world.companies_of("profile/profile") == sorted(companies)
    assert world.partitions() == sorted(companies)
    assert new_unreported(world.store, 0, limit=100).purchases == ()


def test_a_company_that_fails_is_named_and_takes_no_other_with_it(world: DagsterWorld) -> None:
    run = world.refresh(companies=["tesla.com", "someone@example.com"], consumers=["profile"])
    assert not run.success
    assert world.companies_of("profile/profile") == ["tesla.com"]
    assert "1 of 2 companies failed: someone@example.com:" in why_it_failed(run)


def test_a_stored_batch_knows_how_far_each_company_has_come(world: DagsterWorld) -> None:
    ids = [company.company_id for company in world.register("tesla.com", "apple.com")]
    batch_id = world.store.create_batch(ids, consumer="profile", strategy=None, requested_by="test", at=utc_now())
    assert world.refresh(batch_id=batch_id).success
    batch = world.store.batch(batch_id)
    assert batch is not None
    assert {company.state for company in batch.companies} == {"complete"}
    assert batch.state == "done"


@pytest.mark.parametrize(
    ("config", "advice"),
    [
        ({"batch_id": "bat_gone"}, "There is no batch bat_gone in this store"),
        ({"companies": ["tesla.com"]}, "Name companies and consumers, or a batch_id"),
        ({"companies": ["tesla.com"], "consumers": ["nobody"]}, "There is no consumer named 'nobody'"),
        ({"companies": ["tesla.com"], "consumers": ["profile"], "max_age": "soon"}, "max_age: 'soon' is no duration"),
    ],
)
def test_a_run_that_cannot_be_understood_says_what_to_change(
    world: DagsterWorld, config: dict[str, object], advice: str
) -> None:
    assert advice in why_it_failed(world.refresh(**config))


def test_a_company_named_at_first_moves_to_its_domain_with_its_history(world: DagsterWorld) -> None:
    world.register("Tesla")
    assert world.materialize("profile/profile", company="name:tesla").success
    assert world.partitions() == ["tesla.com"]
    assert "tesla.com" in world.companies_of("profile/profile")
    assert "tesla.com" in world.companies_of("raw/google_knowledge_graph")


def test_marts_show_their_rows_and_columns_and_the_books_agree(world: DagsterWorld) -> None:
    world.refresh(companies=["tesla.com", "apple.com"], consumers=["profile"])
    run = world.publish()
    assert run.success
    [profiles] = world.shown("mart/company_profiles")
    assert said(profiles, "dagster/row_count") == 2
    columns = [column.name for column in said(profiles, "dagster/column_schema").columns]
    assert "industry" in columns
    checks = {(e.asset_key, e.check_name): e.passed for e in run.get_asset_check_evaluations()}
    assert checks[key("mart/purchases"), "ledger_equals_settled_purchases"]
    assert checks[key("mart/company_profiles"), "quality_is_above_threshold"]


def test_a_selection_that_names_companies_too_is_refused(world: DagsterWorld) -> None:
    run = world.materialize("profile/profile", company="tesla.com", config={"companies": ["apple.com"]})
    assert not run.success
    assert "leave out companies" in why_it_failed(run)
    assert world.calls() == 0
