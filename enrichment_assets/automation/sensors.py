"""Keep Dagster in step with what happens outside of it: companies registered or renamed, purchases and profiles made.

companies changed since the cursor -> partitions
settled purchases changed since the cursor, not reported by a run -> runless materialisations -> marked as reported
profiles written since the cursor, not shown by a run -> runless materialisations of good ones, and checks
companies that failed in a batch since the cursor, not shown by a run -> failed
Purchases that were uncertain for too long are settled first, because no other process looks at the clock.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache

import dagster as dg

from enrichment.domain.companies import Company
from enrichment.domain.profiles import Profile
from enrichment.domain.purchases import Purchase
from enrichment.rules import Rules
from enrichment_assets.asset_specs import bought_key, layer_assets, profile_key
from enrichment_assets.automation.incomplete_outside import show_failed, show_incomplete
from enrichment_assets.batches.company_events import why_not_good_enough
from enrichment_assets.checks import evaluations_of
from enrichment_assets.events.event_reporting import brought
from enrichment_assets.events.materializations import Happened, latest_materializations, report
from enrichment_assets.events.metadata import profile_metadata, purchase_metadata
from enrichment_assets.partitions import COMPANIES, add_companies, companies, move_materializations, new_among
from enrichment_assets.run_config import BATCH_TAG, WORKERS_TAG, run_of
from resources.clock import utc_now
from resources.dagster_resources.enrichment import EnrichmentResource
from resources.store import (
    FailedCompany,
    MadeProfile,
    UnreportedPurchase,
    failed_in_batches,
    new_companies,
    new_profiles,
    new_unreported,
)
from resources.uncertain_purchases import settle_overdue

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class OutsideCursor:
    """since: the change number from which purchases, or profiles, were not read yet.

    runs: a run under way -> the change number of the first that it has made. The run shows them itself; when it has
    ended, perhaps without having done so, they are read again from there.
    """

    since: int = 0
    runs: Mapping[str, int] = field(default_factory=dict)

    @staticmethod
    def of(text: str | None) -> "OutsideCursor":
        kept = json.loads(text) if text else {}
        if isinstance(kept, int):  # a cursor of an earlier version
            return OutsideCursor(kept)
        return OutsideCursor(**kept)

    def __str__(self) -> str:
        return json.dumps(asdict(self))


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Shows what the command line and the service bought: settled purchases that no run has reported."
    " Settles what was uncertain for too long.",
)
def report_bought_outside(context: dg.SensorEvaluationContext, enrichment: EnrichmentResource) -> dg.SensorResult:
    cursor = OutsideCursor.of(context.cursor)

    under_way = _runs_under_way(context.instance)
    waiting = {run_id: first for run_id, first in cursor.runs.items() if under_way(run_id)}
    since = min([cursor.since, *(first for run_id, first in cursor.runs.items() if run_id not in waiting)])
    with enrichment.store() as store:
        overdue = settle_overdue(store, enrichment.rules(), utc_now())
        store.requests.end_silent(utc_now())
        new = new_unreported(store, since, limit=AT_ONCE)
        left = [(run, one) for one in new.purchases if (run := run_of(one.asked_by)) is not None and under_way(run)]
        waiting = _first_changes(waiting, left)
        ours = [(one.purchase, one.company) for one in new.purchases if run_of(one.asked_by) not in waiting]
        added = new_among(context.instance, [company.key for _, company in ours])
        report(context.instance, bought_outside(ours))
        enrichment.mark_reported([purchase.purchase_id for purchase, _ in ours])
    reported = f"{len(ours)} purchases were reported." if ours else "Nothing was bought outside."
    sentence = f"{reported} {len(overdue)} were overdue and are settled." if overdue else reported
    return _tick(context, str(OutsideCursor(new.mark, waiting)), sentence, added=added)


def _runs_under_way(instance: dg.DagsterInstance) -> Callable[[str], bool]:
    @cache
    def under_way(run_id: str) -> bool:
        run = instance.get_run_by_id(run_id)
        return run is not None and not run.is_finished

    return under_way


def _first_changes(
    waiting: Mapping[str, int], left: Iterable[tuple[str, UnreportedPurchase | MadeProfile | FailedCompany]]
) -> dict[str, int]:
    first = dict(waiting)
    for run_id, one in left:
        first[run_id] = min(first.get(run_id, one.changed), one.changed)
    return first


def bought_outside(purchases: Sequence[tuple[Purchase, Company]]) -> list[Happened]:
    """What was answered is a materialisation; what was billed without an answer is only observed."""
    answered = {purchase.purchase_id for purchase in brought(purchase for purchase, _ in purchases)}
    return [
        (dg.AssetMaterialization if purchase.purchase_id in answered else dg.AssetObservation)(
            bought_key(purchase.source),
            partition=company.key,
            metadata=purchase_metadata(purchase, reply_id=None),
        )
        for purchase, company in purchases
    ]


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Shows the profiles that the command line and the service made, with their checks: as made those"
    " that have all that is required and are good enough, as failed the others.",
)
def report_made_outside(context: dg.SensorEvaluationContext, enrichment: EnrichmentResource) -> dg.SensorResult:
    """A run shows the profiles that it makes by itself; what it leaves when it is killed is shown when it has ended.

    A company whose calls were stopped stays as it was.
    """
    rules, cursor = enrichment.rules(), OutsideCursor.of(context.cursor)
    under_way = _runs_under_way(context.instance)
    waiting = {run_id: first for run_id, first in cursor.runs.items() if under_way(run_id)}
    since = min([cursor.since, *(first for run_id, first in cursor.runs.items() if run_id not in waiting)])
    with enrichment.store() as store:
        new = new_profiles(store, since, limit=AT_ONCE)
        known = [one for one in new.profiles if _is_shown(one, rules)]
        failed = failed_in_batches(store, since, new.mark)
        left = [(run, one) for one in known if (run := run_of(one.request.asked_by)) is not None and under_way(run)]
        lost = [(run, one) for one in failed if (run := run_of(one.asked_by)) is not None and under_way(run)]
        waiting = _first_changes(waiting, [*left, *lost])
        ended = [one for one in known if run_of(one.request.asked_by) not in waiting]
        failed = [one for one in failed if run_of(one.asked_by) not in waiting]
        not_shown = _not_shown(ended, context.instance)
        incomplete = show_incomplete(not_shown, rules, store, context)
    good = [one for one in not_shown if why_not_good_enough(one.profile, rules) is None]
    shown = {one.profile.profile_id for one in good}
    ours = [one for one in ended if one.profile.profile_id in shown or run_of(one.request.asked_by) is None]
    added = new_among(context.instance, [*(one.company for one in ours), *(one.company for one in failed)])
    report(context.instance, [*made_outside(good), *checks_outside(ours, rules)])
    with enrichment.store() as store:
        failures = show_failed(failed, rules, store, context)
    sentence = f"{len(good)} of {len(ours)} profiles made outside are shown."
    if incomplete:
        sentence = f"{sentence} {len(incomplete)} are shown as failed, as they are not good enough."
    if failures:
        sentence = f"{sentence} {failures} that failed in batches are shown as failed."
    return _tick(context, str(OutsideCursor(new.mark, waiting)), sentence, added=added)


def _is_shown(made: MadeProfile, rules: Rules) -> bool:
    return made.profile.consumer in rules.consumers and made.request.state != "stopped"


def _not_shown(made: Sequence[MadeProfile], instance: dg.DagsterInstance) -> list[MadeProfile]:
    """Profiles of which Dagster shows neither them nor a later one. Ids sort as they were made."""
    of_consumer: dict[str, list[MadeProfile]] = defaultdict(list)
    for one in made:
        of_consumer[one.profile.consumer].append(one)
    shown = {
        (consumer, company): str(materialization.metadata["profile_id"].value)
        for consumer, its in of_consumer.items()
        for company, materialization in latest_materializations(
            instance, profile_key(consumer), [one.company for one in its]
        ).items()
        if "profile_id" in materialization.metadata
    }
    return [one for one in made if shown.get((one.profile.consumer, one.company), "") < one.profile.profile_id]


def made_outside(made: Sequence[MadeProfile]) -> list[Happened]:
    return [
        dg.AssetMaterialization(
            profile_key(one.profile.consumer),
            partition=one.company,
            metadata=profile_metadata(one.profile, one.request),
        )
        for one in made
    ]


def checks_outside(made: Sequence[MadeProfile], rules: Rules) -> list[dg.AssetCheckEvaluation]:
    """Evaluations of the newest profile of each company, good enough or not."""
    newest: dict[str, dict[str, Profile]] = defaultdict(dict)
    for one in made:
        newest[one.profile.consumer][one.company] = one.profile
    return [found for consumer, profiles in newest.items() for found in evaluations_of(consumer, profiles, rules)]


def worker_sensor(job: dg.JobDefinition) -> dg.SensorDefinition:
    """Runs beside a run that is to share its batch with others, through whatever launcher there is."""

    @dg.sensor(
        name="start_more_workers",
        job=job,
        minimum_interval_seconds=15,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Launches the other runs of a batch whose first run has `workers` above 1 in its config.",
    )
    def start(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        under_way = context.instance.get_runs(dg.RunsFilter(job_name=job.name, statuses=[dg.DagsterRunStatus.STARTED]))
        first = [run for run in under_way if WORKERS_TAG in run.tags and BATCH_TAG in run.tags]
        if not first:
            yield dg.SkipReason("No run under way has workers to come.")
        for run in first:
            batch_id = run.tags[BATCH_TAG]
            for number in range(2, int(run.tags[WORKERS_TAG]) + 1):
                yield dg.RunRequest(
                    run_key=f"{run.run_id} {number}",
                    run_config={"ops": {"work": {"config": {"batch_id": batch_id}}}},
                    tags={BATCH_TAG: batch_id},
                )

    return start


def company_sensor(rules: Rules) -> dg.SensorDefinition:
    """Every company of the store is a partition, under the key it has now.

    Without a cursor (reset in the UI) all companies are read again. A partition with an unknown key stays.
    """
    assets = [asset.key for asset in layer_assets(rules)]

    @dg.sensor(
        name="register_companies",
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Adds a partition per company registered elsewhere, and moves those with a domain learned since.",
    )
    def register(context: dg.SensorEvaluationContext, enrichment: EnrichmentResource) -> dg.SensorResult:
        with enrichment.store() as store:
            new = new_companies(store, int(context.cursor or 0))
        moved = {old: key for old, key in new.moved.items() if context.instance.has_dynamic_partition(COMPANIES, old)}
        for old, key in moved.items():
            move_materializations(context.instance, assets, old=old, new=key)
        added = new_among(context.instance, [*new.keys, *moved.values()])
        sentence = f"{len(set(added) - set(moved.values()))} companies are new, {len(moved)} have a new key."
        return _tick(context, str(new.mark), sentence, added=added, deleted=list(moved))

    return register


def _tick(
    context: dg.SensorEvaluationContext,
    cursor: str,
    sentence: str,
    *,
    added: Sequence[str],
    deleted: Sequence[str] = (),
) -> dg.SensorResult:
    """The end of a tick: partitions that it asks Dagster to add or delete are shown with it, and the sentence.

    Dagster calls every tick without a run skipped; one with partitions says how many. It keeps the keys with the tick,
    so more than a few are added here.
    """
    add_companies(context.instance, added[AT_ONCE:])
    requests = [companies.build_add_request(added[:AT_ONCE])] if added else []
    removals = [companies.build_delete_request(deleted)] if deleted else []
    return dg.SensorResult(
        dynamic_partitions_requests=[*requests, *removals], skip_reason=dg.SkipReason(sentence), cursor=cursor
    )
