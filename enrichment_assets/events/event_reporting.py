"""What a run has made of a company, or only seen again, with the metadata that Dagster shows of it.

Purchase | Profile | fresh reply -> Made: asset, company, metadata
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import dagster as dg

from enrichment.domain.knowledge import Analysis, ReplyHead
from enrichment.domain.profiles import Profile
from enrichment.domain.purchases import Purchase
from enrichment.pipeline.stages import Enriched
from enrichment.rules import Rules
from enrichment_assets.asset_specs import bought_key, profile_key, raw_key
from enrichment_assets.events.materializations import latest_materialization
from enrichment_assets.events.metadata import (
    Metadata,
    analysis_metadata,
    enriched_metadata,
    fresh_metadata,
    purchase_metadata,
)

BROUGHT_SOMETHING = frozenset({"found", "nothing", "answered"})


@dataclass(frozen=True, slots=True)
class Made:
    """What was materialised, or where not `is_new`, only seen again. company: the partition."""

    asset: dg.AssetKey
    company: str
    metadata: Metadata
    is_new: bool = True


def brought(purchases: Iterable[Purchase]) -> tuple[Purchase, ...]:
    """Purchases that were paid and answered: 'knows nothing' is an answer."""
    return tuple(p for p in purchases if p.state == "settled" and p.outcome in BROUGHT_SOMETHING)


def purchase_made(company: str, purchase: Purchase, *, reply_id: str | None, analysis: Analysis | None) -> Made:
    """What one purchase that brought something has made. company: the partition."""
    metadata = purchase_metadata(purchase, reply_id=reply_id)
    return Made(bought_key(purchase.source), company, metadata | (analysis_metadata(analysis) if analysis else {}))


def still_fresh(
    company: str, replies: Iterable[ReplyHead], sources: Container[str], rules: Rules, now: datetime
) -> list[Made]:
    """Of these sources, the ones whose reply is still fresh. company: the partition."""
    fresh = []
    for reply in replies:
        if reply.source not in sources or reply.source not in rules.sources:
            continue
        until = reply.collected_at + timedelta(seconds=rules.sources[reply.source].ttl)
        if now < until:
            fresh.append(Made(raw_key(reply.source), company, fresh_metadata(reply, until), is_new=False))
    return fresh


def made_profiles(
    context: dg.OpExecutionContext, enriched: Enriched, profiles: Sequence[Profile] | None = None
) -> list[Made]:
    """Of these profiles (None: all), the ones that were assembled, or that layer 1 served to a run of the asset itself.

    What layer 1 served to the batch job is only seen again, unless Dagster has not seen it yet.
    """
    made = []
    for profile in enriched.profiles if profiles is None else profiles:
        key, company = profile_key(profile.consumer), enriched.company.key
        selected = context.has_assets_def or enriched.request.served_from != "layer_1"
        is_new = selected or latest_materialization(context.instance, key, company) is None
        made.append(Made(key, company, enriched_metadata(profile, enriched), is_new))
    return made


def settled_ids(purchases: Iterable[Purchase]) -> list[str]:
    """What was paid for, and so has to be reported once."""
    return [purchase.purchase_id for purchase in purchases if purchase.state == "settled"]
