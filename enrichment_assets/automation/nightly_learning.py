"""At night: renew the rates that use has taught, where the rules say `learn: automatic`; stop arms that break a guard.

learn_rates (config/learned.yaml, within the bounds of config/learning.yaml) -> log line; the next plan uses them
guard_experiments (config/stopped_arms.yaml) -> a warning for each arm; no arm is ever switched to
"""

from collections.abc import Callable
from typing import TypeVar

import dagster as dg

from enrichment.ports import StoreError
from enrichment.rules import Rules, RulesError
from resources.clock import utc_now
from resources.dagster_resources.enrichment import EnrichmentResource
from resources.learned_lines import LEFT_TO_PEOPLE, learn_tonight
from resources.rules.stopped_arms import NO_GUARDS, has_guards, stop_broken_arms
from resources.settings import Settings
from resources.store import SqlStore
from resources.warehouse import WarehouseError

_Said = TypeVar("_Said")


@dg.op(description="Count what sources answered, and renew config/learned.yaml; nothing is bought.")
def renew_rates(context: dg.OpExecutionContext, enrichment: EnrichmentResource) -> None:
    context.log.info(
        _done(enrichment, lambda settings, rules, store: learn_tonight(settings, rules, store, utc_now().date()))
    )


@dg.op(description="Compare the arms of experiments with their guards, and stop those that break one.")
def stop_arms_that_break_guards(context: dg.OpExecutionContext, enrichment: EnrichmentResource) -> None:
    for sentence in _done(enrichment, stop_broken_arms):
        context.log.warning(sentence)


def _done(enrichment: EnrichmentResource, work: Callable[[Settings, Rules, SqlStore], _Said]) -> _Said:
    """What the work says; the next night tries again what failed, so the run is not retried."""
    try:
        with enrichment.store() as store:
            return work(enrichment.settings(), enrichment.rules(), store)
    except (StoreError, WarehouseError, OSError, RulesError) as error:
        raise dg.Failure(str(error), allow_retries=False) from None


@dg.job(name="learn_rates", description="Renews the rates that use has taught, where the rules leave that to it.")
def learn_rates_job() -> None:
    renew_rates()


@dg.job(name="guard_experiments", description="Stops arms of experiments whose guard is broken beyond doubt.")
def guard_experiments_job() -> None:
    stop_arms_that_break_guards()


def _nightly(
    job: dg.JobDefinition, minute: int, *, due: Callable[[Rules], bool], else_: str, description: str
) -> dg.ScheduleDefinition:
    """The schedule of a job at this minute after 03:00 UTC; a night on which it is not due says why."""

    @dg.schedule(
        name=f"{job.name}_nightly",
        job=job,
        cron_schedule=f"{minute} 3 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=description,
    )
    def scheduled(enrichment: EnrichmentResource) -> dg.RunRequest | dg.SkipReason:
        return dg.RunRequest() if due(enrichment.rules()) else dg.SkipReason(else_)

    return scheduled


learn_rates_nightly = _nightly(
    learn_rates_job,
    40,
    due=lambda rules: rules.learning.learn == "automatic",
    else_=LEFT_TO_PEOPLE,
    description="Renew learned rates within the bounds of config/learning.yaml, where it says `learn: automatic`.",
)
guard_experiments_nightly = _nightly(
    guard_experiments_job,
    50,
    due=has_guards,
    else_=NO_GUARDS,
    description="Stop arms of experiments whose guard is broken: their companies are then served as all others.",
)
