"""What analysts query, as assets: one publish of the warehouse, an asset for each of its tables.

raw/*, analysis/*, profile/*  ->  publish  ->  mart/<table> with row counts and columns
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import dagster as dg

from enrichment.memory.rereading import read_again
from enrichment.ports import StoreError
from enrichment.rules import Rules, RulesError
from enrichment_assets.asset_specs import OWNERS, Layer, layer_assets
from resources.dagster_resources.enrichment import EnrichmentResource
from resources.settings import SettingsError
from resources.warehouse import WarehouseError, WarehouseTable, empty_tables

GROUP = "marts"
_FROM_EVERYTHING: tuple[Layer, ...] = ("raw", "analysis", "profile")
_FROM_PURCHASES: tuple[Layer, ...] = ("raw", "analysis")
UPSTREAM: Mapping[str, tuple[Layer, ...]] = MappingProxyType(
    {"marts": _FROM_EVERYTHING, "spend": _FROM_PURCHASES, "sources": _FROM_PURCHASES}
)
"""Schema of the warehouse -> the layers it is made from. A table of such a schema is an asset."""

WHEN_SOMETHING_NEW = (
    dg.AutomationCondition.any_deps_updated().since(dg.AutomationCondition.newly_requested())
    & ~dg.AutomationCondition.in_progress()
    & ~dg.AutomationCondition.any_deps_in_progress()
)


def mart_key(table: str) -> dg.AssetKey:
    return dg.AssetKey(["mart", table])


def marts(rules: Rules) -> dg.AssetsDefinition:
    """All tables of the published warehouse; one publish makes them all."""

    @dg.multi_asset(name="publish", specs=_specs(rules), can_subset=True)
    def publish(
        context: dg.AssetExecutionContext, enrichment: EnrichmentResource
    ) -> Iterator[dg.MaterializeResult[None]]:
        """Builds what changed and publishes the file; readers that have the old one open keep it."""
        try:
            with enrichment.store() as store:
                reread = read_again(store, enrichment.rules())
                published = enrichment.warehouse().build(store)
        except (WarehouseError, StoreError, SettingsError, RulesError) as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        if reread:
            context.log.info(f"read {reread:,} stored replies again, which newer readers find more in")
        context.log.info(f"published {published.path}: {published.changed} rows came from the store")
        for table in published.tables:
            schema, _, name = table.name.partition(".")
            key = mart_key(name)
            if (
                schema in UPSTREAM and key in context.selected_asset_keys
            ):  # other tables, such as layers.analyses, are not assets
                yield dg.MaterializeResult(asset_key=key, metadata=_metadata(table, str(published.path)))

    return publish


def _specs(rules: Rules) -> list[dg.AssetSpec]:
    """An asset for each table of the schemas in UPSTREAM."""
    layers = {
        layer: [a.key for a in layer_assets(rules) if a.layer == layer] for layer in ("raw", "analysis", "profile")
    }
    return [
        dg.AssetSpec(
            mart_key(table.name.split(".")[1]),
            deps=[key for layer in UPSTREAM[table.name.split(".")[0]] for key in layers[layer]],
            group_name=GROUP,
            kinds={"duckdb"},
            owners=OWNERS,
            description=f"{table.comment}. {table.name} of enrichment.duckdb.",
            metadata={"dagster/column_schema": _column_schema(table), "dagster/table_name": table.name},
            automation_condition=WHEN_SOMETHING_NEW,
        )
        for table in empty_tables()
        if table.name.split(".")[0] in UPSTREAM
    ]


def _metadata(table: WarehouseTable, path: str) -> dict[str, Any]:
    return {
        "dagster/row_count": table.rows,
        "dagster/column_schema": _column_schema(table),
        "dagster/table_name": table.name,
        "comment": table.comment,
        "file": dg.MetadataValue.path(path),
    }


def _column_schema(table: WarehouseTable) -> dg.TableSchema:
    return dg.TableSchema([dg.TableColumn(c.name, c.type, description=c.comment or None) for c in table.columns])


publish_marts = dg.AutomationConditionSensorDefinition(
    "publish_marts",
    target=dg.AssetSelection.groups(GROUP),
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=60,
)
