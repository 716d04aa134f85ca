"""Two schedules, every hour: companies that are worth a refresh; the vendors' accounts.

PlannerResource.refresh() -> what the day's budget is best spent on -> runs of refresh_companies, each a batch
"""

from collections.abc import Iterator

import dagster as dg

from enrichment.refresh.ranking import RefreshBatch
from resources.clock import utc_now
from resources.dagster_resources.enrichment import EnrichmentResource
from resources.dagster_resources.planner import PlannerResource
from resources.refresh import SCHEDULE
from resources.settings import SettingsError
from resources.wiring import endpoints_of


def refresh_due_companies(job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Stopped until a user turns it on: it spends money, within config/refresh.yaml."""

    @dg.schedule(
        name=SCHEDULE,
        job=job,
        cron_schedule="0 * * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Refresh the profiles no longer valid, those that spare the most stale reads for a dollar first, "
        "within the budgets and hours of config/refresh.yaml.",
    )
    def refresh(
        context: dg.ScheduleEvaluationContext, planner: PlannerResource
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        rules = planner.rules().refresh
        if not rules.is_time(utc_now().hour):
            first, end = rules.hours
            yield dg.SkipReason(f"Refreshes begin from {first} to {end} o'clock UTC (config/refresh.yaml: hours).")
            return
        found = planner.refresh()
        says = found.plan.in_words()
        if not found.batches:
            yield dg.SkipReason(says)
        context.log.info(says)
        for number, batch in enumerate(found.batches, start=1):
            yield refresh_run(batch, key=f"{context.scheduled_execution_time:%Y-%m-%dT%H:%M} {number}", says=says)

    return refresh


def read_accounts_hourly(job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Free calls only; the more readings, the fewer uncertain purchases lie between two of them."""

    @dg.schedule(
        name="read_accounts_hourly",
        job=job,
        cron_schedule="17 * * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Ask the vendors what is left of our plans, and compare it with the ledger.",
    )
    def read(enrichment: EnrichmentResource) -> dg.RunRequest | dg.SkipReason:
        try:
            endpoints_of(enrichment.settings(), enrichment.rules())
        except SettingsError as error:
            return dg.SkipReason(str(error))
        return dg.RunRequest()

    return read


def refresh_run(batch: RefreshBatch, *, key: str, says: str) -> dg.RunRequest:
    """A request for one run. The run makes the batch, not the tick, so that testing a tick writes nothing.

    key: Dagster runs one request per key. says: what the tick says, as a tag of the run.
    """
    config = {
        "companies": [company.key for company in batch.companies],
        "consumers": list(batch.consumers),
        "budget_usd": batch.max_cost / 1_000_000,
    }
    return dg.RunRequest(run_key=key, run_config={"ops": {"work": {"config": config}}}, tags={"refresh": says})
