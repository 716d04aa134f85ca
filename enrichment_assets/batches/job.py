"""The batch job: a batch is made of a list or of the companies in the run config, or one that is stored is named.

BatchConfig -> OrderedBatch -> run_batch. Runs that name the same batch_id share it, through any launcher.
A run that is executed again goes on with the batch of the first one, and takes up what is not complete in it.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from enrichment.context.run_context import RunContext
from enrichment.domain.batches import Batch
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.identity.domains import AmbiguousCompany, NotACompany
from enrichment.pipeline.row_companies import company_of_row
from enrichment.ports import StoreError
from enrichment.rules import Rules, RulesError
from enrichment.rules.requirements import UnknownName, requirements_of
from enrichment.rules.strategy import UnknownStrategy, check_strategy
from enrichment_assets.batches.company_events import JOB
from enrichment_assets.batches.lists import listed_companies
from enrichment_assets.batches.runs import OrderedBatch, run_batch
from enrichment_assets.run_config import WORKERS_TAG, OrderRefused, first_run_of, is_retry, micro_of, seconds_of
from resources.clock import utc_now
from resources.company_lists import UnreadableList
from resources.dagster_resources.enrichment import EnrichmentResource
from resources.refresh import SCHEDULE
from resources.settings import SettingsError
from resources.store import SqlStore

MOST_WORKERS = 64
SCHEDULE_TAG = "dagster/schedule_name"
_ASK_FOR_BUDGET = (
    "Set budget_usd, the most {companies} may cost together, in the run config under ops > work > config. "
    "Nothing was bought."
)


class BatchConfig(dg.Config):
    """What may be set in the launchpad, under ops > work > config: companies, consumers, budget; or a stored batch."""

    file: str | None = Field(
        None, description="path of a list of companies, as the machine of the run sees it: CSV, Excel, Parquet, JSON"
    )
    companies: list[str] = Field([], description="instead of a file: names, domains or keys")
    consumers: list[str] = Field([], description="which profiles, such as vendor_enrichment")
    budget_usd: float | None = Field(
        None, ge=0, description="the most all companies may cost together; needed for more than one"
    )
    workers: int = Field(1, ge=1, le=MOST_WORKERS, description="so many runs share the batch; this is the first")
    audience: str | None = Field(None, description="the vendor that a customer_intelligence profile is written for")
    strategy: str | None = Field(None, description="enhanced, priority or legacy, instead of the strategy in the rules")
    max_age: str | None = Field(None, description="the most any fact may be old, such as 3d")
    batch_id: str | None = Field(None, description="instead of all above but workers: a stored batch")


def refresh_job(resources: Mapping[str, Any]) -> dg.JobDefinition:
    """The job; each of its runs is a worker of a batch."""

    @dg.job(
        name=JOB,
        description="Enrich the companies of a list, or those named, or those of a stored batch, within a budget. "
        "Several runs may work on one batch.",
        executor_def=dg.in_process_executor,
        resource_defs=resources,
    )
    def job() -> None:
        work_on_batch()

    return job


@dg.op(
    name="work",
    out=dg.Out(dg.Nothing),
    description="Takes companies of the batch through all stages, each begun only if its plan fits the budget.",
)
def work_on_batch(
    context: dg.OpExecutionContext, config: BatchConfig, enrichment: EnrichmentResource
) -> Iterator[dg.Output[None]]:
    try:
        rules = enrichment.rules()
        with enrichment.store() as store:
            ordered = _ordered(context, config, enrichment, rules, store)
        metadata = run_batch(context, enrichment, ordered, rules)
    except (OrderRefused, RulesError, SettingsError, StoreError, UnknownName, UnknownStrategy, UnreadableList) as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    yield dg.Output(None, metadata=metadata)


def _ordered(
    context: dg.OpExecutionContext, config: BatchConfig, enrichment: EnrichmentResource, rules: Rules, store: SqlStore
) -> OrderedBatch:
    """Raises OrderRefused, UnknownName, UnknownStrategy, StoreError."""
    if config.workers > 1:
        context.instance.add_run_tags(context.run_id, {WORKERS_TAG: str(config.workers)})
    if config.batch_id is not None:
        if config.model_fields_set - {"batch_id", "workers"}:
            raise OrderRefused(
                "A stored batch has its companies, consumers and budget: leave out all but batch_id and workers."
            )
        return OrderedBatch(_taken_up(config.batch_id, store, again=is_retry(context)))
    if not config.consumers or (config.file is None) == (not config.companies):
        raise OrderRefused(
            "Set file or companies, and consumers; or else a batch_id; in the run config under ops > work > config."
        )
    batch = _batch_of(context, config, f"bat_{first_run_of(context)}")
    requirements_of(rules, batch.consumers)
    if batch.strategy is not None:
        check_strategy(rules, batch.strategy)
    if config.file is not None:
        return _of_list(Path(config.file), batch, store)
    if len(config.companies) > 1 and config.budget_usd is None:
        raise OrderRefused(_ASK_FOR_BUDGET.format(companies=f"these {len(config.companies)} companies"))
    return batch_over(config.companies, batch, enrichment, rules, store, again=is_retry(context))


def _of_list(path: Path, batch: Batch, store: SqlStore) -> OrderedBatch:
    """A batch of the companies of this list; found again by a run that is executed again, which reads no list.

    Raises OrderRefused, UnreadableList, StoreError.
    """
    if store.batches.by_id(batch.batch_id) is not None:
        return OrderedBatch(_taken_up(batch.batch_id, store, again=True))
    if batch.max_cost is None:
        raise OrderRefused(_ASK_FOR_BUDGET.format(companies="all companies of the list"))
    listed = listed_companies(path, store, batch.created_at)
    if not listed.company_ids:
        raise OrderRefused(f"No row of this list names a company, so nothing was bought: {'; '.join(listed.says)}")
    return OrderedBatch(store.batches.create(batch, listed.company_ids), listed=listed)


def batch_over(
    names: Sequence[str], batch: Batch, enrichment: EnrichmentResource, rules: Rules, store: SqlStore, *, again: bool
) -> OrderedBatch:
    """The batch over these companies, with those that other runs of one backfill have put into it.

    again: the run repeats another one, so that it takes up what failed. Raises OrderRefused, StoreError.
    """
    each = list(dict.fromkeys(names))
    found, refused = enrichment.run_in_context(
        lambda run_context: named_companies(each, batch.batch_id, run_context), rules
    )
    if not found:
        named = "; ".join(f"{name}: {why}" for name, why in refused.items())
        raise OrderRefused(f"None of these is a company: {named}")
    store.batches.join(batch, _registered(found, store))
    return OrderedBatch(_taken_up(batch.batch_id, store, again=again), refused)


def _batch_of(context: dg.OpExecutionContext, config: BatchConfig, batch_id: str) -> Batch:
    return Batch(
        batch_id=batch_id,
        created_at=utc_now(),
        consumers=tuple(config.consumers),
        requested_by=SCHEDULE if context.get_tag(SCHEDULE_TAG) == SCHEDULE else JOB,
        strategy=config.strategy,
        audience=config.audience,
        max_cost=micro_of(config.budget_usd),
        max_age=None if config.max_age is None else seconds_of(config.max_age),
    )


def _taken_up(batch_id: str, store: SqlStore, *, again: bool) -> Batch:
    """again: what failed, is incomplete or was stopped waits once more. Raises OrderRefused."""
    if again:
        store.batches.reopen(batch_id, "failed", "incomplete", "stopped")
    batch = store.batches.by_id(batch_id)
    if batch is None:
        raise OrderRefused(f"There is no batch {batch_id} in this store: make one, or name companies instead.")
    if batch.state == "stopped":
        raise OrderRefused(f"{batch_id} was stopped: `enrich batch resume {batch_id}` goes on with it.")
    return batch


async def named_companies(
    names: Sequence[str], origin: str, context: RunContext
) -> tuple[list[Company], dict[str, str]]:
    """The companies that are meant, and what means none -> why. origin: the batch or run that has the names."""
    found: list[Company] = []
    refused: dict[str, str] = {}
    for name in names:
        known = await asyncio.to_thread(context.store.companies.by_key, name)
        try:
            found.append(known or await company_of_row(name, context, origin=origin))
        except (NotACompany, AmbiguousCompany) as error:
            refused[name] = str(error)
    return found, refused


def _registered(companies: list[Company], store: SqlStore) -> list[str]:
    """The companies' ids, in this order; those that are not in the store yet are added."""
    new = [replace(company, company_id=new_id("com")) for company in companies if not company.company_id]
    added = {company.key: company.company_id for company in store.companies.add(new)}
    return [company.company_id or added[company.key] for company in companies]
