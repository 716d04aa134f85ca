"""The event batches: the only private Dagster imports are where they are known to be, and still mean the same."""

import ast
from pathlib import Path

import dagster as dg
import pytest

from enrichment_assets.materializations import latest_materialization, record_failed_run, report, report_failed
from enrichment_assets.partitions import COMPANIES
from tests.support.dagster_instance import key

ROOT = Path(__file__).parents[3]
NEWS = key("raw/serp_news")


def test_private_parts_of_dagster_are_imported_in_two_modules_only() -> None:
    importing = {
        str(path.relative_to(ROOT))
        for folder in ("enrichment_assets", "resources", "enrichment", "enrich_cli")
        for path in (ROOT / folder).rglob("*.py")
        if _private_imports(path)
    }
    assert importing == {"enrichment_assets/local_runs.py", "enrichment_assets/materializations.py"}


@pytest.mark.parametrize("batch_size", ["0", "3"])
def test_every_event_of_a_batch_is_stored_and_found_by_its_company(
    monkeypatch: pytest.MonkeyPatch, batch_size: str
) -> None:
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", batch_size)
    names = [f"{number}.com" for number in range(7)]
    with dg.DagsterInstance.ephemeral() as instance:
        events = [dg.AssetMaterialization(NEWS, partition=name, metadata={"cost_usd": 0.05}) for name in names]
        report(instance, [*events, dg.AssetObservation(NEWS, partition="0.com", metadata={"seen": 1})])
        assert instance.get_materialized_partitions(NEWS) == set(names)
        shown = latest_materialization(instance, NEWS, "4.com")
        assert shown is not None
        assert shown.metadata["cost_usd"].value == 0.05
        assert len(instance.fetch_observations(NEWS, limit=10).records) == 1
        assert latest_materialization(instance, NEWS, "another.com") is None


def test_companies_that_failed_show_as_failed_though_the_run_they_are_of_does_not_fail() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(COMPANIES, ["good.com", "bad.com"])

        @dg.op
        def half(context: dg.OpExecutionContext) -> None:
            report(
                context.instance, [dg.AssetMaterialization(NEWS, partition="good.com")], run=context.run, step="half"
            )
            failed = record_failed_run(
                context.instance, context.run, job="batch", config={}, tags={"of": context.run_id}
            )
            report_failed(context.instance, {(NEWS, "bad.com"): "no vendor knows it"}, run=failed, step="half")

        @dg.job
        def batch() -> None:
            half()

        run = batch.execute_in_process(instance=instance)
        planned = (
            instance.event_log_storage.get_latest_asset_partition_materialization_attempts_without_materializations
        )
        [record] = instance.get_runs(dg.RunsFilter(tags={"of": run.run_id}))
        assert instance.get_materialized_partitions(NEWS) == {"good.com"}
        assert {name: run_id for name, (run_id, _) in planned(NEWS).items()} == {"bad.com": record.run_id}
        assert record.status is dg.DagsterRunStatus.FAILURE
        assert run.success
        logged = [entry.message for entry in instance.all_logs(record.run_id)]
        assert [line for line in logged if "bad.com, raw/serp_news: no vendor knows it" in line]


def _private_imports(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return [name for name in names if name.startswith("dagster") and "._" in name]
