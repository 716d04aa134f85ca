"""Events serialized by a template are what Dagster writes, letter for letter, and are read as the same events."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
import yaml

from enrichment_assets.events.event_json import EventJson
from enrichment_assets.events.materializations import Happened, record_failed_run, report, report_failed
from tests.support.dagster_instance import key

NEWS, JOBS = key("raw/serp_news"), key("raw/serp_jobs")
METADATA = {
    "cost_usd": dg.MetadataValue.float(0.05),
    'a "quoted" name': dg.MetadataValue.text('Müller "\\" \0 & Söhne'),
    "units": dg.MetadataValue.json({"searches": 1, "of": ["a", None]}),
    "bought_at": dg.MetadataValue.timestamp(1_790_000_000.25),
    "values": dg.MetadataValue.md("| a | b |\n| --- | --- |"),
    "claims": dg.MetadataValue.int(3),
    "page": dg.MetadataValue.url("https://a.com"),
    "fresh": dg.MetadataValue.bool(True),
}


def evaluation(company: str | None, *, check: str = "is_new", passed: bool = True, **more: Any) -> Happened:
    return dg.AssetCheckEvaluation(asset_key=NEWS, check_name=check, passed=passed, partition=company, **more)


KINDS: Sequence[Happened] = (
    dg.AssetMaterialization(NEWS, partition="a.com", metadata=METADATA),
    dg.AssetMaterialization(NEWS, partition="b.com"),
    dg.AssetMaterialization(NEWS),
    dg.AssetMaterialization(NEWS, partition="ü.com", description="by hand", metadata={"metadata": '"metadata": {}'}),
    dg.AssetMaterialization(NEWS, partition="a.com", tags={"dagster/data_version": "7"}),
    dg.AssetMaterialization(JOBS, partition="a.com", metadata={"cost_usd": 0.1}),
    dg.AssetObservation(NEWS, partition="a.com", metadata=METADATA),
    dg.AssetObservation(NEWS, partition="b.com", metadata={"seen": 1}),
    evaluation("a.com", metadata=METADATA),
    evaluation("b.com", metadata={"offenders": 2}),
    evaluation("b.com", passed=False, severity=dg.AssetCheckSeverity.WARN),
    evaluation("b.com", passed=False, severity=dg.AssetCheckSeverity.ERROR),
    evaluation("a.com", check="is_complete", description="of it", blocking=True),
    evaluation(None),
)


@pytest.fixture
def stored(tmp_path: Path) -> list[tuple[str, dg.EventLogEntry]]:
    """Events as the storage has them in its table, and as Dagster reads them."""
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump({"telemetry": {"enabled": False}}), encoding="utf-8")
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        report(instance, KINDS)
        run = record_failed_run(instance, None, job="batch", config={}, tags={})
        report(instance, KINDS, run=run, step="work")
        report_failed(instance, {(NEWS, "bad.com"): "no vendor knows it"}, run=run, step="work")
    engine = sa.create_engine(f"sqlite:///{tmp_path}/history/runs/index.db")
    with engine.connect() as connection:
        texts = connection.scalars(sa.text("SELECT event FROM event_logs ORDER BY id")).all()
    engine.dispose()
    return [(text, dg.deserialize_value(text, dg.EventLogEntry)) for text in texts]


def test_each_event_is_stored_letter_for_letter_as_dagster_serializes_it(
    stored: list[tuple[str, dg.EventLogEntry]],
) -> None:
    assert len(stored) == 2 * len(KINDS) + 1
    assert [text for text, _ in stored] == [dg.serialize_value(entry) for _, entry in stored]


def test_events_of_one_template_keep_apart_what_differs(stored: list[tuple[str, dg.EventLogEntry]]) -> None:
    shared = EventJson()
    entries = [entry for _, entry in stored]
    assert [dg.deserialize_value(shared.of(entry)) for entry in [*entries, *reversed(entries)]] == [
        *entries,
        *reversed(entries),
    ]
    data = [entry.get_dagster_event().event_specific_data for entry in entries[: len(KINDS)]]
    assert [getattr(one, "materialization", getattr(one, "asset_observation", one)) for one in data] == list(KINDS)
