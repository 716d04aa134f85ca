"""What was spent and what caps leave, which sources can be asked, purchases, traces."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.concurrency import run_in_threadpool

from enrichment.rules.fields import parse_seconds
from service.answers import companies, rules_report, source_report, spending, spending_report
from service.answers.rules_report import RulesView
from service.answers.source_report import SourceReportsView, WithoutView
from service.answers.spending import PurchasesView, SourcesView, SpendView, TraceView
from service.answers.spending_report import SpendReportView, SpendTable, rows_of_table
from service.http.access import Reader
from service.http.bodies import Age
from service.http.csv_export import CSV, csv_of, csv_response
from service.installation.state import Installed
from service.problems import problems

router = APIRouter(prefix="/v1", tags=["spending"])
Days = Annotated[int, Query(ge=1, le=366, description="So many days (UTC), today the last")]


@router.get("/spend")
async def spend(caller: Reader, state: Installed) -> SpendView:
    """What was spent, and what the day's caps leave; your key's among them."""
    return await run_in_threadpool(spending.spend, state, caller)


@router.get("/spend/report")
async def report(caller: Reader, state: Installed, days: Days = 30) -> SpendReportView:
    """What was spent and what memory saved, by day, source, consumer and key, and who paid for what others read."""
    return await run_in_threadpool(spending_report.report, state, caller, days=days)


@router.get("/spend/report.csv", response_class=Response, responses=CSV)
async def report_csv(
    caller: Reader, state: Installed, table: Annotated[SpendTable, Query()] = "by_day", days: Days = 30
) -> Response:
    """One table of the same, for a spreadsheet."""
    view = await run_in_threadpool(spending_report.report, state, caller, days=days)
    return csv_response(csv_of(rows_of_table(view, table)), f"spend_{table}")


@router.get("/sources/report")
async def source_reports(_: Reader, state: Installed) -> SourceReportsView:
    """The sources with what was observed of them beside what the rules state."""
    return await run_in_threadpool(source_report.reports, state)


@router.get("/sources/{source}/without", responses=problems("not_found", "too_large"))
async def without(
    source: Annotated[str, Path(max_length=200)], _: Reader, state: Installed, days: Days = 30
) -> WithoutView:
    """Past requests once more, with this source and without it; nothing is bought."""
    return await run_in_threadpool(source_report.without, state, source, days=days)


@router.get("/rules")
async def rules(_: Reader, state: Installed) -> RulesView:
    """The rules in force, what is wrong or strange about config/, and which plans the last edit changed."""
    await state.in_force.look()
    return await run_in_threadpool(rules_report.report, state)


@router.get("/sources")
async def sources(_: Reader, state: Installed) -> SourcesView:
    """The sources: what they answer, what a call may cost, and which are not asked now, and why."""
    return await run_in_threadpool(spending.sources, state)


@router.get("/purchases", responses=problems("not_found"))
async def purchases(
    _: Reader,
    state: Installed,
    uncertain: Annotated[bool, Query(description="Only those that may or may not be billed")] = False,
    company: Annotated[str | None, Query(max_length=300, description="Its key")] = None,
    since: Annotated[Age | None, Query(description="No older than this")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> PurchasesView:
    """The newest first: what was asked of which source, for which request, and what it cost."""

    def found() -> PurchasesView:
        company_id = None if company is None else companies.found(state, company).company_id
        oldest = None if since is None else state.now() - timedelta(seconds=parse_seconds(since))
        return spending.purchases(state, uncertain=uncertain, company_id=company_id, since=oldest, most=limit)

    return await run_in_threadpool(found)


@router.get("/requests/{request_id}/trace", responses=problems("not_found"))
async def trace(request_id: Annotated[str, Path(max_length=60)], caller: Reader, state: Installed) -> TraceView:
    """What happened in a request: each call with its time, outcome and cost, fallbacks, what memory served."""
    return await run_in_threadpool(spending.trace, state, caller, request_id)
