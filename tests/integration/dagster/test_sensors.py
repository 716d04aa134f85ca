"""What happened outside of Dagster: shown once, by whoever comes to show it."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import dagster as dg
import pytest

from enrichment.domain.records import Company, Purchase
from enrichment.pipeline.enrich import Ask, enrich
from enrichment_assets.sensors import bought_outside
from resources.dagster_resources import EnrichmentResource
from resources.wiring import open_context
from tests.support.dagster_instance import DagsterWorld, dagster_world, definitions, key, said
from tests.support.examples import SHIPPED

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TESLA = Company("com_1", "tesla.com", "Tesla", "tesla.com", NOON)
BOUGHT = Purchase(
    purchase_id="pur_1",
    request_id="req_1",
    company_id="com_1",
    consumer="profile",
    strategy="priority",
    source="serp_news",
    provider="serpapi",
    variant="v",
    rules_hash="r",
    reserved_units={"search": 1},
    usd_per_unit={"search": Decimal("0.05")},
    reserved_micro_usd=50_000,
    reserved_at=NOON,
    lease_until=NOON,
    state="settled",
    units={"search": 1},
    cost_micro_usd=50_000,
    outcome="found",
)


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterWorld]:
    with dagster_world(tmp_path, monkeypatch) as opened:
        yield opened


@pytest.mark.parametrize(
    ("purchase", "shown"),
    [
        (BOUGHT, (dg.AssetMaterialization, "raw/serp_news")),
        (replace(BOUGHT, outcome="nothing"), (dg.AssetMaterialization, "raw/serp_news")),
        (replace(BOUGHT, outcome="failed", reason="HTTP 500"), (dg.AssetObservation, "raw/serp_news")),
        (replace(BOUGHT, source="analysis:hiring", outcome="answered"), (dg.AssetMaterialization, "analysis/hiring")),
    ],
)
def test_an_answer_is_a_materialisation_and_a_bill_without_one_is_an_observation(
    purchase: Purchase, shown: tuple[type, str]
) -> None:
    [event] = bought_outside([(purchase, TESLA)])
    assert (type(event), event.asset_key) == (shown[0], key(shown[1]))
    assert event.partition == "tesla.com"
    assert event.metadata["cost_micro_usd"].value == 50_000


def test_what_the_command_line_bought_is_shown_once(context: DagsterWorld) -> None:
    _ask_outside(context, "tesla.com")
    assert context.shown("raw/brightdata_company_db") == []
    assert "1 purchases were reported" in _tick(context, "report_bought_outside")
    [shown] = context.shown("raw/brightdata_company_db")
    assert shown.partition == "tesla.com"
    assert said(shown, "cost_micro_usd") == 150_000
    assert context.partitions() == ["tesla.com"]
    assert "Nothing was bought outside" in _tick(context, "report_bought_outside")
    assert len(context.shown("raw/brightdata_company_db")) == 1


def test_whatever_is_shown_by_a_run_or_a_sensor_is_an_asset_that_is_defined(context: DagsterWorld) -> None:
    context.materialize("profile/customer_intelligence", company="tesla.com")
    _ask_outside(context, "apple.com", consumer="customer_intelligence")
    _tick(context, "report_bought_outside")
    defined = {spec.key for spec in definitions().resolve_all_asset_specs()}
    assert set(context.instance.all_asset_keys()) - defined == set()
    assert context.companies_of("analysis/intelligence_summary") == ["apple.com", "tesla.com"]


def test_what_a_run_bought_is_shown_by_the_run_alone(context: DagsterWorld) -> None:
    context.materialize("profile/profile", company="tesla.com")
    assert "Nothing was bought outside" in _tick(context, "report_bought_outside")
    assert len(context.shown("raw/brightdata_company_db")) == 1


@pytest.mark.parametrize(("status", "reported"), [("STARTED", 0), ("FAILURE", 1)])
def test_a_run_under_way_is_left_to_show_what_it_bought_and_a_dead_one_is_not(
    context: DagsterWorld, status: str, reported: int
) -> None:
    run = context.instance.create_run_for_job(
        definitions().resolve_job_def("refresh_companies"), status=dg.DagsterRunStatus[status]
    )
    _ask_outside(context, "tesla.com", asked_by=f"dagster:{run.run_id}")
    _tick(context, "report_bought_outside")
    assert len(context.shown("raw/brightdata_company_db")) == reported


def test_registered_companies_become_partitions(context: DagsterWorld) -> None:
    context.register("tesla.com", "apple.com")
    assert "2 companies are new" in _tick(context, "register_companies")
    assert context.partitions() == ["apple.com", "tesla.com"]


def test_a_domain_learned_outside_moves_the_partition_and_what_it_shows(context: DagsterWorld) -> None:
    [company] = context.register("Acme Widgets")
    _tick(context, "register_companies")
    context.instance.report_runless_asset_event(
        dg.AssetMaterialization(
            key("raw/serp_news"), partition="name:acme-widgets", metadata={"cost_micro_usd": 50_000}
        )
    )
    context.store.rekey(company.company_id, key="acme-widgets.com", name=None, domain="acme-widgets.com")
    assert "1 have a new key" in _tick(context, "register_companies")
    assert context.partitions() == ["acme-widgets.com"]
    moved = context.shown("raw/serp_news")[0]
    assert moved.partition == "acme-widgets.com"
    assert said(moved, "cost_micro_usd") == 50_000
    assert said(moved, "moved_from") == "name:acme-widgets"


def test_a_partition_somebody_made_by_hand_stays(context: DagsterWorld) -> None:
    context.instance.add_dynamic_partitions("companies", ["new-company.com"])
    _tick(context, "register_companies")
    assert context.partitions() == ["new-company.com"]


def _tick(context: DagsterWorld, sensor: str) -> str:
    with dg.build_sensor_context(instance=context.instance, resources={"enrichment": EnrichmentResource()}) as tick:
        return definitions().resolve_sensor_def(sensor).evaluate_tick(tick).skip_message or ""


def _ask_outside(context: DagsterWorld, company: str, asked_by: str = "cli", consumer: str = "profile") -> None:
    async def ask() -> None:
        async with open_context(context.settings, SHIPPED, store=context.store) as opened:
            await enrich(Ask(company, (consumer,), asked_by=asked_by), rules=SHIPPED, context=opened)

    asyncio.run(ask())
