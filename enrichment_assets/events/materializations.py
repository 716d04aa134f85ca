"""Record in Dagster what happened to which company, many events at a time.

materialisations, observations, evaluations of checks -> event log, in one transaction; inside a run or without one
Private Dagster imports are here, because public calls write one event per transaction.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import dagster as dg
from dagster._core.events import (
    AssetMaterializationPlannedData,
    AssetObservationData,
    DagsterEvent,
    DagsterEventType,
    EngineEventData,
    StepMaterializationData,
)
from dagster._core.events.log import EventLogEntry
from dagster._core.instance.utils import RUNLESS_JOB_NAME, RUNLESS_RUN_ID
from dagster._core.remote_origin import RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._time import get_current_timestamp

from enrichment_assets.events.event_storage import store_events

Happened = dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckEvaluation


def report(
    instance: dg.DagsterInstance,
    events: Sequence[Happened],
    *,
    run: dg.DagsterRun | None = None,
    step: str | None = None,
) -> None:
    """Writes these events, under a run if one made them."""
    _store(instance, (_dagster_event(event, run, step) for event in events), run)


def record_failed_run(
    instance: dg.DagsterInstance,
    repository: RemoteRepositoryOrigin | None,
    *,
    job: str,
    config: Mapping[str, Any],
    tags: Mapping[str, str],
    beside: dg.DagsterRun | None = None,
) -> dg.DagsterRun:
    """A run that failed: Dagster shows a partition as failed only where the run that was to materialise it failed, and
    a batch in which some companies end incomplete did not fail. It alarms nothing: it has no event of a failure.

    job, config: of the run that takes up again what failed, when this one is executed again. beside: a run.
    """
    same = beside is not None and beside.job_name == job
    failed = dg.DagsterRun(
        job_name=job,
        run_config=config,
        tags=tags,
        status=dg.DagsterRunStatus.FAILURE,
        remote_job_origin=None if repository is None else RemoteJobOrigin(repository, job),
        job_snapshot_id=beside.job_snapshot_id if beside and same else None,
        execution_plan_snapshot_id=beside.execution_plan_snapshot_id if beside and same else None,
    )
    return instance.add_run(failed)


def repository_of(context: dg.SensorEvaluationContext) -> RemoteRepositoryOrigin | None:
    """Where the job of a record is to be found when it is executed again; None outside of a daemon."""
    location, name = context.code_location_origin, context.repository_name
    return None if location is None or name is None else RemoteRepositoryOrigin(location, name)


def report_failed(
    instance: dg.DagsterInstance,
    failed: Mapping[tuple[dg.AssetKey, str], str],
    *,
    run: dg.DagsterRun,
    step: str,
) -> None:
    """Shows these assets of these companies as failed. failed: asset and company -> why. run: one that failed, or will.

    The reasons are one event of that run.
    """
    planned = [AssetMaterializationPlannedData(asset, partition=company) for asset, company in failed]
    build = DagsterEvent.build_asset_materialization_planned_event
    _store(instance, (build(run.job_name, step, one) for one in planned), run)
    lines = [f"{company}, {asset.to_user_string()}: {why}" for (asset, company), why in failed.items()]
    instance.report_engine_event("\n".join(lines), run)


def note(context: dg.OpExecutionContext, message: str, metadata: Mapping[str, Any]) -> None:
    """An event in the log of this run, with metadata: at once, while that of outputs comes at the end of a step."""
    DagsterEvent.engine_event(context.get_step_execution_context(), message, EngineEventData(metadata))


def latest_materialization(
    instance: dg.DagsterInstance, asset: dg.AssetKey, company: str
) -> dg.AssetMaterialization | None:
    """What Dagster last recorded of this asset for this company."""
    filter_ = dg.AssetRecordsFilter(asset_key=asset, asset_partitions=[company])
    records = instance.fetch_materializations(filter_, limit=1).records
    return records[0].asset_materialization if records else None


def latest_materializations(
    instance: dg.DagsterInstance, asset: dg.AssetKey, companies: Collection[str]
) -> dict[str, dg.AssetMaterialization]:
    """Company -> what Dagster last recorded of this asset for it, of those it has recorded anything for."""
    newest = instance.event_log_storage.get_latest_storage_id_by_partition(
        asset, dg.DagsterEventType.ASSET_MATERIALIZATION, set(companies)
    )
    if not newest:
        return {}
    filter_ = dg.AssetRecordsFilter(asset_key=asset, storage_ids=list(newest.values()))
    records = instance.fetch_materializations(filter_, limit=len(newest)).records
    return {
        record.partition_key: record.asset_materialization
        for record in records
        if record.partition_key is not None and record.asset_materialization is not None
    }


def planned_since(instance: dg.DagsterInstance, asset: dg.AssetKey, companies: Collection[str]) -> dict[str, float]:
    """Company -> when a materialisation of this asset was last planned for it (seconds since 1970), if ever."""
    planned = DagsterEventType.ASSET_MATERIALIZATION_PLANNED
    storage = instance.event_log_storage
    ids = storage.get_latest_storage_id_by_partition(asset, planned, set(companies))
    if not ids:
        return {}
    newest = dg.EventRecordsFilter(planned, asset_key=asset, storage_ids=list(ids.values()))
    records = storage.get_event_records(newest, limit=len(ids))
    return {one.partition_key: one.timestamp for one in records if one.partition_key is not None}


def _store(instance: dg.DagsterInstance, events: Iterable[DagsterEvent], run: dg.DagsterRun | None) -> None:
    entries = [
        EventLogEntry(  # type: ignore[no-untyped-call]
            error_info=None,
            level=logging.INFO,
            user_message="",
            run_id=RUNLESS_RUN_ID if run is None else run.run_id,
            timestamp=get_current_timestamp(),
            step_key=event.step_key,
            job_name=event.job_name,
            dagster_event=event,
        )
        for event in events
    ]
    store_events(instance, entries)


def _dagster_event(event: Happened, run: dg.DagsterRun | None, step: str | None) -> DagsterEvent:
    kind, data = _kind_and_data(event)
    return DagsterEvent(
        event_type_value=kind.value,
        event_specific_data=data,
        job_name=RUNLESS_JOB_NAME if run is None else run.job_name,
        step_key=step,
    )


def _kind_and_data(
    event: Happened,
) -> tuple[DagsterEventType, StepMaterializationData | AssetObservationData | dg.AssetCheckEvaluation]:
    match event:
        case dg.AssetMaterialization():
            return DagsterEventType.ASSET_MATERIALIZATION, StepMaterializationData(event)
        case dg.AssetObservation():
            return DagsterEventType.ASSET_OBSERVATION, AssetObservationData(event)
        case _:
            return DagsterEventType.ASSET_CHECK_EVALUATION, event
