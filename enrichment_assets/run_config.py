"""What a run of assets is for: read from the selected assets and partitions.

selection + partitions + OrderConfig -> RunOrder
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal

import dagster as dg
from pydantic import Field

from enrichment.domain.money import to_micro
from enrichment.rules.fields import parse_seconds
from enrichment_assets.asset_specs import Layer
from enrichment_assets.partitions import new_among
from resources.store import SqlStore

ASKED_BY = "dagster:"
BATCH_TAG = "batch"
INCOMPLETE_IN_TAG = "companies_not_complete_in"
"""Of a record of a failed run, by which companies are shown as failed: the run, batch or day they are of."""
WORKERS_TAG = "workers"
"""Of a run that others shall work beside: how many in all. The sensor start_more_workers launches them."""
PARENT_RUN_TAG = "dagster/parent_run_id"
ROOT_RUN_TAG = "dagster/root_run_id"
BACKFILL_TAG = "dagster/backfill"
ROOT_BACKFILL_TAG = "dagster/root_backfill_id"
"""Of a backfill that repeats another one: the first of them."""


@dataclass(frozen=True, slots=True)
class RunOrder:
    """What a run is for. companies: keys, names or domains. max_cost in micro-USD per company, max_age in seconds.

    consumers, with analyses beside theirs: one plan for what they need together; sources are only shown then.
    analyses alone: one plan for what they read. sources alone: buy exactly these again.
    budget: of all companies together, in micro-USD; None: there is one company.
    """

    companies: tuple[str, ...]
    consumers: tuple[str, ...] = ()
    analyses: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    even_if_fresh: bool = False
    audience: str | None = None
    strategy: str | None = None
    max_cost: int | None = None
    budget: int | None = None
    max_age: int | None = None


class OrderConfig(dg.Config):
    """What may be set in the launchpad of a run of assets, under ops > enrich > config."""

    even_if_fresh: bool = Field(False, description="sources alone: buy again what is fresh. A retry ignores it")
    audience: str | None = Field(None, description="the vendor that a customer_intelligence profile is written for")
    strategy: str | None = Field(None, description="enhanced, priority or legacy, instead of the strategy in the rules")
    max_cost_usd: float | None = Field(None, ge=0, description="the most one company may cost")
    budget_usd: float | None = Field(
        None, ge=0, description="the most all companies of this run may cost together; needed for more than one"
    )
    max_age: str | None = Field(None, description="the most any fact may be old, such as 3d")


class OrderRefused(ValueError):
    """A run that cannot be understood; the message names what to change."""


class BudgetMissing(OrderRefused):
    """A run for many companies that does not say what they may cost."""


def order_of(context: dg.OpExecutionContext, config: OrderConfig, store: SqlStore) -> RunOrder:
    """Raises OrderRefused, StoreError."""
    selected = context.selected_asset_keys
    keys = partition_keys(context)
    _refuse_unknown(context.instance, keys, store)
    if config.budget_usd is None and (len(keys) > 1 or _backfill_of(context) is not None):
        of = f"for {len(keys)} companies" if len(keys) > 1 else "a part of a backfill"
        raise BudgetMissing(
            f"This run is {of}: set budget_usd, the most all companies may cost together, in the run config under "
            "ops > enrich > config. Nothing was bought."
        )
    consumers, budget = _chosen(selected, "profile"), micro_of(config.budget_usd)
    return RunOrder(
        companies=keys,
        consumers=consumers,
        analyses=_chosen(selected, "analysis"),
        sources=_chosen(selected, "raw"),
        even_if_fresh=config.even_if_fresh and not is_retry(context),
        audience=config.audience,
        strategy=config.strategy,
        max_cost=micro_of(config.max_cost_usd),
        budget=budget if consumers or budget is None else _part_of(budget, len(keys), context),
        max_age=None if config.max_age is None else seconds_of(config.max_age),
    )


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


def is_retry(context: dg.OpExecutionContext) -> bool:
    """Whether this run repeats another one: then its config must not make it buy again what the first run bought."""
    return context.run.parent_run_id is not None or context.has_tag(PARENT_RUN_TAG)


def run_of(asked_by: str | None) -> str | None:
    """The Dagster run that made a request; None: it was not made by a run."""
    if asked_by is None or not asked_by.startswith(ASKED_BY):
        return None
    return asked_by.removeprefix(ASKED_BY)


def batch_id_of(context: dg.OpExecutionContext) -> str:
    """Of the batch that this run works on: of the run it repeats; one for all runs of a backfill; else one of its own.

    Dagster makes a run of each range of neighbours of the partitions that are selected: they share one budget.
    """
    repeated = context.run.tags.get(BATCH_TAG) if is_retry(context) else None
    return repeated or f"bat_{_backfill_of(context) or first_run_of(context)}"


def _backfill_of(context: dg.OpExecutionContext) -> str | None:
    """The backfill that this run is a part of: the first of those that repeat one another."""
    tags = context.run.tags
    return tags.get(ROOT_BACKFILL_TAG) or tags.get(BACKFILL_TAG)


def _part_of(budget: int, companies: int, context: dg.OpExecutionContext) -> int:
    """What is for this run of the budget of its backfill, by its share of the companies (micro-USD)."""
    backfill = context.instance.get_backfill(context.run.tags.get(BACKFILL_TAG, ""))
    data = None if backfill is None else backfill.asset_backfill_data
    return budget if data is None else budget * companies // max(companies, data.get_num_partitions() or companies)


def first_run_of(context: dg.OpExecutionContext) -> str:
    """The run that this one repeats, however often; else itself."""
    return context.run.root_run_id or context.run.tags.get(ROOT_RUN_TAG) or context.run_id


def _chosen(selected: AbstractSet[dg.AssetKey], layer: Layer) -> tuple[str, ...]:
    return tuple(sorted(key.path[1] for key in selected if key.path[0] == layer))


def micro_of(usd: float | None) -> int | None:
    return None if usd is None else to_micro(Decimal(str(usd)))


def seconds_of(text: str) -> int:
    """The seconds of a max_age, such as 3d. Raises OrderRefused."""
    try:
        return parse_seconds(text)
    except ValueError as error:
        raise OrderRefused(f"max_age: {error}.") from None
