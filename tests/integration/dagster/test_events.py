"""Events, many at a time: private Dagster imports are where they are known to be, and still mean the same."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa
import yaml

from enrichment_assets.events.materializations import (
    latest_materialization,
    record_failed_run,
    report,
    report_failed,
)
from enrichment_assets.partitions import COMPANIES
from tests.support.dagster_instance import key

ROOT = Path(__file__).parents[3]
NEWS = key("raw/serp_news")


def test_private_parts_of_dagster_are_imported_in_three_modules_only() -> None:
    importing = {
        str(path.relative_to(ROOT))
        for folder in ("enrichment_assets", "resources", "enrichment", "enrich_cli")
        for path in (ROOT / folder).rglob("*.py")
        if _private_imports(path)
    }
    assert importing == {
        "enrichment_assets/events/event_storage.py",
        "enrichment_assets/local_runs.py",
        "enrichment_assets/events/materializations.py",
    }


@pytest.fixture(params=["ephemeral", "sqlite", "postgres"])
def instance(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """In memory; and in homes as a user has them, without any setting of ours."""
    if request.param == "ephemeral":
        with dg.DagsterInstance.ephemeral() as opened:
            yield opened
        return
    settings: dict[str, object] = {"telemetry": {"enabled": False}}
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url").replace("postgresql://", "postgresql+psycopg2://", 1)
        settings["storage"] = {"postgres": {"postgres_url": url}}
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    with dg.DagsterInstance.from_config(str(tmp_path)) as opened:
        yield opened


def made(company: str, **metadata: float) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(NEWS, partition=company, metadata=metadata)


def evaluated(company: str, *, passed: bool) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(asset_key=NEWS, check_name="is_new", passed=passed, metadata={}, partition=company)


def evaluations(instance: dg.DagsterInstance, run_id: str) -> dict[str | None, bool]:
    """Company -> whether its check passed, as the page of the check shows it."""
    history = instance.event_log_storage.get_asset_check_execution_history(dg.AssetCheckKey(NEWS, "is_new"), limit=100)
    assert {record.run_id for record in history} == {run_id}
    assert len(history) == len({record.partition for record in history})
    return {record.partition: record.status.value == "SUCCEEDED" for record in history}


def test_events_of_all_kinds_and_assets_are_stored_together_and_found_by_company(
    instance: dg.DagsterInstance,
) -> None:
    names = [f"{number}.com" for number in range(7)]
    other = dg.AssetMaterialization(key("raw/serp_jobs"), partition="0.com")
    seen = dg.AssetObservation(NEWS, partition="0.com", metadata={"seen": 1})
    report(instance, [*(made(name, cost_usd=0.05) for name in names), other, seen, evaluated("4.com", passed=True)])
    assert instance.get_materialized_partitions(NEWS) == set(names)
    assert instance.get_materialized_partitions(key("raw/serp_jobs")) == {"0.com"}
    shown = latest_materialization(instance, NEWS, "4.com")
    assert shown is not None
    assert shown.metadata["cost_usd"].value == 0.05
    assert len(instance.fetch_observations(NEWS, limit=10).records) == 1
    assert latest_materialization(instance, NEWS, "another.com") is None
    newest = instance.get_latest_materialization_event(NEWS)
    assert newest is not None
    assert newest.asset_materialization == made("6.com", cost_usd=0.05)
    assert evaluations(instance, "") == {"4.com": True}


def test_a_check_of_a_company_that_is_evaluated_again_outside_of_runs_shows_what_it_found_last(
    instance: dg.DagsterInstance,
) -> None:
    for passed in (False, True):
        report(instance, [evaluated("a.com", passed=passed), evaluated("b.com", passed=False)])
    assert evaluations(instance, "") == {"a.com": True, "b.com": False}


def test_events_of_a_run_are_in_its_log_and_an_evaluation_takes_the_place_of_the_planned_one(
    instance: dg.DagsterInstance,
) -> None:
    @dg.asset(key=NEWS, check_specs=[dg.AssetCheckSpec("is_new", asset=NEWS)], output_required=False)
    def news(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        run = context.run
        report(instance, [made("a.com"), evaluated("a.com", passed=False)], run=run, step="news")
        report(instance, [made("b.com"), evaluated("a.com", passed=True)], run=run, step="news")
        yield from ()

    run = dg.materialize([news], instance=instance, raise_on_error=False)
    logged = [entry.dagster_event for entry in instance.all_logs(run.run_id)]
    assert [event.partition for event in logged if event and event.is_step_materialization] == ["a.com", "b.com"]
    found = evaluations_of_partitions(instance, run.run_id)
    assert found == {"a.com": True}


def evaluations_of_partitions(instance: dg.DagsterInstance, run_id: str) -> dict[str | None, bool]:
    return {company: passed for company, passed in evaluations(instance, run_id).items() if company is not None}


def test_a_lot_of_events_is_one_transaction_for_each_file_of_the_storage(
    instance: dg.DagsterInstance, commits: Callable[[], int]
) -> None:
    names = [f"{number}.com" for number in range(100)]
    report(instance, [made("first.com")])
    before = commits()
    report(instance, [event for name in names for event in (made(name), evaluated(name, passed=True))])
    assert commits() - before <= 2


@pytest.fixture
def commits() -> Iterator[Callable[[], int]]:
    """How many transactions were committed so far, by any engine of this process."""
    count = [0]

    def counted(_: sa.Connection) -> None:
        count[0] += 1

    sa.event.listen(sa.engine.Engine, "commit", counted)
    yield lambda: count[0]
    sa.event.remove(sa.engine.Engine, "commit", counted)


def test_companies_that_failed_show_as_failed_though_the_run_they_are_of_does_not_fail() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(COMPANIES, ["good.com", "bad.com"])

        @dg.op
        def half(context: dg.OpExecutionContext) -> None:
            report(
                context.instance, [dg.AssetMaterialization(NEWS, partition="good.com")], run=context.run, step="half"
            )
            failed = record_failed_run(context.instance, None, job="batch", config={}, tags={"of": context.run_id})
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
