"""The vendor report as an asset, and a check that names each source whose match rate fell, with the day.

mart/answers -> report/vendors: vendors.html beside the warehouse;  no_match_rate_has_fallen on mart/answers
"""

from datetime import timedelta

import dagster as dg

from enrichment.learning.fallen_rates import Fall
from enrichment.ports import StoreError
from enrichment.rules import RulesError
from enrichment_assets.asset_specs import OWNERS
from enrichment_assets.checks import check_result
from enrichment_assets.marts import mart_key
from resources.clock import utc_now
from resources.dagster_resources.enrichment import EnrichmentResource
from resources.settings import SettingsError
from resources.vendor_report.figures import falls_of_sources, vendor_figures
from resources.warehouse import WarehouseError
from resources.wiring import endpoints_of

_DAYS = 30


@dg.asset(
    key=["report", "vendors"],
    deps=[mart_key("answers"), mart_key("verdicts")],
    group_name="reports",
    kinds={"html"},
    owners=OWNERS,
    description="What each vendor is worth: match, quality, price, changes, disputes, and what doing without it would"
    " cost. One page that needs nothing besides itself.",
)
def vendor_report(enrichment: EnrichmentResource) -> dg.MaterializeResult[None]:
    """Writes vendors.html beside the published warehouse."""
    from resources.vendor_report.page import vendor_page  # noqa: PLC0415  altair takes a second to import

    now = utc_now()
    try:
        with enrichment.store() as store:
            history = store.backtest_history.since(now - timedelta(days=_DAYS))
        warehouse, settings, rules = enrichment.warehouse(), enrichment.settings(), enrichment.rules()
        unavailable = {} if settings.sandbox else endpoints_of(settings, rules)[1]
        with warehouse.reading() as connection:
            vendors = vendor_figures(connection, rules, history, unavailable=unavailable)
    except (WarehouseError, StoreError, SettingsError, RulesError) as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    path = warehouse.path.with_name("vendors.html")
    path.write_text(vendor_page(vendors, now=now, window=f"{_DAYS}d"), encoding="utf-8")
    return dg.MaterializeResult(metadata={"page": dg.MetadataValue.path(str(path)), "vendors": len(vendors)})


@dg.asset_check(
    asset=mart_key("answers"),
    description="No source knows fewer companies than before: its match rate is within the 90 % interval it had, or"
    " people have accepted the new one.",
)
def no_match_rate_has_fallen(enrichment: EnrichmentResource) -> dg.AssetCheckResult:
    with enrichment.warehouse().reading() as connection:
        falls = falls_of_sources(connection, enrichment.rules())
    return check_result(
        mart_key("answers"),
        "no_match_rate_has_fallen",
        [(source, *_in_words(fall)) for source, fall in sorted(falls.items())],
        header=("source", "since", "matched since", "rate before"),
    )


def _in_words(fall: Fall) -> tuple[str, str, str]:
    return f"{fall.since}", f"{fall.now.hits:,.0f} of {fall.now.tries:,.0f}", f"{fall.low:.2f} to {fall.high:.2f}"
