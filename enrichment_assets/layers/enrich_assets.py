"""The assets of the three layers, which one step makes: raw/* -> analysis/* -> profile/*, a partition per company.

profiles selected: the run is the worker of a batch of its companies     none: a request for each company
Nothing is an output of the step: what was really bought or made is an event of its company (see batch_events), and what
memory served is not materialised again.
"""

from collections.abc import Iterator
from dataclasses import replace

import dagster as dg

from enrichment.domain.batches import Batch
from enrichment.ports import StoreError
from enrichment.rules import Rules, RulesError
from enrichment.rules.requirements import UnknownName, requirements_of
from enrichment.rules.strategy import UnknownStrategy
from enrichment_assets.asset_specs import GROUPS, OWNERS, LayerAsset, layer_assets
from enrichment_assets.batches.job import batch_over
from enrichment_assets.batches.runs import run_batch
from enrichment_assets.layers.selected_layers import run_selected
from enrichment_assets.partitions import companies
from enrichment_assets.run_config import (
    BudgetMissing,
    OrderConfig,
    OrderRefused,
    RunOrder,
    batch_id_of,
    is_retry,
    order_of,
)
from resources.clock import utc_now
from resources.dagster_resources.enrichment import EnrichmentResource
from resources.settings import SettingsError
from resources.store import SqlStore


def enrich_assets(rules: Rules) -> dg.AssetsDefinition:
    """The assets that one step makes; any can be selected, for any companies."""

    @dg.multi_asset(
        name="enrich",
        specs=[_spec(asset) for asset in layer_assets(rules)],
        partitions_def=companies,
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def enrich(
        context: dg.AssetExecutionContext, config: OrderConfig, enrichment: EnrichmentResource
    ) -> Iterator[dg.MaterializeResult[None]]:
        """Buys what is missing, analyses and assembles, for each company of the run."""
        step = context.op_execution_context
        try:
            active = enrichment.rules()
            with enrichment.store() as store:
                order = order_of(step, config, store)
                if order.consumers:
                    _work(step, enrichment, order, active, store)
                else:
                    run_selected(step, enrichment, order, active)
        except BudgetMissing as error:  # a failed run would show each of its partitions as failed
            step.log.error(str(error))
        except (OrderRefused, RulesError, SettingsError, StoreError, UnknownName, UnknownStrategy) as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        yield from ()

    return enrich


def _spec(asset: LayerAsset) -> dg.AssetSpec:
    return dg.AssetSpec(
        asset.key,
        deps=asset.upstream,
        skippable=True,
        description=asset.description,
        group_name=GROUPS[asset.layer],
        owners=OWNERS,
        kinds=set(asset.kinds),
        freshness_policy=asset.freshness,
    )


def _work(
    context: dg.OpExecutionContext, enrichment: EnrichmentResource, order: RunOrder, rules: Rules, store: SqlStore
) -> None:
    """Carries out this run as the worker of a batch of its companies."""
    batch = Batch(
        batch_id=batch_id_of(context),
        created_at=utc_now(),
        consumers=order.consumers,
        requested_by="dagster",
        strategy=order.strategy,
        audience=order.audience,
        max_cost=order.budget,
        max_age=order.max_age,
    )
    by_consumers = requirements_of(rules, order.consumers).analyses
    ordered = replace(
        batch_over(order.companies, batch, enrichment, rules, store, again=is_retry(context)),
        max_cost=order.max_cost,
        analyses=tuple(name for name in order.analyses if name not in by_consumers),
        sources=order.sources,
    )
    run_batch(context, enrichment, ordered, rules)
