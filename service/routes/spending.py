"""What was spent and what caps leave, which sources can be asked, purchases, traces."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.concurrency import run_in_threadpool

from enrichment.rules.models import parse_seconds
from service import companies, spending
from service.access import Reader
from service.bodies import Age
from service.installation import Installed
from service.problems import problems
from service.spending import PurchasesView, SourcesView, SpendView, TraceView

router = APIRouter(prefix="/v1", tags=["spending"])


@router.get("/spend")
async def spend(caller: Reader, state: Installed) -> SpendView:
    """What was spent, and what the day's caps leave; your key's among them."""
    return await run_in_threadpool(spending.spend, state, caller)


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
