"""Keep Dagster in step with what happens outside of it: companies registered or renamed, purchases made.

store -> partitions;  settled purchases nobody has reported -> runless materialisations -> marked reported
What was uncertain for too long is settled first: somebody has to look at the clock.
"""

from collections.abc import Sequence

import dagster as dg

from enrichment.domain.records import Company, Purchase
from enrichment.rules import Rules
from enrichment_assets.asset_specs import bought_key, layer_assets
from enrichment_assets.event_reporting import brought
from enrichment_assets.materializations import Happened, report
from enrichment_assets.metadata import purchase_metadata
from enrichment_assets.partitions import COMPANIES, add_companies, rekey
from enrichment_assets.run_config import ASKED_BY
from resources.dagster_resources import EnrichmentResource
from resources.store import SqlStore
from resources.vendor_balances import settle_overdue
from resources.wiring import utc_now

AT_ONCE = 500


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Shows what the command line and the service bought: settled purchases that no run has reported."
    " Settles what was uncertain for too long.",
)
def report_bought_outside(context: dg.SensorEvaluationContext, enrichment: EnrichmentResource) -> dg.SkipReason:
    with enrichment.store() as store:
        overdue = settle_overdue(store, enrichment.rules(), utc_now())
        waiting = [
            (purchase, company)
            for purchase, company in store.unreported(AT_ONCE)
            if not _run_will_report(context.instance, store, purchase)
        ]
        add_companies(context.instance, [company.key for _, company in waiting])
        report(context.instance, bought_outside(waiting))
        enrichment.mark_reported([purchase.purchase_id for purchase, _ in waiting])
    said = f"{len(waiting)} purchases were reported." if waiting else "Nothing was bought outside."
    return dg.SkipReason(f"{said} {len(overdue)} were overdue and are settled." if overdue else said)


def bought_outside(purchases: Sequence[tuple[Purchase, Company]]) -> list[Happened]:
    """What was answered is a materialisation; what was billed without an answer is only observed."""
    answered = {purchase.purchase_id for purchase in brought(purchase for purchase, _ in purchases)}
    return [
        (dg.AssetMaterialization if purchase.purchase_id in answered else dg.AssetObservation)(
            bought_key(purchase.source),
            partition=company.key,
            metadata=purchase_metadata(purchase, reply_id=None),
        )
        for purchase, company in purchases
    ]


def _run_will_report(instance: dg.DagsterInstance, store: SqlStore, purchase: Purchase) -> bool:
    """A run of ours that is still under way shows what it buys itself."""
    request = store.request(purchase.request_id)
    if request is None or not request.asked_by.startswith(ASKED_BY):
        return False
    run = instance.get_run_by_id(request.asked_by.removeprefix(ASKED_BY))
    return run is not None and not run.is_finished


def company_sensor(rules: Rules) -> dg.SensorDefinition:
    """Every company of the store is a partition, under the key it has now."""
    assets = [asset.key for asset in layer_assets(rules)]

    @dg.sensor(
        name="register_companies",
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Adds a partition for each company registered elsewhere, and moves those whose domain was learned.",
    )
    def register(context: dg.SensorEvaluationContext, enrichment: EnrichmentResource) -> dg.SkipReason:
        with enrichment.store() as store:
            keys = [company.key for company in store.companies()]
            new = add_companies(context.instance, keys)
            moved = _renamed(context.instance, store, frozenset(keys))
        for old, now in moved:
            rekey(context.instance, assets, old=old, new=now)
        return dg.SkipReason(f"{len(new)} companies are new, {len(moved)} have a new key.")

    return register


def _renamed(instance: dg.DagsterInstance, store: SqlStore, keys: frozenset[str]) -> list[tuple[str, str]]:
    """Partitions whose company has another key by now; a key that no company has is somebody's own and stays."""
    strangers = [key for key in instance.get_dynamic_partitions(COMPANIES) if key not in keys]
    return [(key, company.key) for key in strangers if (company := store.company(key)) is not None]
