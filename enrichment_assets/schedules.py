"""Two schedules, every hour: companies that are worth a refresh; the vendors' accounts.

PlannerResource.refresh() -> what the day's budget is best spent on -> batches -> refresh_companies
"""

from collections.abc import Iterator

import dagster as dg

from resources.clock import utc_now
from resources.dagster_resources import EnrichmentResource
from resources.planner import PlannerResource
from resources.settings import SettingsError
from resources.wiring import endpoints_of


def refresh_due_companies(job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Stopped until a user turns it on: it spends money, within config/refresh.yaml."""

    @dg.schedule(
        name="refresh_due_companies",
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
        for batch in found.batches:
            yield batch_run(planner.order_refresh(batch), says=says)

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


def batch_run(batch_id: str, *, says: str) -> dg.RunRequest:
    """One run over a stored batch; asked twice, Dagster runs it once. says: what the tick says, as a tag of the run."""
    return dg.RunRequest(
        run_key=batch_id,
        run_config={"ops": {"work": {"config": {"batch_id": batch_id}}}},
        tags={"batch": batch_id, "refresh": says},
    )
