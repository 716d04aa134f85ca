"""What Dagster shows of a batch: each company that this run is done with, many at a time.

bought: raw/*, analysis/*      profile made and good enough: profile/*, with its checks      postponed: stays as it was
not good enough, or failed: its partition is shown as failed, with the reason
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from enrichment.batches.worker import CompanyEnd
from enrichment.domain.batches import Batch
from enrichment.domain.ids import analysis_of
from enrichment.domain.knowledge import Analysis
from enrichment.domain.money import in_usd
from enrichment.domain.profiles import Profile
from enrichment.domain.purchases import Purchase
from enrichment.pipeline.new_profile import because_given_up
from enrichment.pipeline.stages import Enriched
from enrichment.profiles.document import missing
from enrichment.rules import Rules
from enrichment_assets.asset_specs import layer_assets, profile_key
from enrichment_assets.checks import evaluations_of
from enrichment_assets.events.event_reporting import (
    Made,
    brought,
    made_profiles,
    purchase_made,
    settled_ids,
    still_fresh,
)
from enrichment_assets.events.materializations import Happened, record_failed_run, report, report_failed
from enrichment_assets.partitions import COMPANIES, add_companies, rekey
from enrichment_assets.run_config import BATCH_TAG, INCOMPLETE_IN_TAG
from resources.clock import utc_now
from resources.dagster_resources.enrichment import EnrichmentResource
from resources.store import SqlStore

JOB = "refresh_companies"


@dataclass(frozen=True, slots=True)
class _Shown:
    """One company under the key of its partition. good: profiles to materialise; lacking: consumer -> why not."""

    company: str
    enriched: Enriched | None
    good: tuple[Profile, ...]
    lacking: Mapping[str, str]


class BatchEvents:
    """The events of one run over one batch. total: companies of the batch, for the lines of progress.

    sources: selected with it; those that had a fresh reply are shown as seen.
    """

    def __init__(
        self,
        context: dg.OpExecutionContext,
        enrichment: EnrichmentResource,
        batch: Batch,
        rules: Rules,
        *,
        total: int,
        sources: tuple[str, ...] = (),
    ) -> None:
        self._context, self._enrichment, self._batch, self._rules = context, enrichment, batch, rules
        self._instance, self._run = context.instance, context.run
        self._step = context.get_step_execution_context().step.key
        self._total, self._logged = total, dict[str, str]()
        self._sources = sources
        self._failed_run: dg.DagsterRun | None = None

    def show(self, ends: Sequence[CompanyEnd]) -> None:
        """Shows one lot of ends. Raises StoreError."""
        self._move(ends)
        shown = [_shown(end, self._batch, self._rules) for end in ends]
        purchases = [p for one in shown if one.enriched is not None for p in one.enriched.purchases]
        with self._enrichment.store() as store:
            made = [*self._bought(shown, purchases, store), *self._profiles(shown), *self._fresh(ends, store)]
        add_companies(self._instance, [end.company for end in shown if end.enriched is not None or end.lacking])
        report(self._instance, [*_events(made), *self._checks(shown)], run=self._run, step=self._step)
        self._show_lacking(shown)
        self._enrichment.mark_reported(settled_ids(purchases))
        self._log(ends)

    def _move(self, ends: Sequence[CompanyEnd]) -> None:
        """Companies with a key learned since the batch was made: their partitions go with them."""
        for end in ends:
            old, new = end.company.key, end.company.key if end.enriched is None else end.enriched.company.key
            if old != new and self._instance.has_dynamic_partition(COMPANIES, old):
                rekey(self._instance, [asset.key for asset in layer_assets(self._rules)], old=old, new=new)

    def _bought(self, shown: Sequence[_Shown], purchases: Sequence[Purchase], store: SqlStore) -> Iterator[Made]:
        replies = store.knowledge.reply_ids([p.purchase_id for p in purchases])
        asked = [one.enriched.company.company_id for one in shown if one.enriched is not None and _analysed(one)]
        analyses: dict[str, Analysis] = {one.purchase_id: one for one in store.knowledge.analyses_of(asked)}
        for one in shown:
            for purchase in brought(one.enriched.purchases if one.enriched is not None else ()):
                reply_id, analysis = replies.get(purchase.purchase_id), analyses.get(purchase.purchase_id)
                yield purchase_made(one.company, purchase, reply_id=reply_id, analysis=analysis)

    def _fresh(self, ends: Sequence[CompanyEnd], store: SqlStore) -> Iterator[Made]:
        """Selected sources that had a fresh reply and were not asked, seen again."""
        for end in ends if self._sources else ():
            company = end.company if end.enriched is None else end.enriched.company
            bought = {p.purchase_id for p in (() if end.enriched is None else end.enriched.purchases)}
            known = store.knowledge.known(company.company_id).replies if company.company_id else ()
            replies = [reply for reply in known if reply.purchase_id not in bought]
            for one in still_fresh(company.key, replies, self._sources, self._rules, utc_now()):
                self._context.log.info(f"{one.asset.to_user_string()} of {company.key} is {one.metadata['note'].value}")
                yield one

    def _profiles(self, shown: Sequence[_Shown]) -> Iterator[Made]:
        for one in shown:
            if one.enriched is not None:
                yield from made_profiles(self._context, one.enriched, one.good)

    def _checks(self, shown: Sequence[_Shown]) -> Iterator[dg.AssetCheckEvaluation]:
        """The sentences about each profile that was made, good or not."""
        by_consumer: dict[str, dict[str, Profile]] = defaultdict(dict)
        for one in shown:
            for profile in () if one.enriched is None else _of(self._batch, one.enriched):
                by_consumer[profile.consumer][one.company] = profile
        for consumer, profiles in by_consumer.items():
            yield from evaluations_of(consumer, profiles, self._rules)

    def _show_lacking(self, shown: Sequence[_Shown]) -> None:
        lacking = {(profile_key(consumer), one.company): why for one in shown for consumer, why in one.lacking.items()}
        if not lacking:
            return
        if self._failed_run is None:
            config = {"ops": {"work": {"config": {"batch_id": self._batch.batch_id}}}}
            tags = {BATCH_TAG: self._batch.batch_id, INCOMPLETE_IN_TAG: self._run.run_id}
            origin = self._run.remote_job_origin
            repository = None if origin is None else origin.repository_origin
            self._failed_run = record_failed_run(
                self._instance, repository, job=JOB, config=config, tags=tags, beside=self._run
            )
        report_failed(self._instance, lacking, run=self._failed_run, step=self._step)

    def _log(self, ends: Sequence[CompanyEnd]) -> None:
        """Writes one event for a lot: how far the run is, and a line for each company that is not complete.

        A postponed company is looked at again whenever money comes free; it is logged once.
        """
        new = [end for end in ends if self._logged.get(end.company.company_id) != end.end.state]
        if not new:
            return
        self._logged |= {end.company.company_id: end.end.state for end in new}
        states = Counter(end.end.state for end in new)
        counts = ", ".join(f"{count} {state}" for state, count in states.most_common())
        cost = in_usd(sum(end.end.cost for end in new))
        lines = [f"{len(self._logged)} of {self._total} companies; of the last {len(new)}: {counts}, for {cost} USD"]
        lines += [f"{end.company.key} {end.end.state}: {end.end.reason}" for end in new if end.end.reason]
        self._context.log.info("\n".join(lines))


def _shown(end: CompanyEnd, batch: Batch, rules: Rules) -> _Shown:
    """A company whose calls were stopped, or which waits for a vendor, stays as it was, as a postponed one does."""
    enriched = end.enriched
    if enriched is None:
        names = batch.consumers if end.end.state == "failed" else ()
        return _Shown(end.company.key, None, (), dict.fromkeys(names, end.end.reason or "it failed"))
    if end.end.state in ("stopped", "waiting"):
        return _Shown(enriched.company.key, enriched, (), {})
    profiles = _of(batch, enriched)
    lacking = {profile.consumer: why for profile in profiles if (why := why_not_good_enough(profile, rules))}
    if enriched.given_up:  # the rest was not asked for any more
        lacking = dict.fromkeys(lacking, end.end.reason or because_given_up(enriched.given_up))
    good = tuple(profile for profile in profiles if profile.consumer not in lacking)
    return _Shown(enriched.company.key, enriched, good, lacking)


def _of(batch: Batch, enriched: Enriched) -> list[Profile]:
    """The profiles of its consumers; a request for sources alone has made one of no consumer."""
    return [profile for profile in enriched.profiles if profile.consumer in batch.consumers]


def why_not_good_enough(profile: Profile, rules: Rules) -> str | None:
    """Why a batch does not materialise this profile; None: it does."""
    if lacks := missing(profile.document):
        return "; ".join(f"no {name}: {why}" if why else f"no {name}" for name, why in lacks.items())
    least = rules.consumers[profile.consumer].min_quality
    return None if profile.quality >= least else f"its quality {profile.quality:.2f} is below {least:.2f}"


def _analysed(shown: _Shown) -> bool:
    return shown.enriched is not None and any(analysis_of(p.source) for p in shown.enriched.purchases)


def _events(made: Sequence[Made]) -> Iterator[Happened]:
    for one in made:
        kind = dg.AssetMaterialization if one.is_new else dg.AssetObservation
        yield kind(one.asset, partition=one.company, metadata=one.metadata)
