"""Show what ended incomplete where no run is left to show it: by the command line, the service, a run that was killed.

profiles not good enough, the newest of each company -> those not shown yet -> failed, each with its reason
companies that failed in a batch, without a profile -> the same

One record of a failed run for a batch, for a killed run, or for the single requests of a day: a tick that finds more of
it adds to that record.
"""

from collections import defaultdict
from collections.abc import Sequence

import dagster as dg

from enrichment.rules import Rules
from enrichment_assets.asset_specs import profile_key
from enrichment_assets.batches.company_events import JOB, why_not_good_enough
from enrichment_assets.events.materializations import (
    latest_materializations,
    planned_since,
    record_failed_run,
    report_failed,
    repository_of,
)
from enrichment_assets.run_config import BATCH_TAG, INCOMPLETE_IN_TAG, run_of
from resources.store import OF_BATCH, FailedCompany, MadeProfile, SqlStore

_STEP = "work"


def show_incomplete(
    made: Sequence[MadeProfile], rules: Rules, store: SqlStore, context: dg.SensorEvaluationContext
) -> list[MadeProfile]:
    """Shows as failed those that are not good enough, unless their companies were shown so since. Returns these."""
    newest = {(one.profile.consumer, one.company): one for one in sorted(made, key=lambda one: one.profile.profile_id)}
    lacking = [one for one in newest.values() if why_not_good_enough(one.profile, rules) is not None]
    new = _not_shown(lacking, context.instance)
    by_record: dict[tuple[str, str | None], list[MadeProfile]] = defaultdict(list)
    for one in new:
        by_record[_record_of(one, context.instance)].append(one)
    for (origin, batch_id), its in by_record.items():
        failed = {
            (profile_key(one.profile.consumer), one.company): why for one, why in _reasons(its, batch_id, rules, store)
        }
        report_failed(context.instance, failed, run=_recorded(origin, batch_id, context), step=_STEP)
    return new


def show_failed(
    failed: Sequence[FailedCompany], rules: Rules, store: SqlStore, context: dg.SensorEvaluationContext
) -> int:
    """Shows as failed the profiles of these companies, unless they were shown since. Returns how many companies."""
    by_record: dict[tuple[str, str], list[FailedCompany]] = defaultdict(list)
    for one in failed:
        by_record[run_of(one.asked_by) or one.batch_id, one.batch_id].append(one)
    shown = set[str]()
    for (origin, batch_id), its in by_record.items():
        batch = store.batches.by_id(batch_id)
        reasons = {
            (profile_key(consumer), one.company): one.reason or "it failed"
            for consumer in (batch.consumers if batch is not None else ())
            if consumer in rules.consumers
            for one in _without_later(its, consumer, context.instance)
        }
        if reasons:
            report_failed(context.instance, reasons, run=_recorded(origin, batch_id, context), step=_STEP)
        shown |= {company for _, company in reasons}
    return len(shown)


def _without_later(failed: Sequence[FailedCompany], consumer: str, instance: dg.DagsterInstance) -> list[FailedCompany]:
    """Those of which Dagster shows no later attempt, made or failed. Ids of requests sort as they began."""
    names = [one.company for one in failed]
    made = {
        company: str(materialization.metadata["request_id"].value)
        for company, materialization in latest_materializations(instance, profile_key(consumer), names).items()
        if "request_id" in materialization.metadata
    }
    planned = planned_since(instance, profile_key(consumer), names)
    return [
        one
        for one in failed
        if made.get(one.company, "") < one.request_id and planned.get(one.company, 0.0) < one.ended_at.timestamp()
    ]


def _not_shown(lacking: Sequence[MadeProfile], instance: dg.DagsterInstance) -> list[MadeProfile]:
    by_consumer: dict[str, dict[str, MadeProfile]] = defaultdict(dict)
    for one in lacking:
        by_consumer[one.profile.consumer][one.company] = one
    return [
        one
        for consumer, its in by_consumer.items()
        for planned in [planned_since(instance, profile_key(consumer), its)]
        for company, one in its.items()
        if company not in planned or planned[company] < one.profile.created_at.timestamp()
    ]


def _record_of(one: MadeProfile, instance: dg.DagsterInstance) -> tuple[str, str | None]:
    """What it is recorded for, and its batch if it has one."""
    asked_by = one.request.asked_by or ""
    if (run_id := run_of(asked_by)) is not None:
        run = instance.get_run_by_id(run_id)
        return run_id, None if run is None else run.tags.get(BATCH_TAG)
    if asked_by.startswith(OF_BATCH):
        batch_id = asked_by.removeprefix(OF_BATCH)
        return batch_id, batch_id
    return one.profile.created_at.date().isoformat(), None


def _reasons(
    made: Sequence[MadeProfile], batch_id: str | None, rules: Rules, store: SqlStore
) -> list[tuple[MadeProfile, str]]:
    """Why each is not good enough: in the words of its batch, which knows what was not asked any more."""
    in_batch = (
        {} if batch_id is None else {c.company_id: c.reason for c in store.batches.companies(batch_id, "incomplete")}
    )
    return [
        (one, in_batch.get(one.profile.company_id) or why_not_good_enough(one.profile, rules) or "it is incomplete")
        for one in made
    ]


def _recorded(origin: str, batch_id: str | None, context: dg.SensorEvaluationContext) -> dg.DagsterRun:
    """The record there is, else a new one; executed again, that of a batch takes up what is not complete."""
    tags = {INCOMPLETE_IN_TAG: origin} | ({} if batch_id is None else {BATCH_TAG: batch_id})
    if found := context.instance.get_runs(dg.RunsFilter(tags={INCOMPLETE_IN_TAG: origin}), limit=1):
        return found[0]
    config = {} if batch_id is None else {"ops": {_STEP: {"config": {"batch_id": batch_id}}}}
    return record_failed_run(context.instance, repository_of(context), job=JOB, config=config, tags=tags)
