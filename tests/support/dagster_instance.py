"""A Dagster instance over the definitions the UI loads, with a sandbox, a store and a clock of its own.

with dagster_sandbox(folder, monkeypatch) as sandbox: sandbox.materialize("profile/profile", company="tesla.com")
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest
from dagster._core.execution.backfill import PartitionBackfill
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
)

from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.identity.domains import company_key, parse_company
from enrichment_assets.definitions import defs
from enrichment_assets.marts import GROUP
from enrichment_assets.partitions import COMPANIES
from enrichment_assets.run_config import BACKFILL_TAG, BATCH_TAG, PARENT_RUN_TAG, ROOT_RUN_TAG
from resources.clock import TEST_CLOCK
from resources.dagster_resources.enrichment import EnrichmentResource
from resources.refresh import SCHEDULE
from resources.settings import Settings, load_settings
from resources.store import SqlStore
from resources.wiring import sandbox_file
from sandbox.app import create_app
from sandbox.server import served
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.manual_clock import NOON, running_from
from tests.support.new_stores import new_store
from tests.support.new_warehouses import begin_empty
from tests.support.one_authority import NO_AUTHORITY

TIME_SCALE = 200


@cache
def definitions() -> dg.Definitions:
    """What the UI loads, made once for all tests of a process."""
    return defs()


@dataclass(frozen=True)
class Tick:
    """What the UI shows of a tick: its sentence, the partitions that it added and deleted."""

    says: str
    added: list[str]
    deleted: list[str]


@dataclass
class DagsterSandbox:
    url: str
    settings: Settings
    store: SqlStore
    instance: dg.DagsterInstance
    cursors: dict[str, str | None] = field(default_factory=dict)

    def tick(self, sensor: str) -> Tick:
        """Evaluates this sensor once, with the cursor of its last tick; does what it requests, as the daemon does."""
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursors.get(sensor), resources={"enrichment": EnrichmentResource()}
        ) as context:
            ticked = definitions().resolve_sensor_def(sensor).evaluate_tick(context)
        self.cursors[sensor] = ticked.cursor
        added: list[str] = []
        deleted: list[str] = []
        for request in ticked.dynamic_partitions_requests or ():
            if isinstance(request, dg.AddDynamicPartitionsRequest):
                self.instance.add_dynamic_partitions(request.partitions_def_name, request.partition_keys)
                added += request.partition_keys
            else:
                for partition in request.partition_keys:
                    self.instance.delete_dynamic_partition(request.partitions_def_name, partition)
                deleted += request.partition_keys
        return Tick(ticked.skip_message or "", sorted(added), sorted(deleted))

    def register(self, *asked: str) -> list[Company]:
        """Puts companies into the store, as `enrich companies add` does."""
        named = [parse_company(text) for text in asked]
        fresh = [Company(new_id("com"), company_key(n.name, n.domain), n.name, n.domain, NOON) for n in named]
        return self.store.companies.add(fresh)

    def materialize(
        self,
        *assets: str,
        company: str,
        config: Mapping[str, Any] | None = None,
        retry_of: str | None = None,
        backfill: str | None = None,
        batch: str | None = None,
        registered: bool = True,
    ) -> dg.ExecuteInProcessResult:
        """As the UI's launchpad does: these assets, one partition. config: of the op 'enrich'.

        backfill: that the run is a part of. batch: of the run it repeats, whose tags Dagster copies.
        registered: there is the partition; else it is only named, as a launch over GraphQL may name any.
        """
        if registered and company not in self.partitions():
            self.instance.add_dynamic_partitions(COMPANIES, [company])
        given = {PARENT_RUN_TAG: retry_of, BACKFILL_TAG: backfill, BATCH_TAG: batch}
        tags = {name: value for name, value in given.items() if value is not None}
        return _job_of(assets).execute_in_process(
            instance=self.instance,
            partition_key=company if registered else None,
            run_config=_enrich_config(config),
            tags=tags if registered else {**tags, PARTITION_NAME_TAG: company},
            raise_on_error=False,
        )

    def materialize_all(self, *assets: str, config: Mapping[str, Any] | None = None) -> dg.ExecuteInProcessResult:
        """As 'Materialize all' does: one run over the partitions that there are, which have to be in order."""
        keys = self.instance.get_dynamic_partitions(COMPANIES)
        tags = {ASSET_PARTITION_RANGE_START_TAG: keys[0], ASSET_PARTITION_RANGE_END_TAG: keys[-1]}
        return _job_of(assets).execute_in_process(
            instance=self.instance, run_config=_enrich_config(config), tags=tags, raise_on_error=False
        )

    def materialize_range(self, asset: str, *companies: str) -> dg.ExecuteInProcessResult:
        """As a backfill in one run does: this asset, for all companies from the first to the last."""
        self.instance.add_dynamic_partitions(COMPANIES, list(companies))
        return self.materialize_all(asset, config={"budget_usd": 100.0})

    def begin_backfill(self, backfill: str, asset: str, *companies: str) -> None:
        """As the UI does for a selection of partitions; its runs are left to the test."""
        asked = PartitionBackfill.from_asset_partitions(
            backfill_id=backfill,
            asset_graph=definitions().resolve_asset_graph(),
            partition_names=companies,
            asset_selection=[key(asset)],
            backfill_timestamp=NOON.timestamp(),
            tags={},
            dynamic_partitions_store=self.instance,
            all_partitions=False,
            title=None,
            description=None,
            run_config=None,
        )
        self.instance.add_backfill(asked)

    def publish(self) -> dg.ExecuteInProcessResult:
        """All marts, and their checks."""
        every = [spec for spec in definitions().resolve_all_asset_specs() if spec.group_name == GROUP]
        job = _job_of([spec.key.to_user_string() for spec in every])
        return job.execute_in_process(instance=self.instance, raise_on_error=False)

    def report(self) -> dg.ExecuteInProcessResult:
        """The page on vendors; it has no partitions."""
        return _job_of(["report/vendors"]).execute_in_process(instance=self.instance, raise_on_error=False)

    def check(self, asset: str, name: str) -> dg.ExecuteInProcessResult:
        """One check of an asset, without making the asset."""
        job = (
            definitions()
            .resolve_implicit_global_asset_job_def()
            .get_subset(asset_selection=set(), asset_check_selection={dg.AssetCheckKey(key(asset), name)})
        )
        return job.execute_in_process(instance=self.instance, raise_on_error=False)

    def refresh(
        self, *, retry_of: str | None = None, by_schedule: bool = False, **config: Any
    ) -> dg.ExecuteInProcessResult:
        """The batch job, with this config of the op 'work'. retry_of: the run that is executed again.

        by_schedule: requested by the schedule that refreshes.
        """
        tags = {PARENT_RUN_TAG: retry_of, ROOT_RUN_TAG: retry_of} if retry_of else {}
        if by_schedule:
            tags |= dg.DagsterRun.tags_for_schedule(definitions().resolve_schedule_def(SCHEDULE))
        job = definitions().resolve_job_def("refresh_companies")
        run_config = {"ops": {"work": {"config": config}}}
        return job.execute_in_process(instance=self.instance, run_config=run_config, tags=tags, raise_on_error=False)

    def partitions(self) -> list[str]:
        return sorted(self.instance.get_dynamic_partitions(COMPANIES))

    def shown(self, asset: str) -> list[dg.AssetMaterialization]:
        """Every materialisation of this asset, the newest first."""
        records = self.instance.fetch_materializations(key(asset), limit=1000).records
        return [record.asset_materialization for record in records if record.asset_materialization is not None]

    def seen(self, asset: str) -> list[dg.AssetObservation]:
        """Every observation of this asset, the newest first."""
        records = self.instance.fetch_observations(key(asset), limit=1000).records
        return [record.asset_observation for record in records if record.asset_observation is not None]

    def evaluations(self, asset: str) -> dict[tuple[str, str], dg.AssetCheckEvaluation]:
        """(check, company) -> what it found last, of a profile."""
        found: dict[tuple[str, str], dg.AssetCheckEvaluation] = {}
        for check in ("profile_is_complete", "quality_is_above_threshold", "facts_are_fresh"):
            history = self.instance.event_log_storage.get_asset_check_execution_history
            for record in reversed(history(dg.AssetCheckKey(key(asset), check), limit=1000)):
                if record.event is not None and record.event.dagster_event is not None:
                    evaluation = record.event.dagster_event.event_specific_data
                    if isinstance(evaluation, dg.AssetCheckEvaluation):
                        found[check, str(evaluation.partition)] = evaluation
        return found

    def notes(self, run: dg.ExecuteInProcessResult) -> list[Mapping[str, Any]]:
        """What this run says of itself with metadata: first what it will cost, at its end how its companies ended."""
        logged = [entry.dagster_event for entry in self.instance.all_logs(run.run_id)]
        events = [e for e in logged if e is not None and e.event_type_value == "ENGINE_EVENT"]
        said = [event.engine_event_data.metadata for event in events if event.step_key in {"enrich", "work"}]
        return [{name: value.value for name, value in one.items()} for one in said if one]

    def plan_of(self, run: dg.ExecuteInProcessResult) -> str:
        """The plan of the only company of a run, as it says before anything is bought."""
        return str(self.notes(run)[0]["plan"])

    def companies_of(self, asset: str) -> list[str]:
        return sorted(shown.partition or "" for shown in self.shown(asset))

    def calls(self) -> int:
        """How many lines the vendors' invoices have."""
        return len(
            httpx.get(
                f"{self.url}/_sandbox/invoice/lines", trust_env=False, verify=NO_AUTHORITY, timeout=PATIENCE_SECONDS
            )
            .raise_for_status()
            .json()
        )

    def fault(self, vendor: str, kind: str, *, times: int = 1000) -> None:
        """Lets the next calls of this vendor go wrong."""
        body = {"vendor": vendor, "fault": kind, "times": times}
        httpx.post(
            f"{self.url}/_sandbox/faults", json=body, trust_env=False, verify=NO_AUTHORITY, timeout=PATIENCE_SECONDS
        ).raise_for_status()

    def clear_faults(self) -> None:
        httpx.delete(
            f"{self.url}/_sandbox/faults", trust_env=False, verify=NO_AUTHORITY, timeout=PATIENCE_SECONDS
        ).raise_for_status()


@contextmanager
def dagster_sandbox(folder: Path, environment: pytest.MonkeyPatch) -> Iterator[DagsterSandbox]:
    environment.setenv("ENRICH_HOME", str(folder / "home"))
    environment.setenv("ENRICH_WORLD", "sandbox")
    environment.setenv(TEST_CLOCK, f"{NOON.isoformat()} since {time.monotonic()}")
    environment.delenv("ENRICH_STRATEGY", raising=False)
    settings = load_settings()
    settings.home.mkdir(parents=True)
    app = create_app(folder / "books", time_scale=TIME_SCALE, read_time=running_from(NOON))
    with served(app) as url, dg.DagsterInstance.ephemeral() as instance:
        sandbox_file(settings).write_text(json.dumps({"url": url, "time_scale": TIME_SCALE}), encoding="utf-8")
        store = new_store(settings.home / "store.sqlite")
        begin_empty(settings.warehouse_path)
        try:
            yield DagsterSandbox(url, settings, store, instance)
        finally:
            store.close()


def _job_of(assets: Sequence[str]) -> dg.JobDefinition:
    """The job that the UI makes of a selection of assets."""
    every = definitions().resolve_implicit_global_asset_job_def()
    return every.get_subset(asset_selection={key(asset) for asset in assets})


def _enrich_config(config: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {"ops": {"enrich": {"config": dict(config)}}} if config else None


def key(asset: str) -> dg.AssetKey:
    return dg.AssetKey(asset.split("/"))


def value_of(shown: dg.AssetMaterialization | dg.AssetObservation, name: str) -> Any:
    """The value of one piece of metadata."""
    return shown.metadata[name].value


def why_it_failed(run: dg.ExecuteInProcessResult) -> str:
    """The message of the one step that failed."""
    [failed] = [event for event in run.all_events if event.event_type_value == "STEP_FAILURE"]
    return str(failed.step_failure_data.user_failure_data)


def summary_of(run: dg.ExecuteInProcessResult) -> Mapping[str, dg.MetadataValue[Any]]:
    """What a run of the batch job ends with: companies by state, cost, budget, quote."""
    [output] = [e for e in run.all_events if e.event_type_value == "STEP_OUTPUT" and e.step_key == "work"]
    return output.step_output_data.metadata
