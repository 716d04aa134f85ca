"""A request: how far it is, live, and how it ended; stop it."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Path, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import ServerSentEvent

from service.answers import enrichments
from service.answers.events import follow, resumed_after
from service.http.event_stream import EventStream
from service.pages.rendering import segment
from service.pages.request_steps import Step, step_of
from service.pages.visit import PageEnricher, PageReader, Visit, still_allowed
from service.views.enrichments import EnrichmentView

router = APIRouter(prefix="/enrichments")
EnrichmentId = Annotated[str, Path(max_length=60)]
_ENDED = frozenset({"end", "stopping"})


@router.get("/{enrichment_id}")
async def request_page(enrichment_id: EnrichmentId, visit: PageReader, *, leads_on: bool = False) -> Response:
    """leads_on: to the company once the request has ended, even if it ended before this page was drawn."""

    def found() -> EnrichmentView:
        enrichments.seen_by(visit.by, enrichment_id, visit.state)
        return enrichments.view_of(enrichment_id, visit.state, with_trace=True)

    view = await run_in_threadpool(found)
    trace = view.trace or []
    steps = [step_of(one) for one in trace]
    last = trace[-1].number if trace else 0
    return visit.page("enrichment.html", view=view, steps=steps, spent=spent_of(steps), last=last, leads_on=leads_on)


async def _followed(
    enrichment_id: EnrichmentId,
    visit: PageReader,
    last_event_id: Annotated[str | None, Header()] = None,
    after: int = 0,
) -> AsyncIterator[ServerSentEvent]:
    """The request to follow. A refusal is answered before the stream begins. Raises ApiProblem."""
    await run_in_threadpool(enrichments.seen_by, visit.by, enrichment_id, visit.state)
    since = resumed_after(last_event_id)
    if since is None:
        raise HTTPException(204)
    return _drawn(enrichment_id, visit, max(since, after))


@router.get("/{enrichment_id}/steps", response_class=EventStream)
async def steps(
    following: Annotated[AsyncIterator[ServerSentEvent], Depends(_followed)],
) -> EventStream:
    """The rows of its timeline as they come, as HTML; `end` once there is nothing more."""
    return EventStream(following)


@router.get("/{enrichment_id}/then")
async def then(enrichment_id: EnrichmentId, visit: PageReader) -> Response:
    """Leads to the company, which may have been unknown when the request's page was drawn."""

    def found() -> EnrichmentView:
        enrichments.seen_by(visit.by, enrichment_id, visit.state)
        return enrichments.view_of(enrichment_id, visit.state)

    view = await run_in_threadpool(found)
    return visit.to(f"/companies/{segment(view.company.key)}" if view.company else f"/enrichments/{enrichment_id}")


@router.post("/{enrichment_id}/stop")
async def stop(enrichment_id: EnrichmentId, visit: PageEnricher) -> Response:
    accepted = await run_in_threadpool(enrichments.seen_by, visit.by, enrichment_id, visit.state)
    await enrichments.stopped(accepted, visit.state)
    return visit.to(f"/enrichments/{enrichment_id}")


def spent_of(steps: list[Step]) -> int:
    """micro-USD."""
    return sum(step.cost for step in steps)


async def _drawn(enrichment_id: str, visit: Visit, after: int) -> AsyncIterator[ServerSentEvent]:
    spent = 0
    if after:
        view = await run_in_threadpool(enrichments.view_of, enrichment_id, visit.state, with_trace=True)
        spent = spent_of([step_of(one) for one in view.trace or [] if one.number <= after])
    async for event in follow(enrichment_id, visit.state, after=after):
        if event.event is None or event.event in _ENDED or event.data is None:
            yield event
            continue
        if not await still_allowed(visit):
            yield ServerSentEvent(event="reread", data="")
            return
        step = step_of(event.data)
        spent += step.cost
        html = visit.drawn("_step.html", step=step, spent=spent)
        yield ServerSentEvent(id=event.id, raw_data=html)
