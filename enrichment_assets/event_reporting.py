"""Show in Dagster what a step really made, per company.

value of a stage -> Made: asset, company, metadata -> an output of the run's own partition, else a materialisation event
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import dagster as dg

from enrichment.domain.records import Analysis, Profile, Purchase, ReplyHead
from enrichment.pipeline.stages import Analysed, Collected, Enriched
from enrichment.rules import Rules
from enrichment_assets.asset_specs import bought_key, profile_key, raw_key
from enrichment_assets.batch_pipeline import BatchOrder
from enrichment_assets.materializations import latest_materialization, report
from enrichment_assets.metadata import Metadata, analysis_metadata, enriched_metadata, fresh_metadata, purchase_metadata

BROUGHT_SOMETHING = frozenset({"found", "nothing", "answered"})


@dataclass(frozen=True, slots=True)
class Made:
    """What was materialised, or where not `is_new`, only seen again. company: the partition."""

    asset: dg.AssetKey
    company: str
    metadata: Metadata
    is_new: bool = True


def brought(purchases: Iterable[Purchase]) -> tuple[Purchase, ...]:
    """Those that were paid and answered: 'knows nothing' is an answer."""
    return tuple(p for p in purchases if p.state == "settled" and p.outcome in BROUGHT_SOMETHING)


def bought_replies(collected: Collected) -> list[Made]:
    company = collected.company.key
    replies = {reply.purchase_id: reply.reply_id for reply in collected.known.replies}
    return [
        purchase_made(company, p, reply_id=replies.get(p.purchase_id), analysis=None)
        for p in brought(collected.purchases)
    ]


def purchase_made(company: str, purchase: Purchase, *, reply_id: str | None, analysis: Analysis | None) -> Made:
    """What one purchase that brought something has made. company: the partition."""
    metadata = purchase_metadata(purchase, reply_id=reply_id)
    return Made(bought_key(purchase.source), company, metadata | (analysis_metadata(analysis) if analysis else {}))


def still_fresh(
    company: str, replies: Iterable[ReplyHead], order: BatchOrder, rules: Rules, now: datetime
) -> list[Made]:
    """Of the sources that the run selected, those whose reply it did not have to buy. company: the partition."""
    fresh = []
    for reply in replies:
        if reply.source not in order.sources or reply.source not in rules.sources:
            continue
        until = reply.collected_at + timedelta(seconds=rules.sources[reply.source].ttl)
        if now < until:
            fresh.append(Made(raw_key(reply.source), company, fresh_metadata(reply, until), is_new=False))
    return fresh


def bought_analyses(analysed: Analysed) -> list[Made]:
    company = analysed.company.key
    analyses = {analysis.purchase_id: analysis for analysis in analysed.analyses}
    return [
        purchase_made(company, p, reply_id=None, analysis=analyses.get(p.purchase_id))
        for p in brought(analysed.analysis_purchases)
    ]


def made_profiles(
    context: dg.OpExecutionContext, enriched: Enriched, profiles: Sequence[Profile] | None = None
) -> list[Made]:
    """Of these profiles (None: of all) those that were assembled, or that layer 1 served to a run of the asset itself.

    What layer 1 served to the batch job is only seen again, unless Dagster has not seen it yet.
    """
    made = []
    for profile in enriched.profiles if profiles is None else profiles:
        key, company = profile_key(profile.consumer), enriched.company.key
        selected = context.has_assets_def or enriched.request.served_from != "layer_1"
        is_new = selected or latest_materialization(context.instance, key, company) is None
        made.append(Made(key, company, enriched_metadata(profile, enriched), is_new))
    return made


def materialize(context: dg.OpExecutionContext, made: Sequence[Made]) -> Iterator[dg.Output[None]]:
    """Outputs for the assets of the run's only partition; everything else as events of this run.

    In a run over many partitions an output would mark all of them, failed ones too.
    """
    outputs, events = [], []
    for one in made:
        if one.is_new and _is_output(context, one):
            outputs.append(one)
        else:
            kind = dg.AssetMaterialization if one.is_new else dg.AssetObservation
            events.append(kind(one.asset, partition=one.company, metadata=one.metadata))
    report(context.instance, events, run=context.run, step=context.get_step_execution_context().step.key)
    for one in outputs:
        yield dg.Output(None, "_".join(one.asset.path), metadata=one.metadata)


def _is_output(context: dg.OpExecutionContext, made: Made) -> bool:
    if not context.has_partition_key or made.company != context.partition_key:
        return False
    return "_".join(made.asset.path) in context.selected_output_names


def settled_ids(purchases: Iterable[Purchase]) -> list[str]:
    """What was paid for, and so has to be reported once."""
    return [purchase.purchase_id for purchase in purchases if purchase.state == "settled"]
