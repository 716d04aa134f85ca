"""What a run is for: read from the selected assets and partitions, or from run config and a stored batch.

selection + partitions + OrderConfig -> BatchOrder
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from decimal import Decimal

import dagster as dg
from pydantic import Field

from enrichment.domain.money import to_micro
from enrichment.rules.models import parse_seconds
from enrichment_assets.asset_specs import Layer
from enrichment_assets.batch_pipeline import BatchOrder
from enrichment_assets.partitions import new_among
from resources.store import SqlStore

ASKED_BY = "dagster:"
FAILED = "failed"
PARENT_RUN_TAG = "dagster/parent_run_id"


class OrderConfig(dg.Config):
    """What may be set in the launchpad, under ops > plan > config (in a run of assets: ops > enrich > ops > plan)."""

    companies: list[str] = Field([], description="refresh_companies: names, domains or keys")
    batch_id: str | None = Field(None, description="refresh_companies: a stored batch, instead of companies")
    consumers: list[str] = Field([], description="refresh_companies: which profiles, such as vendor_enrichment")
    even_if_fresh: bool = Field(False, description="sources alone: buy again what is fresh. A retry ignores it")
    audience: str | None = Field(None, description="the vendor for whom a customer_intelligence profile is written")
    strategy: str | None = Field(None, description="enhanced, priority or legacy, instead of the strategy in the rules")
    max_cost_usd: float | None = Field(None, ge=0, description="the most one company may cost")
    budget_usd: float | None = Field(
        None, ge=0, description="the most all companies of this run may cost together; needed for more than one"
    )
    max_age: str | None = Field(None, description="the most any fact may be old, such as 3d")


class OrderRefused(ValueError):
    """A run that cannot be understood; the message names what to change."""


def order_of(context: dg.OpExecutionContext, config: OrderConfig, store: SqlStore, override: str | None) -> BatchOrder:
    """Raises OrderRefused, or StoreError for a batch that is not there. override: the strategy forced on all."""
    selected = context.selected_asset_keys
    order = BatchOrder(
        companies=(),
        audience=config.audience,
        strategy=config.strategy,
        strategy_override=override,
        max_cost=None if config.max_cost_usd is None else to_micro(Decimal(str(config.max_cost_usd))),
        max_age=None if config.max_age is None else _seconds(config.max_age),
        asked_by=f"{ASKED_BY}{context.run_id}",
    )
    if selected:
        if config.companies or config.consumers or config.batch_id:
            raise OrderRefused(
                "Assets are chosen by selection and partition: leave out companies, consumers, batch_id."
            )
        again = config.even_if_fresh and not _is_retry(context)
        keys = partition_keys(context)
        _refuse_unknown(context.instance, keys, store)
        if len(keys) > 1 and config.budget_usd is None:
            raise OrderRefused(
                f"This run is for {len(keys)} companies: set budget_usd, the most they may cost together, in the run "
                "config under ops > enrich > ops > plan > config. Nothing was bought."
            )
        return replace(
            _sharing(order, config, len(keys)),
            companies=keys,
            consumers=_chosen(selected, "profile"),
            analyses=_chosen(selected, "analysis"),
            sources=_chosen(selected, "raw"),
            even_if_fresh=again,
        )
    if config.batch_id is not None:
        of_batch = _of_batch(order, config.batch_id, store)
        return _sharing(of_batch, config, len(of_batch.companies))
    if not config.companies or not config.consumers:
        raise OrderRefused("Name companies and consumers, or a batch_id, in the run config of the op 'plan'.")
    companies = tuple(dict.fromkeys(config.companies))
    return replace(_sharing(order, config, len(companies)), companies=companies, consumers=tuple(config.consumers))


def _sharing(order: BatchOrder, config: OrderConfig, companies: int) -> BatchOrder:
    """Each company has an equal share of the budget of a run, so that together they keep within it."""
    if config.budget_usd is None or not companies:
        return order
    return replace(order, share=to_micro(Decimal(str(config.budget_usd))) // companies)


def _refuse_unknown(instance: dg.DagsterInstance, keys: Sequence[str], store: SqlStore) -> None:
    """A key that is neither a partition nor the former key of a company is a slip, and would be bought for."""
    for key in new_among(instance, keys):
        if store.companies.by_key(key) is None:
            raise OrderRefused(
                f"{key} is no company that is registered: register it with `enrich companies add`, or as a partition, "
                "then materialise it. Nothing was bought."
            )


def partition_keys(context: dg.OpExecutionContext) -> tuple[str, ...]:
    """The companies of a run. A single key is not looked up: its partition may have moved to a new key meanwhile."""
    return (context.partition_key,) if context.has_partition_key else tuple(context.partition_keys)


def _is_retry(context: dg.OpExecutionContext) -> bool:
    """A retry copies run config; what its first run had to buy again must not be bought twice."""
    return context.run.parent_run_id is not None or context.has_tag(PARENT_RUN_TAG)


def _chosen(selected: AbstractSet[dg.AssetKey], layer: Layer) -> tuple[str, ...]:
    return tuple(sorted(key.path[1] for key in selected if key.path[0] == layer))


def _of_batch(order: BatchOrder, batch_id: str, store: SqlStore) -> BatchOrder:
    """Those of the batch that are not done yet: of a batch that failed in part, a retry takes what failed."""
    batch = store.batches.by_id(batch_id)
    if batch is None:
        raise OrderRefused(f"There is no batch {batch_id} in this store: make one, or name companies instead.")
    return replace(
        order,
        companies=tuple(company.key for company in store.batches.companies(batch_id, "waiting", "failed")),
        consumers=batch.consumers,
        strategy=order.strategy or batch.strategy,
        batch_id=batch_id,
    )


def _seconds(text: str) -> int:
    try:
        return parse_seconds(text)
    except ValueError as error:
        raise OrderRefused(f"max_age: {error}.") from None
