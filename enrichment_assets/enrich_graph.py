"""The graph that enriches companies: the assets of the three layers and the batch job are two views of it.

plan -> collect -> analyse -> assemble: each hands on a Batch. What was bought shows as raw/* and analysis/*, what was
assembled or served as profile/*: all optional outputs, for what memory gave to them is not materialised anew.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from enrichment.domain.records import Purchase
from enrichment.ports import StoreError
from enrichment.requirements.requirements import UnknownName
from enrichment.requirements.strategy import UnknownStrategy
from enrichment.rules import Rules, RulesError
from enrichment_assets.asset_specs import GROUPS, OWNERS, LayerAsset, layer_assets
from enrichment_assets.batch_pipeline import (
    Batch,
    Stage,
    advance,
    analyse_stage,
    assemble_stage,
    close_stage,
    collect_stage,
    plan_stage,
    start,
)
from enrichment_assets.event_reporting import Made, bought_analyses, bought_replies, made_profiles, settled_ids, tell
from enrichment_assets.metadata import plans_markdown
from enrichment_assets.partitions import companies
from enrichment_assets.run_completion import end
from enrichment_assets.run_config import OrderConfig, OrderRefused, order_of
from resources.dagster_resources import EnrichmentResource
from resources.settings import SettingsError

Steps = Iterator[dg.Output[Any]]
GRAPH, JOB = "enrich", "refresh_companies"


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
    drawn = dg.AssetsDefinition.from_graph(
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
    return drawn.map_asset_specs(
        lambda spec: spec.replace_attributes(
            freshness_policy=by_key[spec.key].freshness, kinds=set(by_key[spec.key].kinds)
        )
    )


def refresh_job(graph: dg.GraphDefinition, resources: Mapping[str, Any]) -> dg.JobDefinition:
    """The same graph over scattered companies, named in run config or stored as a batch."""
    return graph.to_job(
        JOB,
        description="Enrich companies named in run config, or those of a stored batch, for these consumers.",
        executor_def=dg.in_process_executor,
        resource_defs=resources,
    )


def _plan() -> dg.OpDefinition:
    @dg.op(out={"planned": dg.Out(dg.Any)}, description="Who is meant, what is known, what to buy, what it will cost.")
    def plan(context: dg.OpExecutionContext, config: OrderConfig, enrichment: EnrichmentResource) -> Steps:
        try:
            rules = enrichment.rules()
            with enrichment.store() as store:
                order = order_of(context, config, store, enrichment.settings().enrich_strategy)
        except (OrderRefused, RulesError, SettingsError, StoreError) as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        planned = _through(context, enrichment, start(order, rules), plan_stage)
        plans = plans_markdown([at.plan for at in planned.going.values()], list(planned.finished.values()))
        yield dg.Output(planned, "planned", metadata={**_numbers(planned), "plan": plans})

    return plan


def _collect(assets: Sequence[LayerAsset]) -> dg.OpDefinition:
    outs = _outs(assets, "raw", hands_on="collected")

    @dg.op(ins={"planned": dg.In(dg.Any)}, out=outs, description="Carries the plans out: buys, reads, falls back.")
    def collect(context: dg.OpExecutionContext, enrichment: EnrichmentResource, planned: Any) -> Steps:
        collected = _through(context, enrichment, planned, collect_stage)
        gathered = list(collected.going.values())
        yield from _told(context, enrichment, map(bought_replies, gathered), [p for g in gathered for p in g.purchases])
        if "collected" in context.selected_output_names:
            yield dg.Output(collected, "collected", metadata=_numbers(collected))
        else:
            end(context, enrichment, _through(context, enrichment, collected, close_stage))

    return collect


def _analyse(assets: Sequence[LayerAsset]) -> dg.OpDefinition:
    outs = _outs(assets, "analysis", hands_on="analysed")

    @dg.op(ins={"collected": dg.In(dg.Any)}, out=outs, description="Asks the language model where evidence changed.")
    def analyse(context: dg.OpExecutionContext, enrichment: EnrichmentResource, collected: Any) -> Steps:
        analysed = _through(context, enrichment, collected, analyse_stage)
        results = list(analysed.going.values())
        bought = [p for a in results for p in a.results.purchases]
        yield from _told(context, enrichment, map(bought_analyses, results), bought)
        if "analysed" in context.selected_output_names:
            yield dg.Output(analysed, "analysed", metadata=_numbers(analysed))
        else:
            end(context, enrichment, _through(context, enrichment, analysed, assemble_stage))

    return analyse


def _assemble(assets: Sequence[LayerAsset]) -> dg.OpDefinition:
    outs = _outs(assets, "profile")

    @dg.op(ins={"analysed": dg.In(dg.Any)}, out=outs, description="Best value per dataset; what lost stays visible.")
    def assemble(context: dg.OpExecutionContext, enrichment: EnrichmentResource, analysed: Any) -> Steps:
        assembled = _through(context, enrichment, analysed, assemble_stage)
        finished = list(assembled.finished.values())
        made = (made_profiles(context, enriched) for enriched in finished)
        yield from _told(context, enrichment, made, [p for e in finished for p in e.purchases])
        end(context, enrichment, assembled)

    return assemble


def _outs(assets: Sequence[LayerAsset], layer: str, *, hands_on: str | None = None) -> dict[str, dg.Out]:
    outs = {asset.output: dg.Out(dg.Nothing, is_required=False) for asset in assets if asset.layer == layer}
    return outs if hands_on is None else {**outs, hands_on: dg.Out(dg.Any, is_required=False)}


def _output(step: Any, name: str) -> Any:
    """An op with one output gives that output itself; with several, one attribute for each."""
    return getattr(step, name) if isinstance(step, tuple) else step


def _through(context: dg.OpExecutionContext, enrichment: EnrichmentResource, batch: Batch, stage: Stage) -> Batch:
    try:
        return advance(batch, stage, enrichment.settings(), context.log.info)
    except (SettingsError, StoreError, UnknownName, UnknownStrategy) as error:
        raise dg.Failure(str(error), allow_retries=False) from None


def _told(
    context: dg.OpExecutionContext,
    enrichment: EnrichmentResource,
    made: Iterable[Iterable[Made]],
    purchases: Sequence[Purchase],
) -> Steps:
    """Shows what was made, and books what was paid for it as reported."""
    yield from tell(context, [one for of_company in made for one in of_company])
    enrichment.mark_reported(settled_ids(purchases))


def _numbers(batch: Batch) -> dict[str, int]:
    return {
        "companies": len(batch.order.companies),
        "under_way": len(batch.going),
        "served_from_layer_1": len(batch.finished),
        "still_fresh": len(batch.fresh),
        "failed": len(batch.failed),
    }
