"""Companies are partitions: new ones are added, a new key moves a partition with what it showed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from enrichment.domain.companies import Cause
from tests.support.dagster_instance import DagsterSandbox, Tick, dagster_sandbox, key, value_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterSandbox]:
    with dagster_sandbox(tmp_path, monkeypatch) as opened:
        yield opened


def test_registered_companies_become_partitions(sandbox: DagsterSandbox) -> None:
    sandbox.register("tesla.com", "apple.com")
    added = ["apple.com", "tesla.com"]
    assert sandbox.tick("register_companies") == Tick("2 companies are new, 0 have a new key.", added, deleted=[])
    assert sandbox.tick("register_companies").says == "0 companies are new, 0 have a new key."
    assert sandbox.partitions() == ["apple.com", "tesla.com"]


def test_a_domain_learned_outside_moves_the_partition_and_what_it_shows(sandbox: DagsterSandbox) -> None:
    [company] = sandbox.register("Acme Widgets")
    sandbox.tick("register_companies")
    sandbox.instance.report_runless_asset_event(
        dg.AssetMaterialization(key("raw/serp_news"), partition="name:acme-widgets", metadata={"cost_usd": 0.05})
    )
    sandbox.store.companies.rekey(company.company_id, key="acme-widgets.com", name=None, domain="acme-widgets.com")
    says = "0 companies are new, 1 have a new key."
    moved_on = Tick(says, added=["acme-widgets.com"], deleted=["name:acme-widgets"])
    assert sandbox.tick("register_companies") == moved_on
    assert sandbox.partitions() == ["acme-widgets.com"]
    moved = sandbox.shown("raw/serp_news")[0]
    assert moved.partition == "acme-widgets.com"
    assert value_of(moved, "cost_usd") == 0.05
    assert value_of(moved, "moved_from") == "name:acme-widgets"


def test_a_merge_moves_a_partition_and_undone_it_is_back_with_what_it_showed(sandbox: DagsterSandbox) -> None:
    widgets, amazon = sandbox.register("Acme Widgets", "amazon.com")
    sandbox.tick("register_companies")
    bought = dg.AssetMaterialization(key("raw/serp_news"), partition="name:acme-widgets", metadata={"calls": 1})
    sandbox.instance.report_runless_asset_event(bought)
    event = sandbox.store.company_events.merge(widgets.company_id, amazon.company_id, Cause("test", NOON, "one domain"))
    assert "1 have a new key" in sandbox.tick("register_companies").says
    assert sandbox.partitions() == ["amazon.com"]
    sandbox.store.company_events.undo(event.event_id, by="test", at=NOON)
    assert "1 companies are new" in sandbox.tick("register_companies").says
    assert sandbox.partitions() == ["amazon.com", "name:acme-widgets"]
    assert {shown.partition for shown in sandbox.shown("raw/serp_news")} >= {"name:acme-widgets"}


def test_a_partition_somebody_made_by_hand_stays(sandbox: DagsterSandbox) -> None:
    sandbox.instance.add_dynamic_partitions("companies", ["new-company.com"])
    sandbox.tick("register_companies")
    assert sandbox.partitions() == ["new-company.com"]
