"""How a run ends: companies under their new keys, the batch brought up to date, and the failed ones named.

BatchProgress -> partitions, batch states; raises dg.Failure if a company failed, after all others are shown
"""

import dagster as dg

from enrichment.batches.worker import end_of
from enrichment.domain.batches import BatchEnd
from enrichment.domain.money import in_usd
from enrichment.rules import Rules
from enrichment_assets.asset_specs import layer_assets, profile_key
from enrichment_assets.batch_pipeline import BatchProgress
from enrichment_assets.materializations import report_failed
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
    if batch.order.batch_id is not None:
        _mark(enrichment, batch, batch.order.batch_id)
    costs = sum(e.request.cost_micro_usd for e in batch.finished.values())
    context.log.info(f"{len(batch.finished)} companies finished for {in_usd(costs)} USD, {len(batch.failed)} failed")
    with enrichment.store() as store:
        if batch.failed:
            hand_over(batch, [*batch.finished, *batch.failed], store, utc_now())
            _fail(context, batch)
        forget(batch, store, utc_now())


def _new_keys(instance: dg.DagsterInstance, batch: BatchProgress) -> None:
    partitions = set(instance.get_dynamic_partitions(COMPANIES))
    add_companies(instance, [enriched.company.key for enriched in batch.finished.values()])
    for company, enriched in batch.finished.items():
        if company in partitions and company != enriched.company.key:
            rekey(instance, _assets(batch.rules), old=company, new=enriched.company.key)


def _assets(rules: Rules) -> list[dg.AssetKey]:
    return [asset.key for asset in layer_assets(rules)]


def _mark(enrichment: EnrichmentResource, batch: BatchProgress, batch_id: str) -> None:
    with enrichment.store() as store:
        ids = {company.key: company.company_id for company in store.batches.companies(batch_id)}
        ends = {company: end_of(enriched) for company, enriched in batch.finished.items()}
        failed = {company: BatchEnd("failed", reason=reason) for company, reason in batch.failed.items()}
        for company, ended in (ends | failed).items():
            store.batches.mark_company(batch_id, ids[company], ended, at=utc_now())


def _fail(context: dg.OpExecutionContext, batch: BatchProgress) -> None:
    if not context.has_assets_def:
        partitions = set(context.instance.get_dynamic_partitions(COMPANIES))
        report_failed(
            context.instance,
            [profile_key(consumer) for consumer in batch.order.consumers],
            [company for company in batch.failed if company in partitions],
            run=context.run,
            step=context.get_step_execution_context().step.key,
        )
    named = "; ".join(f"{company}: {reason}" for company, reason in list(batch.failed.items())[:10])
    raise dg.Failure(
        f"{len(batch.failed)} of {len(batch.order.companies)} companies failed: {named}",
        metadata={"failed": dg.MetadataValue.md(companies_markdown(batch.failed))},
        allow_retries=False,
    )
