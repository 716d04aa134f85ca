"""The graph that enriches companies: its outputs are the assets of the three layers.

one company, or no profile: plan -> collect -> analyse -> assemble, each hands on the id of its run (see step_handover)
profiles of several companies: plan works as a batch, and the other steps have nothing to do
Outputs are raw/* and analysis/* for what was bought, profile/* for what was assembled or served. All are optional:
what memory served is not materialised again.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import dagster as dg

from enrichment.domain.batches import Batch
from enrichment.domain.records import Profile, Purchase
from enrichment.pipeline.stages import Enriched
from enrichment.ports import StoreError
from enrichment.requirements.requirements import UnknownName, requirements_of
from enrichment.requirements.strategy import UnknownStrategy
from enrichment.rules import Rules, RulesError
from enrichment_assets.asset_specs import GROUPS, OWNERS, LayerAsset, layer_assets
from enrichment_assets.batch_job import batch_over
from enrichment_assets.batch_pipeline import (
    BatchOrder,
    BatchProgress,
    StageFunction,
    advance,
    analyse_stage,
    assemble_stage,
    close_stage,
    collect_stage,
    plan_stage,
    start,
)
from enrichment_assets.batch_runs import run_batch
from enrichment_assets.checks import evaluations_of
from enrichment_assets.event_reporting import (
    Made,
    bought_analyses,
    bought_replies,
    made_profiles,
    materialize,
    settled_ids,
    still_fresh,
)
from enrichment_assets.materializations import report
from enrichment_assets.metadata import Metadata, plans_markdown
from enrichment_assets.partitions import companies
from enrichment_assets.run_completion import end
from enrichment_assets.run_config import OrderConfig, OrderRefused, first_run_of, order_of
from enrichment_assets.step_handover import Handover, HandoverLost, hand_over, take_over
from resources.clock import utc_now
from resources.dagster_resources import EnrichmentResource
from resources.settings import SettingsError

StepOutputs = Iterator[dg.Output[Any]]
GRAPH = "enrich"
CARRIED_OUT: Handover = {}
"""What the step 'plan' hands on where it has worked as a batch: nothing is left for the others."""


def enrich_graph(rules: Rules) -> dg.GraphDefinition:
    """Its outputs are the assets of the three layers."""
    assets = layer_assets(rules)
    plan, collect, analyse, assemble = _plan(), _collect(assets), _analyse(assets), _assemble(assets)

    @dg.graph(name=GRAPH, out={asset.output: dg.GraphOut() for asset in assets})
    def enrich() -> dict[str, Any]:
        collected = collect(plan())
        analysed = analyse(collected.collected)
        assembled = assemble(analysed.analysed)
        steps = {"raw": collected, "analysis": analysed, "profile": assembled}
        return {asset.output: _output(steps[asset.layer], asset.output) for asset in assets}

    return enrich


def enrich_assets(graph: dg.GraphDefinition, rules: Rules) -> dg.AssetsDefinition:
    """raw/* -> analysis/* -> profile/*, a partition per company; any of them can be selected."""
    assets = {asset.output: asset for asset in layer_assets(rules)}
    by_key = {asset.key: asset for asset in assets.values()}
    assets_of_graph = dg.AssetsDefinition.from_graph(
        graph,
        keys_by_output_name={output: asset.key for output, asset in assets.items()},
        partitions_def=companies,
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
        internal_asset_deps={output: set(asset.upstream) for output, asset in assets.items()},
        group_names_by_output_name={output: GROUPS[asset.layer] for output, asset in assets.items()},
        descriptions_by_output_name={output: asset.description for output, asset in assets.items()},
        owners_by_output_name=dict.fromkeys(assets, OWNERS),
    )
    return assets_of_graph.map_asset_specs(
        lambda spec: spec.replace_attributes(
            freshness_policy=by_key[spec.key].freshness, kinds=set(by_key[spec.key].kinds)
        )
    )


def _plan() -> dg.OpDefinition:
    @dg.op(
        out={"planned": dg.Out(dict)},
        description="Which company, what is known, what to buy, at what cost.",
    )
    def plan(context: dg.OpExecutionContext, config: OrderConfig, enrichment: EnrichmentResource) -> StepOutputs:
        try:
            rules = enrichment.rules()
            with enrichment.store() as store:
                order = order_of(context, config, store, enrichment.settings().enrich_strategy)
        except (OrderRefused, RulesError, SettingsError, StoreError) as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        if _is_batch(order, rules):
            metadata = _worked(context, enrichment, order, rules)
            yield dg.Output(CARRIED_OUT, "planned", metadata=metadata)
            return
        planned = _advanced(context, enrichment, start(order, rules, run_id=context.run_id), plan_stage)
        plans = plans_markdown([p.plan for p in planned.going.values()], list(planned.finished.values()))
        handed = _hand_over(enrichment, planned, order.companies)
        yield dg.Output(handed, "planned", metadata={**_numbers(planned), "plan": plans})

    return plan


def _collect(assets: Sequence[LayerAsset]) -> dg.OpDefinition:
    outs = _outs(assets, "raw", hands_on="collected")

    @dg.op(ins={"planned": dg.In(dict)}, out=outs, description="Carries the plans out: buys, reads, falls back.")
    def collect(context: dg.OpExecutionContext, enrichment: EnrichmentResource, planned: Handover) -> StepOutputs:
        if planned == CARRIED_OUT:
            yield from _handed_on(context, "collected")
            return
        before = _take_over(enrichment, planned)
        collected = _advanced(context, enrichment, before, collect_stage)
        gathered = list(collected.going.values())
        made = [*map(bought_replies, gathered), *_fresh(context, enrichment, collected)]
        yield from _show(context, enrichment, made, [p for g in gathered for p in g.purchases])
        if "collected" in context.selected_output_names:
            yield dg.Output(_hand_over(enrichment, collected, before.going), "collected", metadata=_numbers(collected))
        else:
            end(context, enrichment, _advanced(context, enrichment, collected, close_stage))

    return collect


def _analyse(assets: Sequence[LayerAsset]) -> dg.OpDefinition:
    outs = _outs(assets, "analysis", hands_on="analysed")

    @dg.op(ins={"collected": dg.In(dict)}, out=outs, description="Asks the language model where evidence changed.")
    def analyse(context: dg.OpExecutionContext, enrichment: EnrichmentResource, collected: Handover) -> StepOutputs:
        if collected == CARRIED_OUT:
            yield from _handed_on(context, "analysed")
            return
        before = _take_over(enrichment, collected)
        analysed = _advanced(context, enrichment, before, analyse_stage)
        results = list(analysed.going.values())
        bought = [p for a in results for p in a.analysis_purchases]
        yield from _show(context, enrichment, map(bought_analyses, results), bought)
        if "analysed" in context.selected_output_names:
            yield dg.Output(_hand_over(enrichment, analysed, before.going), "analysed", metadata=_numbers(analysed))
        else:
            end(context, enrichment, _advanced(context, enrichment, analysed, assemble_stage))

    return analyse


def _assemble(assets: Sequence[LayerAsset]) -> dg.OpDefinition:
    outs = _outs(assets, "profile")

    @dg.op(ins={"analysed": dg.In(dict)}, out=outs, description="Best value per dataset; what lost stays visible.")
    def assemble(context: dg.OpExecutionContext, enrichment: EnrichmentResource, analysed: Handover) -> StepOutputs:
        if analysed == CARRIED_OUT:
            return
        assembled = _advanced(context, enrichment, _take_over(enrichment, analysed), assemble_stage)
        finished = list(assembled.finished.values())
        made = (made_profiles(context, enriched) for enriched in finished)
        yield from _show(context, enrichment, made, [p for e in finished for p in e.purchases])
        if not context.has_partition_key:
            _check(context, enrichment, finished)
        end(context, enrichment, assembled)

    return assemble


def _handed_on(context: dg.OpExecutionContext, output: str) -> StepOutputs:
    if output in context.selected_output_names:
        yield dg.Output(CARRIED_OUT, output)


def _is_batch(order: BatchOrder, rules: Rules) -> bool:
    """Profiles of several companies. What no consumer of them reads is made step by step."""
    if len(order.companies) == 1 or not order.consumers:
        return False
    return set(order.analyses) <= set(requirements_of(rules, order.consumers).analyses)


def _worked(
    context: dg.OpExecutionContext, enrichment: EnrichmentResource, order: BatchOrder, rules: Rules
) -> Metadata:
    """This run as the worker of a batch of its companies, which the next steps find done."""
    batch = Batch(
        batch_id=f"bat_{first_run_of(context)}",
        created_at=utc_now(),
        consumers=order.consumers,
        requested_by="dagster",
        strategy=order.strategy,
        audience=order.audience,
        max_cost=order.budget,
        max_age=order.max_age,
    )
    try:
        with enrichment.store() as store:
            ordered = batch_over(order.companies, batch, enrichment, rules, store)
        return run_batch(context, enrichment, replace(ordered, max_cost=order.max_cost), rules)
    except (OrderRefused, SettingsError, StoreError, UnknownName, UnknownStrategy) as error:
        raise dg.Failure(str(error), allow_retries=False) from None


def _outs(assets: Sequence[LayerAsset], layer: str, *, hands_on: str | None = None) -> dict[str, dg.Out]:
    outs = {asset.output: dg.Out(dg.Nothing, is_required=False) for asset in assets if asset.layer == layer}
    return outs if hands_on is None else {**outs, hands_on: dg.Out(dict, is_required=False)}


def _output(step: Any, name: str) -> Any:
    """An op with one output gives that output itself; with several, one attribute for each."""
    return getattr(step, name) if isinstance(step, tuple) else step


def _advanced(
    context: dg.OpExecutionContext, enrichment: EnrichmentResource, batch: BatchProgress, stage: StageFunction
) -> BatchProgress:
    try:
        return advance(batch, stage, enrichment, context.log.info)
    except (SettingsError, StoreError, UnknownName, UnknownStrategy) as error:
        raise dg.Failure(str(error), allow_retries=False) from None


def _hand_over(enrichment: EnrichmentResource, batch: BatchProgress, companies: Iterable[str]) -> Handover:
    try:
        with enrichment.store() as store:
            return hand_over(batch, companies, store, utc_now())
    except StoreError as error:
        raise dg.Failure(str(error), allow_retries=False) from None


def _take_over(enrichment: EnrichmentResource, handed: Handover) -> BatchProgress:
    try:
        with enrichment.store() as store:
            return take_over(handed, store, enrichment.rules_of)
    except (HandoverLost, SettingsError, StoreError, RulesError) as error:
        raise dg.Failure(str(error), allow_retries=False) from None


def _show(
    context: dg.OpExecutionContext,
    enrichment: EnrichmentResource,
    made: Iterable[Iterable[Made]],
    purchases: Sequence[Purchase],
) -> StepOutputs:
    """Materialises what was made, and marks what was paid for it as reported."""
    yield from materialize(context, [one for of_company in made for one in of_company])
    enrichment.mark_reported(settled_ids(purchases))


def _fresh(
    context: dg.OpExecutionContext, enrichment: EnrichmentResource, batch: BatchProgress
) -> Iterator[list[Made]]:
    """Selected sources that had a fresh reply, company by company: seen again, and said so in the log."""
    if not batch.order.sources:
        return
    now, bought = utc_now(), {p.purchase_id for c in batch.going.values() for p in c.purchases}
    with enrichment.store() as store:
        for name in batch.order.companies:
            company = store.companies.by_key(name) if name not in batch.failed else None
            known = () if company is None else store.knowledge.known(company.company_id).replies
            replies = [reply for reply in known if reply.purchase_id not in bought]
            key = name if company is None else company.key
            fresh = still_fresh(key, replies, batch.order, batch.rules, now)
            for one in fresh:
                context.log.info(f"{one.asset.to_user_string()} of {key} is {one.metadata['note'].value}")
            yield fresh


def _check(context: dg.OpExecutionContext, enrichment: EnrichmentResource, finished: Sequence[Enriched]) -> None:
    """Reports the checks of a range of companies, which Dagster skips."""
    rules, by_consumer = enrichment.rules(), defaultdict[str, dict[str, Profile]](dict)
    for enriched in finished:
        for profile in enriched.profiles:
            by_consumer[profile.consumer][enriched.company.key] = profile
    found = [one for consumer, profiles in by_consumer.items() for one in evaluations_of(consumer, profiles, rules)]
    report(context.instance, found, run=context.run, step=context.get_step_execution_context().step.key)


def _numbers(batch: BatchProgress) -> dict[str, int]:
    return {
        "companies": len(batch.order.companies),
        "under_way": len(batch.going),
        "served_from_layer_1": len(batch.finished),
        "still_fresh": len(batch.fresh),
        "failed": len(batch.failed),
    }
