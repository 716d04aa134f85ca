"""Spend, sources and rules, to be read: the same views as their JSON, as tables and charts."""

from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.concurrency import run_in_threadpool

from service.answers import rules_report, source_report, spending, spending_report
from service.pages.visit import PageReader

router = APIRouter()
Days = Annotated[int, Query(ge=1, le=366)]
_MARK = 16
_SPANS = (7, 30, 90, 365)


@router.get("/spend")
async def spend(visit: PageReader, days: Days = 30) -> Response:
    view = await run_in_threadpool(spending_report.report, visit.state, visit.by, days=days)
    caps = await run_in_threadpool(spending.spend, visit.state, visit.by)
    chart = {
        "days": [one.name for one in view.by_day],
        "spent": [float(one.spent_usd) for one in view.by_day],
        "saved": [float(one.saved_usd) for one in view.by_day],
    }
    days_shown = [one for one in reversed(view.by_day) if one.purchases or one.cache_reads or float(one.spent_usd)]
    return visit.page(
        "spend.html", view=view, caps=caps, spans=_SPANS, chart=chart, days=days_shown, since=view.by_day[0].name
    )


@router.get("/sources")
async def sources(visit: PageReader) -> Response:
    view = await run_in_threadpool(source_report.reports, visit.state)
    why: dict[str, list[str]] = {}
    for one in view.sources:
        if one.why:
            why.setdefault(one.why, []).append(one.source)
    return visit.page("sources.html", view=view, why=why)


@router.get("/sources/{source}/without")
async def without(source: Annotated[str, Path(max_length=200)], visit: PageReader, days: Days = 30) -> Response:
    view = await run_in_threadpool(source_report.without, visit.state, source, days=days)
    return visit.page("without.html", view=view)


@router.get("/rules")
async def rules(visit: PageReader, seen: Annotated[str, Query(max_length=64)] = "") -> Response:
    """The rules in force. As a part: empty until config/ differs from `seen`; then the page is read again."""
    in_force = visit.state.in_force
    await in_force.look()
    mark = sha256(f"{in_force.rules.hash}\n{in_force.complaint}".encode()).hexdigest()[:_MARK]
    if visit.wants_part:
        return Response(status_code=204) if seen == mark else visit.anew()
    return visit.page("rules.html", view=await run_in_threadpool(rules_report.report, visit.state), mark=mark)
