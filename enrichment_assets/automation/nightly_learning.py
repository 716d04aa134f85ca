"""At night: renew the rates that use has taught, where the rules say `learn: automatic`; stop arms that break a guard.

learn_rates (config/learned.yaml, within the bounds of config/learning.yaml) -> log line; the next plan uses them
guard_experiments (config/stopped_arms.yaml) -> a warning for each arm; no arm is ever switched to
"""

import dagster as dg

from enrichment.ports import StoreError
from enrichment.rules import RulesError
from resources.clock import utc_now
from resources.dagster_resources.enrichment import EnrichmentResource
from resources.learned_lines import LEFT_TO_PEOPLE, learn_tonight
from resources.rules.stopped_arms import NO_GUARDS, has_guards, stop_broken_arms
from resources.warehouse import WarehouseError


@dg.op(description="Count what sources answered, and renew config/learned.yaml; nothing is bought.")
def renew_rates(context: dg.OpExecutionContext, enrichment: EnrichmentResource) -> None:
    try:
        with enrichment.store() as store:
            said = learn_tonight(enrichment.settings(), enrichment.rules(), store, utc_now().date())
    except (StoreError, WarehouseError, OSError, RulesError) as error:
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


@dg.op(description="Compare the arms of experiments with their guards, and stop those that break one.")
def stop_arms_that_break_guards(context: dg.OpExecutionContext, enrichment: EnrichmentResource) -> None:
    try:
        with enrichment.store() as store:
            said = stop_broken_arms(enrichment.settings(), enrichment.rules(), store)
    except (StoreError, WarehouseError, OSError) as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    for sentence in said:
        context.log.warning(sentence)


@dg.job(name="guard_experiments", description="Stops arms of experiments whose guard is broken beyond doubt.")
def guard_experiments_job() -> None:
    stop_arms_that_break_guards()


@dg.schedule(
    name="guard_experiments_nightly",
    job=guard_experiments_job,
    cron_schedule="50 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Stop arms of experiments whose guard is broken: their companies are then served as all others.",
)
def guard_experiments_nightly(enrichment: EnrichmentResource) -> dg.RunRequest | dg.SkipReason:
    return dg.RunRequest() if has_guards(enrichment.rules()) else dg.SkipReason(NO_GUARDS)
