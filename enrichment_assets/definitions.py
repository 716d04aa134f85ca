"""What Dagster loads: the assets built from the rules, their marts and checks, jobs, schedules and sensors.

defs() -> load_rules -> definitions_of(rules); importing this module reads nothing
"""

import dagster as dg

from enrichment.rules import Rules, load_rules
from enrichment_assets.automation.account_readings import read_accounts_job
from enrichment_assets.automation.nightly_learning import (
    guard_experiments_job,
    guard_experiments_nightly,
    learn_rates_job,
    learn_rates_nightly,
)
from enrichment_assets.automation.schedules import read_accounts_hourly, refresh_due_companies
from enrichment_assets.automation.sensors import (
    company_sensor,
    report_bought_outside,
    report_made_outside,
    worker_sensor,
)
from enrichment_assets.batches.job import refresh_job
from enrichment_assets.checks import mart_checks, profile_checks
from enrichment_assets.layers.enrich_assets import enrich_assets
from enrichment_assets.marts import marts, publish_marts
from enrichment_assets.vendor_report import no_match_rate_has_fallen, vendor_report
from resources.dagster_resources.enrichment import EnrichmentResource, shown_variables
from resources.dagster_resources.planner import PlannerResource
from resources.settings import load_settings


@dg.definitions
def defs() -> dg.Definitions:
    """The entry point of `dagster` and `dg`. Raises RulesError, SettingsError."""
    return definitions_of(load_rules(load_settings().enrich_config))


def definitions_of(rules: Rules) -> dg.Definitions:
    """The assets come from these rules; every run reads the rules again."""
    variables = shown_variables()
    resources = {
        "enrichment": EnrichmentResource(variables=variables),
        "planner": PlannerResource(variables=variables),
    }
    job = refresh_job(resources)
    return dg.Definitions(
        assets=[enrich_assets(rules), marts(rules), vendor_report],
        asset_checks=[*profile_checks(rules), *mart_checks(), no_match_rate_has_fallen],
        jobs=[job, read_accounts_job, learn_rates_job, guard_experiments_job],
        schedules=[
            refresh_due_companies(job),
            read_accounts_hourly(read_accounts_job),
            learn_rates_nightly,
            guard_experiments_nightly,
        ],
        sensors=[
            company_sensor(rules),
            report_bought_outside,
            report_made_outside,
            worker_sensor(job),
            publish_marts,
        ],
        resources=resources,
        executor=dg.in_process_executor,
    )
