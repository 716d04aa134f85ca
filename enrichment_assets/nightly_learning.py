"""Renew the rates that use has taught, at night, where the rules say `learn: automatic`.

learn_rates (config/learned.yaml, within the bounds of config/learning.yaml) -> log line; the next plan uses them
"""

import dagster as dg

from enrichment.ports import StoreError
from resources.clock import utc_now
from resources.dagster_resources import EnrichmentResource
from resources.learned_lines import LEFT_TO_PEOPLE, learn_tonight
from resources.warehouse import WarehouseError


@dg.op(description="Count what sources answered, and renew config/learned.yaml; nothing is bought.")
def renew_rates(context: dg.OpExecutionContext, enrichment: EnrichmentResource) -> None:
    try:
        with enrichment.store() as store:
            said = learn_tonight(enrichment.settings(), enrichment.rules(), store, utc_now().date())
    except (StoreError, WarehouseError, OSError) as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    context.log.info(said)


@dg.job(name="learn_rates", description="Renews the rates that use has taught, where the rules leave that to it.")
def learn_rates_job() -> None:
    renew_rates()


@dg.schedule(
    name="learn_rates_nightly",
    job=learn_rates_job,
    cron_schedule="40 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Renew learned rates within the bounds of config/learning.yaml, where it says `learn: automatic`.",
)
def learn_rates_nightly(enrichment: EnrichmentResource) -> dg.RunRequest | dg.SkipReason:
    automatic = enrichment.rules().learning.learn == "automatic"
    return dg.RunRequest() if automatic else dg.SkipReason(LEFT_TO_PEOPLE)
