"""Two schedules: companies that are due, once a day; the vendors' accounts, every hour.

PlannerResource.due() -> companies by the consumers they are due for -> batch -> refresh_companies
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import dagster as dg

from resources.dagster_resources import EnrichmentResource
from resources.planner import Due, PlannerResource
from resources.settings import SettingsError
from resources.wiring import endpoints_of

COMPANIES_PER_RUN = 500


def refresh_due_companies(job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Stopped until a user turns it on: it spends money."""

    @dg.schedule(
        name="refresh_due_companies",
        job=job,
        cron_schedule="0 4 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Refresh the companies with profiles no longer valid, each for the consumers that have one.",
    )
    def refresh(planner: PlannerResource) -> Iterator[dg.RunRequest | dg.SkipReason]:
        batches = due_batches(planner.due())
        if not batches:
            yield dg.SkipReason("Every profile is valid: nothing is due.")
        for consumer, keys in batches:
            batch_id = planner.order_batch(keys, consumer=consumer, requested_by="refresh_due_companies")
            yield batch_run(batch_id)

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


def batch_run(batch_id: str) -> dg.RunRequest:
    """One run over a stored batch; asked twice, Dagster runs it once."""
    return dg.RunRequest(
        run_key=batch_id, run_config={"ops": {"work": {"config": {"batch_id": batch_id}}}}, tags={"batch": batch_id}
    )


def due_batches(due: Sequence[Due]) -> list[tuple[str, list[str]]]:
    """(consumers joined by '+', company keys): companies due for the same consumers share a plan and a run."""
    consumers: dict[str, list[str]] = defaultdict(list)
    for one in due:
        if one.asset.path[0] == "profile":
            consumers[one.company].append(one.asset.path[1])
    together: dict[str, list[str]] = defaultdict(list)
    for company, names in consumers.items():
        together["+".join(sorted(names))].append(company)
    return [
        (names, keys[at : at + COMPANIES_PER_RUN])
        for names, keys in sorted(together.items())
        for at in range(0, len(keys), COMPANIES_PER_RUN)
    ]
