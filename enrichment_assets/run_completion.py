"""How a run of assets ends: companies under their new keys, and the failed ones named.

BatchProgress -> partitions; raises dg.Failure if a company failed, after all others are shown
"""

import dagster as dg

from enrichment.domain.money import in_usd
from enrichment.rules import Rules
from enrichment_assets.asset_specs import layer_assets
from enrichment_assets.batch_pipeline import BatchProgress
from enrichment_assets.metadata import companies_markdown
from enrichment_assets.partitions import COMPANIES, add_companies, rekey
from enrichment_assets.step_handover import forget, hand_over
from resources.clock import utc_now
from resources.dagster_resources import EnrichmentResource


def end(context: dg.OpExecutionContext, enrichment: EnrichmentResource, batch: BatchProgress) -> None:
    """Raises dg.Failure naming the companies that failed; a vendor's failure is none.

    What the steps handed over is then kept for a while: executed again from where it failed, the run finishes no
    company twice.
    """
    _new_keys(context.instance, batch)
    costs = sum(e.request.cost_micro_usd for e in batch.finished.values())
    if batch.finished or batch.failed:
        context.log.info(
            f"{len(batch.finished)} companies finished for {in_usd(costs)} USD, {len(batch.failed)} failed"
        )
    with enrichment.store() as store:
        if batch.failed:
            hand_over(batch, [*batch.finished, *batch.failed], store, utc_now())
            _fail(batch)
        forget(batch, store, utc_now())


def _new_keys(instance: dg.DagsterInstance, batch: BatchProgress) -> None:
    partitions = set(instance.get_dynamic_partitions(COMPANIES))
    add_companies(instance, [enriched.company.key for enriched in batch.finished.values()])
    for company, enriched in batch.finished.items():
        if company in partitions and company != enriched.company.key:
            rekey(instance, _assets(batch.rules), old=company, new=enriched.company.key)


def _assets(rules: Rules) -> list[dg.AssetKey]:
    return [asset.key for asset in layer_assets(rules)]


def _fail(batch: BatchProgress) -> None:
    named = "; ".join(f"{company}: {reason}" for company, reason in list(batch.failed.items())[:10])
    raise dg.Failure(
        f"{len(batch.failed)} of {len(batch.order.companies)} companies failed: {named}",
        metadata={"failed": dg.MetadataValue.md(companies_markdown(batch.failed))},
        allow_retries=False,
    )
